import type { Address, Duplex, DuplexHandler } from '../port/mod.ts'
import { latin1Bytes } from '../wire/mod.ts'

/** What a stream does for the duplex that it has become. */
export interface StreamEnd {
  /** Sends bytes. False: wait for {@linkcode StreamDuplex.onWritable}. */
  send(bytes: Uint8Array): boolean
  /** Says that no more will be sent. */
  finish(): void
  /** Ends both directions at once. */
  cut(): void
  /** So many bytes are dealt with: as many more may come. */
  giveBack(bytes: number): void
  hold(): void
  release(): void
}

const NOWHERE: Address = { host: '', port: 0 }

/** One stream of an HTTP/2 connection, used as a connection of its own (RFC 9113 section 8.5, RFC 8441 section 5). */
export class StreamDuplex implements Duplex {
  readonly remote: Address = NOWHERE
  readonly local: Address = NOWHERE
  readonly native: unknown = undefined
  readonly #end: StreamEnd
  #handler: DuplexHandler | undefined
  /** What came while nobody wanted it: no more than the stream's window. */
  #kept: Uint8Array[] = []
  #paused = true
  #remoteEnded = false
  #endTold = false
  #localEnded = false
  #closed = false

  constructor(end: StreamEnd) {
    this.#end = end
  }

  handle(handler: DuplexHandler): void {
    this.#handler = handler
  }

  write(data: Uint8Array | string): boolean {
    if (this.#localEnded || this.#closed) return true
    return this.#end.send(typeof data === 'string' ? latin1Bytes(data) : data)
  }

  cork(): void {
    this.#end.hold()
  }

  uncork(): void {
    this.#end.release()
  }

  end(): void {
    if (this.#localEnded || this.#closed) return
    this.#localEnded = true
    this.#end.finish()
    this.#maybeClose()
  }

  destroy(): void {
    if (this.#closed) return
    this.#end.cut()
    this.#close(undefined)
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    this.#paused = false
    this.#deliver()
  }

  /** Bytes came over the stream. */
  onBody(bytes: Uint8Array): void {
    this.#kept.push(bytes)
    this.#deliver()
  }

  /** The other side sends no more. */
  onEnd(): void {
    this.#remoteEnded = true
    this.#deliver()
  }

  /** The stream takes bytes again. */
  onWritable(): void {
    this.#handler?.onDrain()
  }

  /** The stream is over before its time. */
  onGone(reason: string): void {
    this.#close(new Error(reason))
  }

  #deliver(): void {
    while (!this.#paused && !this.#closed) {
      const bytes = this.#kept.shift()
      if (bytes === undefined) break
      this.#end.giveBack(bytes.length)
      this.#handler?.onData(bytes)
    }
    if (this.#paused || this.#closed || !this.#remoteEnded || this.#endTold) return
    this.#endTold = true
    this.#handler?.onEnd()
    this.#maybeClose()
  }

  /** What is sent and waits for a window leaves in its time, also after this. */
  #maybeClose(): void {
    if (this.#endTold && this.#localEnded) this.#close(undefined)
  }

  #close(error: Error | undefined): void {
    if (this.#closed) return
    this.#closed = true
    this.#kept = []
    this.#handler?.onClose(error)
  }
}
