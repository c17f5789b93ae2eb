import { admit, refusal } from '../decide/mod.ts'
import type { ClientPolicy, CompiledListener, Peer, Refusal, TlsName } from '../decide/mod.ts'
import { type Duplex, TlsFailure, type TlsServerProfile, type TlsSession } from '../port/mod.ts'
import { parseClientHello, parseProxyHeader } from '../wire/mod.ts'
import type { ClientHello, ProxyHeader } from '../wire/mod.ts'
import { ClientH1 } from './client-h1.ts'
import { ClientH2 } from './client-h2.ts'
import { ClientConnection, type ConnectionFacts } from './connection.ts'
import type { Identifier } from './identify.ts'
import type { LocalHandler } from './local.ts'
import type { Ends } from './passage.ts'
import { type Glance, peek } from './peek.ts'
import type { Runtime } from './runtime.ts'
import type { Client } from './sides.ts'
import { Stream } from './stream.ts'

const NOTHING = new Uint8Array(0)
/** A fatal `unrecognized_name` alert in a TLS record of its own (RFC 8446 section 6.2, RFC 6066 section 3). */
const UNRECOGNIZED_NAME = new Uint8Array([21, 3, 3, 0, 2, 2, 112])
const PLAIN_ON_TLS = 'HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\n' +
  'Connection: close\r\nContent-Length: 50\r\n\r\nThis port speaks HTTPS: use https:// in the URL.\n\n'

/** What a gateway's listener gives to each connection it accepts. */
export interface AcceptContext {
  readonly runtime: Runtime
  readonly identifier: Identifier
  readonly listenerName: () => string
  readonly handler: LocalHandler | undefined
  /** Takes part in draining, until the connection is over. */
  readonly join: (client: Client) => void
  readonly leave: (client: Client | undefined) => void
}

/** Phases **accept**, **peek**, **handshake** and the first **identify** of one connection. */
export class Acceptance {
  readonly #context: AcceptContext
  readonly #duplex: Duplex
  #ends: Ends
  #sni = ''
  #fingerprint = ''

  constructor(context: AcceptContext, duplex: Duplex) {
    this.#context = context
    this.#duplex = duplex
    this.#ends = { source: duplex.remote, destination: duplex.local }
  }

  /** Takes the connection as far as its first request. Never rejects. */
  async run(): Promise<void> {
    try {
      const refused = await this.#run()
      if (refused === undefined) return
      this.#report(refused)
    } catch (error) {
      this.#report(refusal('INTERNAL_ERROR', String(error)))
    }
    this.#duplex.destroy()
    this.#context.leave(undefined)
  }

  async #run(): Promise<Refusal | undefined> {
    if (this.#context.handler !== undefined) return this.#plain(NOTHING)
    const listener = this.#listener
    if (listener === undefined) return refusal('DRAINING', 'The listener is gone')
    let first: Uint8Array = NOTHING
    if (listener.proxyProtocol) {
      const found = await this.#proxyHeader(listener)
      if (!(found instanceof Uint8Array)) return found
      first = found
    }
    const { source } = this.#ends
    if (!listener.admits(source.host)) {
      return refusal('CONNECTION_NOT_ALLOWED', `${source.host} is in none of allowFrom`)
    }
    if (listener.stream !== undefined) return await this.#stream(listener, first)
    return listener.secure ? await this.#secure(first) : this.#plain(first)
  }

  get #listener(): CompiledListener | undefined {
    return this.#context.runtime.snapshot.listeners.get(this.#context.listenerName())
  }

  async #proxyHeader(listener: CompiledListener): Promise<Uint8Array | Refusal> {
    const from = this.#duplex.remote.host
    if (listener.trustedProxies !== undefined && !listener.trustedProxies.sendsProxyHeader(from)) {
      return refusal('PROXY_HEADER_INVALID', `${from} is not a trusted proxy`)
    }
    const peeked = await this.#peek(NOTHING, lookForProxyHeader)
    if (peeked.kind === 'gone') return refusal('CLIENT_GONE', 'Closed before a PROXY header')
    if (peeked.kind === 'bad') return refusal('PROXY_HEADER_INVALID', peeked.detail)
    const { source, destination } = peeked.value
    if (source !== undefined && destination !== undefined) {
      this.#ends = { source, destination }
    }
    return peeked.rest
  }

  /** A connection that is no HTTP; where it should be TLS, its ClientHello is looked at and passed on. */
  async #stream(listener: CompiledListener, first: Uint8Array): Promise<Refusal | undefined> {
    const { runtime, join, leave } = this.#context
    const { upstream: name, sni } = listener.stream as NonNullable<CompiledListener['stream']>
    let start = first
    if (sni) {
      const found = await this.#hello(first)
      if ('code' in found) return found
      this.#sni = found.value.sni
      start = found.rest
    }
    const upstream = runtime.snapshot.upstreams.get(name)
    if (upstream === undefined) return refusal('NO_ENDPOINT', `There is no upstream "${name}"`)
    const stream = new Stream(runtime, {
      listener,
      upstream,
      duplex: this.#duplex,
      first: start,
      ends: this.#ends,
      sni: this.#sni,
      onOver: leave,
    })
    join(stream)
    void stream.run()
    return undefined
  }

  /** Phase **peek** at a ClientHello. */
  async #hello(
    first: Uint8Array,
  ): Promise<Refusal | { readonly value: ClientHello; readonly rest: Uint8Array }> {
    const { clientHelloSize } = this.#context.runtime.snapshot.limits
    const peeked = await this.#peek(first, (bytes) => lookForHello(bytes, clientHelloSize))
    if (peeked.kind === 'gone') return refusal('CLIENT_GONE', 'Closed before a ClientHello')
    if (peeked.kind === 'done') return peeked
    if (startsLikeHttp(peeked.rest)) this.#lastWords(PLAIN_ON_TLS)
    return refusal('CLIENT_HELLO_INVALID', peeked.detail)
  }

  #plain(first: Uint8Array): undefined {
    this.#serve(this.#duplex, {
      secure: false,
      chain: [],
      certificate: undefined,
      alpn: undefined,
      first,
    })
  }

  async #secure(first: Uint8Array): Promise<Refusal | undefined> {
    const { runtime } = this.#context
    const { handshakeTimeout } = runtime.snapshot.limits
    const peeked = await this.#hello(first)
    if ('code' in peeked) return peeked
    this.#sni = peeked.value.sni
    const name = this.#listener?.names.select(this.#sni)
    if (name === undefined) {
      this.#lastWords(UNRECOGNIZED_NAME)
      return refusal('SNI_UNKNOWN', `No server certificate for SNI "${this.#sni}"`)
    }
    const profile = await this.#profileFor(name, peeked.value)
    const session = await this.#handshake(profile, peeked.rest, handshakeTimeout)
    if (!('duplex' in session)) return session
    return await this.#admit(name, session)
  }

  #profileFor({ profile }: TlsName, hello: ClientHello): Promise<TlsServerProfile> {
    const { ports, snapshot, tlsProfiles } = this.#context.runtime
    const { choosesCredentials } = ports.tls
    const { rotate } = snapshot.configuration.tickets
    return tlsProfiles.for(profile, { hello, choosesCredentials, now: ports.clock.now(), rotate })
  }

  /** Phase **handshake**. */
  async #handshake(
    profile: TlsServerProfile,
    first: Uint8Array,
    timeoutMs: number,
  ): Promise<TlsSession | Refusal> {
    const { ports } = this.#context.runtime
    const listener = this.#context.listenerName()
    try {
      const session = await ports.tls.accept(this.#duplex, first, profile, timeoutMs)
      ports.observer.handshake({ listener, result: 'ok', resumed: session.resumed })
      return session
    } catch (error) {
      const reason = error instanceof TlsFailure ? error.reason : 'protocol'
      ports.observer.handshake({ listener, result: reason, resumed: false })
      return handshakeRefusal(reason, error)
    }
  }

  /** Phase **identify**, and what a `require` policy says to it. */
  async #admit(name: TlsName, session: TlsSession): Promise<Refusal | undefined> {
    const { runtime } = this.#context
    const now = runtime.ports.clock.now()
    const { chain, certificate } = await this.#identify(name.policy, session, now)
    this.#fingerprint = certificate?.fingerprint ?? ''
    const peer: Peer = {
      address: this.#ends.source.host,
      listener: this.#context.listenerName(),
      secure: true,
      sni: this.#sni,
      trustedProxy: false,
      certificate,
    }
    const refused = admit(runtime.snapshot, { policy: name.policy, peer }, now)
    if (refused !== undefined) {
      session.duplex.destroy()
      return refused
    }
    const { alpn } = session
    this.#serve(session.duplex, { secure: true, chain, certificate, alpn, first: NOTHING })
  }

  /** A chain with what was found about it. That of a session taken up again has lost its intermediates. */
  async #identify(
    policy: ClientPolicy,
    { chain, resumed }: TlsSession,
    now: number,
  ): Promise<Pick<Served, 'chain' | 'certificate'>> {
    const { runtime: { issuers, snapshot }, identifier } = this.#context
    const judge = async (): Promise<Pick<Served, 'chain' | 'certificate'>> => {
      const whole = resumed ? await issuers.complete(chain) : chain
      return { chain: whole, certificate: await identifier.fromChain(whole, policy, now) }
    }
    const found = await judge()
    const { certificate } = found
    if (certificate === undefined) return found
    if (!resumed) issuers.learn(certificate.verdict)
    const lacking = resumed && policy.anchors.size > 0 && found.chain.length === 1 &&
      certificate.verdict.path.length < 2 &&
      snapshot.applications.byCertificate(certificate.fingerprint) === undefined
    return lacking && await issuers.news() ? await judge() : found
  }

  /** The place where ALPN chooses the codec. */
  #serve(duplex: Duplex, session: Served): void {
    const { runtime, identifier, listenerName, handler, join, leave } = this.#context
    const facts: ConnectionFacts = {
      listenerName,
      address: this.#ends.source.host,
      peerAddress: this.#duplex.remote.host,
      ends: this.#ends,
      secure: session.secure,
      sni: this.#sni,
      chain: session.chain,
      certificate: session.certificate,
      handler,
      onOver: () => leave(client),
    }
    const connection = new ClientConnection(runtime, identifier, facts)
    const Codec = session.alpn === 'h2' ? ClientH2 : ClientH1
    const client = new Codec(runtime, connection, duplex)
    join(client)
    if (session.first.length > 0) client.onData(session.first)
    duplex.resume()
  }

  #peek<T>(first: Uint8Array, look: (bytes: Uint8Array) => Glance<T>): ReturnType<typeof peek<T>> {
    const { ticker, snapshot } = this.#context.runtime
    const timeoutMs = snapshot.limits.clientHelloTimeout
    return peek({ duplex: this.#duplex, first, look, ticker, timeoutMs })
  }

  /** Tells the client what is wrong. Ending before `destroy` lets the bytes leave. */
  #lastWords(words: Uint8Array | string): void {
    this.#duplex.write(words)
    this.#duplex.end()
  }

  #report(refused: Refusal): void {
    const { runtime, listenerName } = this.#context
    runtime.ports.observer.refusedConnection({
      time: runtime.ports.clock.now(),
      listener: listenerName(),
      address: this.#ends.source.host,
      sni: this.#sni,
      certificate: this.#fingerprint,
      status: 0,
      code: refused.code,
      detail: refused.detail,
    })
  }
}

/** What a connection is served with. */
interface Served {
  readonly secure: boolean
  readonly alpn: string | undefined
  readonly chain: ConnectionFacts['chain']
  readonly certificate: ConnectionFacts['certificate']
  /** Bytes that were read before. */
  readonly first: Uint8Array
}

function lookForHello(bytes: Uint8Array, size: number): Glance<ClientHello> {
  // What comes at once may be as long as a socket's buffer: the limit holds for it as well.
  const found = parseClientHello(bytes.subarray(0, size))
  if (found.kind === 'hello') return { kind: 'done', value: found, used: 0 }
  if (found.kind === 'not-tls') return { kind: 'bad', detail: 'The first bytes are not TLS' }
  if (found.kind === 'invalid') return { kind: 'bad', detail: found.detail }
  if (bytes.length <= size) return { kind: 'more' }
  return { kind: 'bad', detail: `The ClientHello is longer than ${size} bytes` }
}

function lookForProxyHeader(bytes: Uint8Array): Glance<ProxyHeader> {
  const found = parseProxyHeader(bytes)
  if (found.kind === 'more') return found
  if (found.kind === 'header') return { kind: 'done', value: found, used: found.length }
  const detail = found.kind === 'invalid' ? found.detail : 'No PROXY header came first'
  return { kind: 'bad', detail }
}

/** Three capitals at the start are a method, not TLS. */
function startsLikeHttp(bytes: Uint8Array): boolean {
  return bytes.length >= 3 && bytes.subarray(0, 3).every((byte) => byte >= 0x41 && byte <= 0x5a)
}

function handshakeRefusal(reason: TlsFailure['reason'], error: unknown): Refusal {
  const detail = error instanceof Error ? error.message : String(error)
  if (reason === 'timeout') return refusal('HANDSHAKE_TIMEOUT', detail)
  if (reason === 'certificate-missing') {
    return refusal(
      'CERTIFICATE_MISSING',
      'The client policy requires a certificate: none was shown',
    )
  }
  return reason === 'closed' ? refusal('CLIENT_GONE', detail) : refusal('HANDSHAKE_FAILED', detail)
}
