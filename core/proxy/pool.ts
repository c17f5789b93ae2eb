import type { Dialed, TlsClientProfile } from '../port/mod.ts'
import type { CompiledEndpoint, CompiledUpstream } from '../decide/mod.ts'
import { checkEndpoint, type DialFault, dialFault } from './endpoint-check.ts'
import type { Runtime } from './runtime.ts'
import type { ServerSide } from './sides.ts'
import { UpstreamH1, type UpstreamOwner } from './upstream-h1.ts'
import { UpstreamH2 } from './upstream-h2.ts'
import type { UpstreamOptions } from './upstream-options.ts'

/** How one exchange wants its connection. */
export interface Passage {
  /** Whether protocols are to be switched. */
  readonly upgrade: boolean
  /** What the connection begins with, and then serves this exchange alone. */
  readonly preface?: Uint8Array | undefined
  /** Milliseconds; undefined: the upstream's. */
  readonly connectTimeout?: number | undefined
}

/** What `dial` gives. */
export type DialResult = { readonly side: ServerSide } | { readonly fault: DialFault }

/**
 * The upstream connections of one endpoint under one trust: other trust, other pool, so a connection
 * is never used under rules it was not checked by.
 */
export class Pool implements UpstreamOwner {
  readonly #runtime: Runtime
  readonly #upstream: CompiledUpstream
  readonly #endpoint: CompiledEndpoint
  /** The one used last is taken first: the rest can grow old and go. */
  readonly #idle: UpstreamH1[] = []
  /** HTTP/2 connections, each for many exchanges at once. */
  readonly #shared: UpstreamH2[] = []
  readonly #all = new Set<object>()
  /** The dial that others wait for, while it may bring a connection to share. */
  #dialing: Promise<DialResult> | undefined
  /** The endpoint, left the choice, took HTTP/1.1: nobody waits for a connection to share. */
  #prefersH1 = false
  #retired = false

  constructor(runtime: Runtime, upstream: CompiledUpstream, endpoint: CompiledEndpoint) {
    this.#runtime = runtime
    this.#upstream = upstream
    this.#endpoint = endpoint
  }

  /**
   * A place on a connection that stands, if there is one whose verdict still holds. Where the choice is ours, whoever
   * wants to switch protocols gets HTTP/1.1, which all take.
   */
  take(now: number, upgrade: boolean): ServerSide | undefined {
    for (const connection of upgrade && this.#chooses ? [] : this.#shared) {
      if (connection.goodUntil <= now) connection.retire()
      else if (connection.available) return connection.stream()
    }
    for (;;) {
      const connection = this.#idle.pop()
      if (connection === undefined || connection.goodUntil > now) return connection
      connection.destroy()
    }
  }

  /** Makes a connection and checks the endpoint. Never rejects. */
  async dial(now: number, passage: Passage): Promise<DialResult> {
    const { upgrade, preface } = passage
    const alone = this.#prefersH1 || (upgrade && this.#chooses) || preface !== undefined
    if (this.#upstream.config.protocol === 'h1' || alone) return await this.#connect(passage)
    if (this.#dialing === undefined) {
      const made = this.#connect({ ...passage, upgrade: false })
      this.#dialing = made.then((result) => this.#settled(result))
      return await made
    }
    const result = await this.#dialing
    if ('fault' in result) return result
    const side = this.take(now, upgrade)
    return side === undefined ? await this.dial(now, passage) : { side }
  }

  /** Who waits for a connection to share learns of it once it is known how many it takes. */
  async #settled(result: DialResult): Promise<DialResult> {
    if ('side' in result) await this.#shared.at(-1)?.ready
    this.#dialing = undefined
    return result
  }

  /** Whether HTTP/2 is spoken unasked: without TLS there is nobody to ask. */
  get #speaksH2(): boolean {
    const { protocol } = this.#upstream.config
    return protocol === 'h2c' || protocol === 'h2' && this.#endpoint.tls === undefined
  }

  get #chooses(): boolean {
    return this.#upstream.config.protocol === 'auto'
  }

  /** Uses the pool no more: idle connections close now, busy ones when their exchange is over. */
  retire(): void {
    this.#retired = true
    for (const connection of this.#idle.splice(0)) connection.destroy()
    for (const connection of this.#shared.splice(0)) connection.retire()
  }

  onFree(connection: UpstreamH1): void {
    const { keepAlive, proxyProtocol } = this.#upstream.config
    const worn = keepAlive.requests > 0 && connection.served >= keepAlive.requests
    const full = this.#retired || this.#idle.length >= keepAlive.connections
    // What a PROXY header says holds for all that comes behind it.
    if (worn || full || proxyProtocol !== undefined) return connection.destroy()
    connection.park(this.#runtime.ticker.now + keepAlive.idleTimeout)
    this.#idle.push(connection)
  }

  onGone(connection: object): void {
    remove(this.#idle, connection)
    remove(this.#shared, connection)
    if (this.#all.delete(connection)) {
      this.#runtime.ports.observer.upstreamConnection(this.#upstream.name, -1)
    }
  }

  async #connect({ upgrade, preface, connectTimeout }: Passage): Promise<DialResult> {
    let dialed: Dialed
    try {
      const { host, port } = this.#endpoint
      const tls = upgrade && this.#chooses ? withoutH2(this.#endpoint.tls) : this.#endpoint.tls
      const timeoutMs = connectTimeout ?? this.#upstream.config.connectTimeout
      dialed = await this.#runtime.ports.dialer.dial({ host, port, tls, timeoutMs, preface })
    } catch (error) {
      return { fault: dialFault(error) }
    }
    const { protocol } = this.#upstream.config
    if (protocol === 'h2' && this.#endpoint.tls !== undefined && dialed.alpn !== 'h2') {
      dialed.duplex.destroy()
      const detail = `${this.#endpoint.address} does not take HTTP/2`
      return { fault: { code: 'UPSTREAM_TLS_FAILED', detail } }
    }
    const asked = { endpoint: this.#endpoint, dialed }
    const goodUntil = await checkEndpoint(this.#runtime.ports, asked)
    if (typeof goodUntil === 'object') {
      dialed.duplex.destroy()
      return { fault: goodUntil }
    }
    const side = this.#open(dialed, goodUntil)
    if (!upgrade) this.#prefersH1 = side instanceof UpstreamH1
    return { side }
  }

  /** The place where ALPN, or the configuration, chooses the codec. */
  #open(dialed: Dialed, goodUntil: number): ServerSide {
    const { ports } = this.#runtime
    ports.observer.upstreamConnection(this.#upstream.name, 1)
    const options = this.#options(dialed, goodUntil)
    if (dialed.alpn !== 'h2' && !this.#speaksH2) {
      const connection = new UpstreamH1({ ...options, owner: this })
      this.#all.add(connection)
      return connection
    }
    const connection = new UpstreamH2({
      ...options,
      clock: ports.clock,
      scheme: this.#endpoint.tls === undefined ? 'http' : 'https',
      idleTimeout: this.#upstream.config.keepAlive.idleTimeout,
      requests: this.#upstream.config.keepAlive.requests,
      http2: this.#runtime.snapshot.limits.http2,
      onGone: (gone) => this.onGone(gone),
    })
    this.#all.add(connection)
    const side = connection.stream()
    if (this.#retired || this.#upstream.config.proxyProtocol !== undefined) connection.retire()
    else this.#shared.push(connection)
    return side
  }

  #options(dialed: Dialed, goodUntil: number): UpstreamOptions {
    const { ports, ticker, snapshot } = this.#runtime
    return {
      dialed,
      ticker,
      latin1: ports.latin1,
      headSize: snapshot.limits.headSize,
      headerCount: snapshot.limits.headerCount,
      goodUntil,
      onFailure: (error) => this.#runtime.failed(error),
    }
  }
}

/** The same profile without HTTP/2 among what is offered. */
function withoutH2(tls: TlsClientProfile | undefined): TlsClientProfile | undefined {
  return tls && { ...tls, id: `${tls.id} http/1.1`, alpn: ['http/1.1'] }
}

function remove<T>(list: T[], item: object): void {
  const at = list.indexOf(item as T)
  if (at >= 0) list.splice(at, 1)
}
