import { refusal, refusalLook } from '../decide/mod.ts'
import type { Refusal } from '../decide/mod.ts'
import type { Duplex, DuplexHandler } from '../port/mod.ts'
import {
  H2Connection,
  H2Error,
  latin1Bytes,
  requestFromFields,
  responseFieldsFor,
} from '../wire/mod.ts'
import type { H2Fault, H2Sink, H2Stream, HeaderList, RequestHead, WireError } from '../wire/mod.ts'
import { Bag } from './bag.ts'
import { ClientStream } from './client-stream.ts'
import type { ClientConnection } from './connection.ts'
import { Leftover } from './leftover.ts'
import { Outbox } from './outbox.ts'
import type { Runtime } from './runtime.ts'
import type { Mortal } from './ticker.ts'
import { asUpgrade, isWebSocket } from './websocket.ts'

/** How long a client may take to read what is left once the connection has ended. */
const LAST_WORDS_MS = 2000

/** A client's connection that speaks HTTP/2: an exchange a stream, side by side. */
export class ClientH2 implements DuplexHandler, Mortal {
  readonly connection: ClientConnection
  readonly h2: H2Connection
  readonly outbox: Outbox
  deadline: number = Infinity
  /** Whether bytes are being taken in. */
  arriving = false
  readonly #runtime: Runtime
  readonly #duplex: Duplex
  readonly #streams = new Bag<'seat', ClientStream>('seat')
  readonly #arrived: ClientStream[] = []
  #requests = 0
  #ending = false
  /** The client has said GOAWAY: that it soon goes, not that it opens no more streams (RFC 9113 section 6.8). */
  #leaving = false

  constructor(runtime: Runtime, connection: ClientConnection, duplex: Duplex) {
    this.#runtime = runtime
    this.connection = connection
    this.#duplex = duplex
    this.outbox = new Outbox(duplex, runtime.ports.clock, () => this.h2.flush())
    const { headSize, headerCount, http2 } = runtime.snapshot.limits
    this.h2 = new H2Connection(this.#sink(), {
      role: 'server',
      limits: { ...http2, headSize, headerCount },
      latin1: runtime.ports.latin1,
      write: (bytes) => this.outbox.write(bytes),
      connectProtocol: true,
      now: () => runtime.ticker.now,
    })
    runtime.ticker.add(this)
    duplex.handle(this)
    this.h2.start()
    this.outbox.flush()
    this.#wait()
  }

  /** Takes no more streams; closes once those under way are done. */
  drain(): void {
    if (this.#ending) return
    this.#ending = true
    this.h2.drain()
    this.outbox.flush()
    this.#maybeEnd()
  }

  /** Ends the connection at once. */
  cut(): void {
    this.#loseAll('drainTimeout was over before the answer was whole', 'DRAINING')
    this.#duplex.destroy(true)
  }

  /** A stream's exchange is over. */
  left(stream: H2Stream, side: ClientStream): void {
    stream.user = undefined
    this.#streams.remove(side)
    this.#wait()
    if (this.#runtime.draining) this.drain()
    this.#follow()
    this.#maybeEnd()
  }

  onData(chunk: Uint8Array): void {
    this.arriving = true
    this.outbox.hold()
    try {
      this.h2.receive(chunk)
      for (const side of this.#arrived) side.arrived()
    } catch (error) {
      this.#runtime.failed(error)
      this.#duplex.destroy(true)
    }
    for (const side of this.#arrived) side.noted = false
    this.#arrived.length = 0
    this.arriving = false
    this.#follow()
    this.outbox.release()
    this.#wait()
  }

  onEnd(): void {
    this.#loseAll('The client closed its side of the connection')
    this.#duplex.end()
  }

  onDrain(): void {
    this.outbox.drained()
    this.#wait()
    for (const side of this.#streams.all()) side.resume()
  }

  onClose(error: Error | undefined): void {
    this.#ending = true
    this.#runtime.ticker.remove(this)
    this.#loseAll(error?.message ?? 'The client closed the connection')
    this.connection.over()
  }

  expire(): void {
    if (this.outbox.full || this.#ending) return this.#duplex.destroy(true)
    this.drain()
  }

  #sink(): H2Sink {
    return {
      onHead: (stream, fields, ends) => this.#begin(stream, fields, ends),
      onHeadTooLarge: (stream) => this.#tooLarge(stream),
      onData: (stream, bytes) => {
        const side = this.#sideOf(stream)
        if (side === undefined) this.h2.consumed(stream, bytes.length)
        else side.onBody(bytes)
      },
      onEnd: (stream, trailers) => this.#sideOf(stream)?.onEnd(trailers),
      onReset: (stream, fault) => this.#sideOf(stream)?.onGone(faultText(fault)),
      onWritable: (stream) => (stream.user as ClientStream | undefined)?.onWritable(),
      onGoaway: () => {
        this.#leaving = true
      },
      onFault: (fault) => this.#fault(fault),
    }
  }

  /** The stream's exchange, noted for the end of this arrival. */
  #sideOf(stream: H2Stream): ClientStream | undefined {
    const side = stream.user as ClientStream | undefined
    if (side !== undefined && this.arriving) this.#note(side)
    return side
  }

  #note(side: ClientStream): void {
    if (side.noted) return
    side.noted = true
    this.#arrived.push(side)
  }

  #begin(stream: H2Stream, fields: HeaderList, ends: boolean): void {
    const { targetSize, bodySize } = this.#runtime.snapshot.limits
    const found = requestFromFields(fields, ends, { targetSize, bodySize, connectProtocol: true })
    if ('code' in found) return this.#refuseHead(stream, headRefusal(found))
    const tunnels = found.method === 'CONNECT' && found.upgrade !== ''
    if (tunnels && !isWebSocket(found)) {
      // RFC 9220 section 3 says it for RFC 8441 as well.
      const detail = `Read ":protocol" "${found.upgrade}": not "websocket"`
      return this.#refuseHead(stream, refusal('UPGRADE_UNSUPPORTED', detail))
    }
    const { sensitive } = stream
    const meant = tunnels ? asUpgrade(found) : found
    const head = sensitive === undefined ? meant : { ...meant, sensitive }
    this.#serve(stream, { head, ends, tunnels })
  }

  #serve(
    stream: H2Stream,
    request: { readonly head: RequestHead; readonly ends: boolean; readonly tunnels: boolean },
  ): void {
    const side = new ClientStream(this, stream, { runtime: this.#runtime, ...request })
    stream.user = side
    this.#streams.add(side)
    this.#note(side)
    const { requestsPerConnection } = this.#runtime.snapshot.limits
    if (++this.#requests === requestsPerConnection) this.drain()
    side.start()
  }

  #tooLarge(stream: H2Stream): void {
    const detail = 'The field section is longer than limits.headSize'
    this.#refuseHead(stream, refusal('HEAD_TOO_LARGE', detail))
  }

  /** Answers what has no head to make an exchange of. What is malformed is a stream error (RFC 9113 section 8.1.1). */
  #refuseHead(stream: H2Stream, found: Refusal): void {
    this.connection.refused(found)
    if (found.code === 'MALFORMED_REQUEST') return this.h2.reset(stream, H2Error.Protocol)
    const style = this.connection.listener?.style ?? 'native'
    const { status, headers, body } = refusalLook(found, { accept: undefined, style })
    const bytes = latin1Bytes(body)
    const fields = [...headers, 'content-length', String(bytes.length)]
    this.#runtime.date.addTo(fields)
    this.h2.head(stream, responseFieldsFor({ status, headers: fields }), false)
    this.h2.data(stream, bytes)
    this.h2.finish(stream, [])
    new Leftover(this.#runtime.ticker, this, stream)
  }

  #fault(fault: H2Fault): void {
    this.#ending = true
    this.connection.refused(faultRefusal(fault))
    this.#loseAll(faultText(fault))
    this.outbox.flush()
    this.#duplex.end()
    this.deadline = this.#runtime.ticker.now + LAST_WORDS_MS
  }

  #loseAll(reason: string, code?: 'CLIENT_GONE' | 'DRAINING'): void {
    for (const side of this.#streams.all()) {
      this.#streams.remove(side)
      side.onGone(reason, code)
    }
  }

  /** Leaves with a client that wants to, once it waits for nothing. */
  #follow(): void {
    if (this.#leaving && !this.arriving && this.#streams.size === 0) this.drain()
  }

  #maybeEnd(): void {
    if (!this.#ending || this.#streams.size > 0) return
    this.outbox.flush()
    this.#duplex.end()
    this.deadline = this.#runtime.ticker.now + LAST_WORDS_MS
  }

  #wait(): void {
    if (this.#ending) return
    const { idleTimeout, sendTimeout } = this.connection.limits
    const ms = this.outbox.full ? sendTimeout : this.#streams.size > 0 ? Infinity : idleTimeout
    this.deadline = this.#runtime.ticker.now + ms
  }
}

function headRefusal({ code, detail, clause }: WireError): Refusal {
  const known = code === 'MALFORMED_RESPONSE' ? 'MALFORMED_REQUEST' : code
  return refusal(known, `${detail} (${clause})`)
}

/** Whoever asks for too much learns no more than that; the log says which limit it was. */
function faultRefusal({ code, detail, clause }: H2Fault): Refusal {
  if (code !== H2Error.EnhanceYourCalm) {
    return refusal('MALFORMED_REQUEST', `${detail} (${clause})`)
  }
  const name = clause === 'headSize' ? 'limits.headSize' : `limits.http2.${clause}`
  return refusal('CONNECTION_ABUSED', `${detail} (${name})`)
}

function faultText({ detail, clause }: H2Fault): string {
  return `${detail} (${clause})`
}
