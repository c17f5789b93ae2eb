import { refusal, refusalLook } from '../decide/mod.ts'
import type { Duplex, DuplexHandler } from '../port/mod.ts'
import {
  chunkHead,
  endToEnd,
  getHeader,
  lastChunk,
  RequestParser,
  serializeFields,
  SMALL_CHUNK,
  Unfolder,
  wholeChunk,
} from '../wire/mod.ts'
import type { HeaderList, RequestHead, ResponseHead, WireError } from '../wire/mod.ts'
import type { ClientConnection } from './connection.ts'
import { Exchange } from './exchange.ts'
import { reasonPhrase } from './reason.ts'
import type { Runtime } from './runtime.ts'
import type { ClientSide, OutgoingResponse, TakenOver } from './sides.ts'
import type { Mortal } from './ticker.ts'

const CRLF = '\r\n'
/** How long, and how many bytes of, a request that nobody wants are still read so that the answer arrives. */
const LINGER_MS = 2000
const LINGER_BYTES = 1024 * 1024
/** The longest body that is read past after an early answer, so that the connection can stay. */
const DISCARD_BYTES = 64 * 1024

/** What the connection waits for. */
type Waiting = 'request' | 'head' | 'body' | 'answer' | 'room' | 'linger'

/** A client's connection that speaks HTTP/1.1: one exchange after the other, in order. */
export class ClientH1 implements DuplexHandler, ClientSide, Mortal {
  readonly connection: ClientConnection
  deadline: number = Infinity
  arriving = false
  readonly #runtime: Runtime
  readonly #duplex: Duplex
  readonly #parser: RequestParser
  /** For proxies that fold the certificate which they pass on. */
  readonly #unfolder: Unfolder | undefined
  #exchange: Exchange | undefined
  #waiting: Waiting = 'request'
  /** Bytes behind the present request; their sender waits while there are any. */
  #rest: Uint8Array | undefined
  #running = false
  #requestWhole = false
  #responseWhole = false
  #keepAlive = true
  #chunked = false
  #paused = false
  /** Bytes of an answer wait for the client to take them. */
  #full = false
  /** They are the last ones. */
  #last = false
  #requests = 0
  #lingered = 0
  #closed = false
  #switched = false
  /** How often `cork` was called without its `uncork`. */
  #corks = 0

  constructor(runtime: Runtime, connection: ClientConnection, duplex: Duplex) {
    this.#runtime = runtime
    this.connection = connection
    this.#duplex = duplex
    this.#parser = new RequestParser({
      onHead: (head) => this.#begin(head),
      onBody: (bytes) => this.#exchange?.onRequestBody(bytes),
      onEnd: (trailers) => {
        this.#requestWhole = true
        if (this.#waiting === 'body') this.#wait('answer')
        this.#exchange?.onRequestEnd(trailers)
      },
      onError: (error) => this.#broken(error),
    }, { limits: runtime.snapshot.limits, latin1: runtime.ports.latin1 })
    this.#unfolder = connection.mayFold ? new Unfolder() : undefined
    runtime.ticker.add(this)
    this.#wait('request')
    duplex.handle(this)
  }

  /** Closes the connection once what is under way is done; at once where nothing is. */
  drain(): void {
    this.#keepAlive = false
    const between = this.#waiting === 'request' || this.#waiting === 'room'
    if (this.#exchange === undefined && between) this.#linger()
  }

  onData(chunk: Uint8Array): void {
    if (this.#waiting === 'linger') return this.#swallow(chunk.length)
    if (this.#rest !== undefined) this.#rest = joined(this.#rest, chunk)
    else this.#rest = chunk
    try {
      this.#run()
    } catch (error) {
      this.#runtime.failed(error)
      this.#duplex.destroy(true)
    }
  }

  onEnd(): void {
    // A client that sends no more mid-exchange is gone: waiting for an answer it keeps its side open.
    const exchange = this.#exchange
    this.#exchange = undefined
    exchange?.onClientGone('The client closed its side of the connection')
    this.#duplex.end()
    if (exchange !== undefined) this.#duplex.destroy()
  }

  onDrain(): void {
    this.#full = false
    if (this.#last) return this.#linger()
    if (this.#waiting === 'room') this.#wait(this.#present())
    this.#exchange?.onClientDrain()
    if (this.#waiting !== 'request') return
    if (this.#paused) this.#resume()
    this.#run()
  }

  onClose(error: Error | undefined): void {
    this.#closed = true
    this.#runtime.ticker.remove(this)
    const exchange = this.#exchange
    this.#exchange = undefined
    exchange?.onClientGone(error?.message ?? 'The client closed the connection')
    if (!this.#switched) this.connection.over()
  }

  expire(): void {
    const { limits } = this.connection
    if (this.#waiting === 'head') {
      this.#answerBroken('REQUEST_TIMEOUT', `No whole head within ${limits.headTimeout} ms`)
    } else if (this.#waiting === 'body' && this.#exchange !== undefined) {
      this.#keepAlive = false
      this.#exchange.onRequestBroken('REQUEST_TIMEOUT', `No body for ${limits.bodyTimeout} ms`)
    } else if (this.#waiting === 'room') this.#tooSlow(limits.sendTimeout)
    else if (this.#waiting === 'request') this.#linger()
    else this.#duplex.destroy()
  }

  inform(head: ResponseHead): void {
    if (this.#exchange?.head.version !== '1.1') return
    this.#duplex.write(
      `HTTP/1.1 ${head.status} ${head.reason}${CRLF}${
        serializeFields(endToEnd(head.headers))
      }${CRLF}`,
    )
  }

  respond(response: OutgoingResponse): void {
    const head = (this.#exchange as Exchange).head
    this.#chunked = response.openEnded && head.version === '1.1'
    if (response.openEnded && !this.#chunked || response.last === true) this.#keepAlive = false
    if (this.#runtime.draining || !this.#requestWhole && !discardable(head)) this.#keepAlive = false
    const framing = this.#chunked
      ? 'Transfer-Encoding: chunked\r\n'
      : lacksLength(response, head)
      ? 'Content-Length: 0\r\n'
      : ''
    const kept = head.version === '1.0' ? 'Connection: keep-alive\r\n' : ''
    this.#write(
      'HTTP/1.1 ' + response.status + ' ' + (response.reason || reasonPhrase(response.status)) +
        CRLF + serializeFields(response.headers) + framing +
        (this.#keepAlive ? kept : 'Connection: close\r\n') + CRLF,
    )
  }

  send(bytes: Uint8Array): boolean {
    if (!this.#chunked) return this.#write(bytes)
    if (bytes.length <= SMALL_CHUNK) return this.#write(wholeChunk(bytes))
    this.#duplex.cork()
    this.#duplex.write(chunkHead(bytes.length))
    this.#duplex.write(bytes)
    const room = this.#write(CRLF)
    this.#duplex.uncork()
    return room
  }

  finish(trailers: HeaderList): void {
    if (this.#chunked) this.#duplex.write(lastChunk(trailers))
    this.#responseWhole = true
    this.#exchange = undefined
    this.#maybeSettle()
  }

  cut(): void {
    const exchange = this.#exchange
    this.#exchange = undefined
    exchange?.onClientGone('drainTimeout was over before the answer was whole', 'DRAINING')
    this.#duplex.destroy(true)
  }

  holdBody(): void {
    if (this.#paused || this.#requestWhole) return
    this.#paused = true
    this.#duplex.pause()
    if (this.#waiting === 'body') this.#wait('answer')
  }

  wantBody(): void {
    if (!this.#paused) return
    this.#resume()
    if (!this.#requestWhole && !this.#full) this.#wait('body')
  }

  switchProtocols(headers: HeaderList): TakenOver | undefined {
    if (this.#closed) return undefined
    this.#switched = true
    this.#exchange = undefined
    this.#runtime.ticker.remove(this)
    const rest = this.#rest
    this.#duplex.write(`HTTP/1.1 101 Switching Protocols${CRLF}${serializeFields(headers)}${CRLF}`)
    return { duplex: this.#duplex, rest, over: () => this.connection.over() }
  }

  cork(): void {
    this.#corks++
    this.#duplex.cork()
  }

  uncork(): void {
    this.#corks--
    this.#duplex.uncork()
    if (this.#responseWhole) this.#maybeSettle()
  }

  /** Takes requests out of what has come, for as long as one is not waiting for its answer. */
  #run(): void {
    if (this.#running) return
    this.#running = true
    while (this.#rest !== undefined && this.#ready) {
      let chunk = this.#rest
      this.#rest = undefined
      if (this.#waiting === 'request') this.#wait('head')
      else if (this.#waiting === 'body') this.#wait('body')
      if (this.#waiting === 'head') chunk = this.#unfolder?.take(chunk) ?? chunk
      this.arriving = true
      const used = this.#parser.push(chunk)
      this.arriving = false
      if (used < chunk.length && !this.#switched) this.#rest = chunk.subarray(used)
      this.#exchange?.onRequestArrived()
      if (this.#responseWhole) this.#maybeSettle()
    }
    this.#running = false
    if (this.#rest !== undefined && !this.#paused) {
      this.#paused = true
      this.#duplex.pause()
    }
  }

  /**
   * Settles at once, unless a parser is still at work: on this request, and then `#run` settles behind it; or on its
   * answer, and then `uncork` does, with the upstream connection free for the next request.
   */
  #maybeSettle(): void {
    if (!this.arriving && this.#corks === 0) this.#settle()
  }

  /** After a response: on to the next request, or to the end of the connection. */
  #settle(): void {
    if (!this.#keepAlive) return this.#linger()
    if (this.#paused) this.#resume()
    // The rest of a small body that nobody wanted is read past.
    if (!this.#requestWhole) return this.#wait('body')
    this.#responseWhole = false
    this.#parser.next()
    this.#wait(this.#full ? 'room' : 'request')
    this.#run()
  }

  /**
   * Whether what has come may be looked at. Not where it belongs to the next request: that one waits until this one's
   * answer is whole, and until the client has taken it.
   */
  get #ready(): boolean {
    if (this.#closed || this.#last || this.#waiting === 'linger') return false
    return this.#exchange === undefined ? !this.#full : !this.#requestWhole
  }

  /** What is waited for once the client takes bytes again. */
  #present(): Waiting {
    if (this.#exchange === undefined) return this.#requestWhole ? 'request' : 'body'
    return this.#requestWhole || this.#paused ? 'answer' : 'body'
  }

  #begin(head: RequestHead): void {
    this.#requestWhole = head.framing === 'none'
    this.#responseWhole = false
    this.#chunked = false
    this.#requests++
    const { requestsPerConnection } = this.#runtime.snapshot.limits
    this.#keepAlive = head.keepAlive &&
      (requestsPerConnection === 0 || this.#requests < requestsPerConnection)
    this.#wait(this.#requestWhole ? 'answer' : 'body')
    const exchange = this.#exchange = new Exchange(this.#runtime, this, head)
    exchange.start()
  }

  #broken(error: WireError): void {
    const code = error.code === 'MALFORMED_RESPONSE' ? 'MALFORMED_REQUEST' : error.code
    const detail = `${error.detail} (${error.clause})`
    this.#keepAlive = false
    // It has its answer already; another one would be taken for that of the next request.
    if (this.#responseWhole) return
    if (this.#exchange === undefined) return this.#answerBroken(code, detail)
    const fault = code === 'BODY_TOO_LARGE' ? code : 'MALFORMED_REQUEST'
    this.#exchange.onRequestBroken(fault, detail)
  }

  /** Answers what is no request: there is no head to make an exchange of. */
  #answerBroken(code: Parameters<typeof refusal>[0], detail: string): void {
    const found = refusal(code, detail)
    const style = this.connection.listener?.style ?? 'native'
    const { status, headers, body } = refusalLook(found, { accept: undefined, style })
    this.connection.refused(found)
    const fields = [...headers, 'Content-Length', String(body.length), 'Connection', 'close']
    this.#runtime.date.addTo(fields)
    this.#duplex.write(
      `HTTP/1.1 ${status} ${reasonPhrase(status)}${CRLF}${serializeFields(fields)}${CRLF}${body}`,
    )
    this.#linger()
  }

  #write(data: Uint8Array | string): boolean {
    if (this.#duplex.write(data)) return true
    this.#full = true
    this.#wait('room')
    return false
  }

  #resume(): void {
    this.#paused = false
    this.#duplex.resume()
  }

  /**
   * Ends our side and reads on for a moment: closing at once on unread bytes would reset the
   * connection and could destroy the answer on its way (RFC 9112 section 9.6).
   */
  #linger(): void {
    this.#exchange = undefined
    this.#rest = undefined
    this.#parser.abandon()
    // What is still to be sent has the time that any answer has.
    this.#last = this.#full
    if (this.#full) return this.#wait('room')
    this.#duplex.end()
    this.#waiting = 'linger'
    this.deadline = this.#runtime.ticker.now + LINGER_MS
    if (this.#paused) this.#resume()
  }

  #swallow(bytes: number): void {
    this.#lingered += bytes
    if (this.#lingered > LINGER_BYTES) this.#duplex.destroy()
  }

  #tooSlow(ms: number): void {
    const exchange = this.#exchange
    this.#exchange = undefined
    exchange?.onClientGone(`The client took no bytes for ${ms} ms`)
    this.#duplex.destroy(true)
  }

  #wait(what: Waiting): void {
    this.#waiting = what
    const { limits } = this.connection
    const ms = what === 'request'
      ? limits.idleTimeout
      : what === 'head'
      ? limits.headTimeout
      : what === 'body'
      ? limits.bodyTimeout
      : what === 'room'
      ? limits.sendTimeout
      : Infinity
    this.deadline = this.#runtime.ticker.now + ms
  }
}

/** Whether an empty body must be said to be empty, which HTTP/2 shows otherwise. */
function lacksLength({ bodiless, status, headers }: OutgoingResponse, head: RequestHead): boolean {
  return bodiless && status !== 204 && status !== 304 && head.method !== 'HEAD' &&
    getHeader(headers, 'content-length') === undefined
}

/** Whether the rest of a body is small enough to be read past, and sure to come. */
function discardable(head: RequestHead): boolean {
  return head.framing === 'length' && head.length <= DISCARD_BYTES && !head.expectContinue
}

function joined(first: Uint8Array, second: Uint8Array): Uint8Array {
  const both = new Uint8Array(first.length + second.length)
  both.set(first)
  both.set(second, first.length)
  return both
}
