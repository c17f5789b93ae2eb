import { Buffer } from 'node:buffer'
import type { Socket } from 'node:net'
import { type Message, readMessage, type ReadOptions } from './message.ts'

/** How long something that must happen may take before a test is told what came instead. */
const PATIENCE_MS = 10_000

/** One end of a connection in a test: what came is kept, and everything is awaited by events. */
export class Wire {
  readonly socket: Socket
  /** Bytes that came in all, also those that were read as messages or dropped. */
  total = 0
  /** The other side sends no more. */
  ended = false
  closed = false
  error: (Error & { code?: string }) | undefined
  /** Counts what comes without keeping it. */
  forget = false
  #chunks: Buffer[] = []
  readonly #waiting = new Set<(over: boolean) => void>()

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk: Buffer) => {
      this.total += chunk.length
      if (!this.forget) this.#chunks.push(chunk)
      this.#changed()
    })
    socket.on('end', () => {
      this.ended = true
      this.#changed()
    })
    socket.on('error', (error) => {
      this.error ??= error
    })
    socket.on('close', () => {
      this.closed = true
      this.#changed(true)
    })
  }

  /** What came and was not read as a message. */
  get bytes(): Buffer {
    if (this.#chunks.length !== 1) this.#chunks = [Buffer.concat(this.#chunks)]
    return this.#chunks[0] as Buffer
  }

  /** The same as Latin-1 text. */
  get text(): string {
    return this.bytes.toString('latin1')
  }

  /** Sends bytes, or text as Latin-1. */
  send(data: string | Uint8Array): boolean {
    return typeof data === 'string' ? this.socket.write(data, 'latin1') : this.socket.write(data)
  }

  /** Sends bytes over and over, as fast as they are taken, until `bytes` were sent. Resolves then. */
  async flood(bytes: number, piece: Uint8Array = new Uint8Array(64 * 1024)): Promise<void> {
    let go = (): void => {}
    const nudge = (): void => go()
    this.socket.on('drain', nudge).on('close', nudge)
    for (let left = bytes; left > 0 && !this.closed; left -= piece.length) {
      const room = this.send(left >= piece.length ? piece : piece.subarray(0, left))
      if (!room) await new Promise<void>((resolve) => go = resolve)
    }
    this.socket.off('drain', nudge).off('close', nudge)
  }

  /**
   * Whether sending comes to a halt because nobody takes the bytes: for a while, none of those that wait leaves. False
   * once all have left.
   */
  async stalls(): Promise<boolean> {
    for (let before = -1;;) {
      const left = this.socket.bytesWritten - this.socket.writableLength
      const waits = this.socket.writableLength > 0
      if (left === before || this.closed) return waits && !this.closed
      before = left
      await new Promise((resolve) => setTimeout(resolve, 200))
    }
  }

  /** The next message. Rejects where the connection closes before it is whole. */
  async message(options: ReadOptions = {}): Promise<Message> {
    return await this.until('a whole message', () => {
      const ended = this.ended || this.closed
      const read = readMessage(this.bytes, { ...options, ended })
      if (read === undefined) {
        if (this.closed) throw new Error(`Read a message: closed after ${this.#shown()}`)
        return undefined
      }
      this.#chunks = [this.bytes.subarray(read.used)]
      return read.message
    })
  }

  /** Takes `count` bytes. */
  async take(count: number): Promise<Buffer> {
    return await this.until(`${count} bytes`, () => {
      if (this.bytes.length < count) return undefined
      const taken = this.bytes.subarray(0, count)
      this.#chunks = [this.bytes.subarray(count)]
      return taken
    })
  }

  /** The connection is over, both ways. */
  async gone(): Promise<void> {
    await this.until('the end of the connection', () => this.closed || undefined)
  }

  /** The other side has said that it sends no more, or is gone. */
  async finished(): Promise<void> {
    await this.until('the other side’s end', () => this.ended || this.closed || undefined)
  }

  /** Resolves with what `look` finds, asked again after each event; rejects when it takes too long. */
  until<T>(what: string, look: () => T | undefined, patienceMs = PATIENCE_MS): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.#waiting.delete(again)
        clearTimeout(timer)
      }
      const again = (over: boolean): void => {
        try {
          const found = look()
          if (found === undefined && !over) return
          settle()
          if (found === undefined) reject(new Error(`Wait for ${what}: ${this.#shown()}`))
          else resolve(found)
        } catch (error) {
          settle()
          reject(error)
        }
      }
      const late = (): void => {
        settle()
        reject(new Error(`Wait for ${what}: not within ${patienceMs} ms, but ${this.#shown()}`))
      }
      const timer = patienceMs === Infinity ? undefined : setTimeout(late, patienceMs)
      this.#waiting.add(again)
      again(this.closed)
    })
  }

  close(): void {
    this.socket.destroy()
  }

  #changed(over = false): void {
    for (const again of [...this.#waiting]) again(over)
  }

  #shown(): string {
    const state = this.closed ? 'closed' : this.ended ? 'ended' : 'open'
    const error = this.error === undefined ? '' : `, ${this.error.code ?? this.error.message}`
    return `${JSON.stringify(this.text.slice(0, 500))} (${state}${error})`
  }
}
