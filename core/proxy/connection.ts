import { isVerdictCurrent, policyOf } from '../decide/mod.ts'
import type { ClientCertificate, CompiledListener, Peer, Refusal, Snapshot } from '../decide/mod.ts'
import type { HeaderList, RequestHead } from '../wire/mod.ts'
import type { Identifier } from './identify.ts'
import { Login } from './login.ts'
import type { LocalHandler } from './local.ts'
import { clientFields } from './request-head.ts'
import type { Ends } from './passage.ts'
import type { Runtime } from './runtime.ts'

/** What is known of a client's connection once it can carry requests. */
export interface ConnectionFacts {
  /** The name its listener has now. */
  readonly listenerName: () => string
  /** The client's address, after PROXY protocol. */
  readonly address: string
  /** The address of the connection's own other end. */
  readonly peerAddress: string
  /** Both ends, after PROXY protocol. */
  readonly ends: Ends
  readonly secure: boolean
  readonly sni: string
  /** DER, leaf first, as presented in the handshake. */
  readonly chain: readonly Uint8Array[]
  readonly certificate: ClientCertificate | undefined
  /** Where set, requests are answered in the process. */
  readonly handler: LocalHandler | undefined
  readonly onOver: () => void
}

/** A client's connection, whatever version of HTTP it speaks: who is there, under the current snapshot. */
export class ClientConnection {
  readonly facts: ConnectionFacts
  /** Fields that tell the upstream about the client. */
  readonly clientFields: HeaderList
  readonly #runtime: Runtime
  readonly #identifier: Identifier
  #snapshot: Snapshot | undefined
  readonly login: Login = new Login()
  #limitsOf: Snapshot
  #limits: Snapshot['limits']
  #peer: Peer | undefined
  #certificate: ClientCertificate | undefined

  constructor(runtime: Runtime, identifier: Identifier, facts: ConnectionFacts) {
    this.#runtime = runtime
    this.#identifier = identifier
    this.facts = facts
    this.#certificate = facts.certificate
    this.#limitsOf = runtime.snapshot
    this.#limits = this.listener?.limits ?? runtime.snapshot.limits
    this.clientFields = clientFields(facts.address, facts.ends.destination.port, facts.secure)
  }

  /** The limits that hold here now. */
  get limits(): Snapshot['limits'] {
    const { snapshot } = this.#runtime
    if (this.#limitsOf !== snapshot) {
      this.#limitsOf = snapshot
      this.#limits = this.listener?.limits ?? snapshot.limits
    }
    return this.#limits
  }

  /** The listener as it is configured now; undefined: it is no longer there. */
  get listener(): CompiledListener | undefined {
    return this.#runtime.snapshot.listeners.get(this.facts.listenerName())
  }

  /** Whether its head may have folded lines: a trusted proxy's may, which passes certificates on in a header. */
  get mayFold(): boolean {
    const proxies = this.listener?.trustedProxies
    return proxies?.clientCertificateHeader !== undefined &&
      proxies.trusts(this.facts.peerAddress, this.facts.certificate?.fingerprint)
  }

  /**
   * Phase **identify** of one request. Nearly always what was found before still holds, and one
   * comparison says so; after a change of trust, or of the time, the chain is judged again.
   */
  peerFor(head: RequestHead, now: number): Peer | Promise<Peer> {
    const peer = this.#peer
    if (
      peer !== undefined && this.#snapshot === this.#runtime.snapshot && !peer.trustedProxy &&
      (peer.certificate === undefined || now < peer.certificate.verdict.validUntil)
    ) return peer
    return this.#identify(head, now)
  }

  /** A request or connection was turned away before there was an exchange to say so. */
  refused(refusal: Refusal): void {
    this.#runtime.ports.observer.refusedConnection({
      time: this.#runtime.ports.clock.now(),
      listener: this.facts.listenerName(),
      address: this.facts.address,
      sni: this.facts.sni,
      certificate: this.#certificate?.fingerprint ?? '',
      status: refusal.status,
      code: refusal.code,
      detail: refusal.detail,
    })
  }

  /** The connection is gone. */
  over(): void {
    this.facts.onOver()
  }

  #identify(head: RequestHead, now: number): Peer | Promise<Peer> {
    const { listener } = this
    this.#snapshot = this.#runtime.snapshot
    const bare = this.#newPeer(listener)
    if (listener === undefined) return bare
    const policy = policyOf(listener, bare)
    if (bare.trustedProxy && listener.trustedProxies?.clientCertificateHeader !== undefined) {
      const name = listener.trustedProxies.clientCertificateHeader
      return this.#identifier.fromHeader(head.headers, { name, policy, bare, now })
    }
    const { certificate } = bare
    const stale = policy !== undefined && policy.truststore !== undefined &&
      this.facts.chain.length > 0 &&
      (certificate === undefined || !isVerdictCurrent(certificate, policy, now))
    if (!stale) return this.#peer = bare
    return this.#identifier.fromChain(this.facts.chain, policy, now).then((found) => {
      this.#certificate = found
      return this.#peer = { ...bare, certificate: found }
    })
  }

  #newPeer(listener: CompiledListener | undefined): Peer {
    const { address, peerAddress, secure, sni } = this.facts
    const certificate = this.#certificate
    return {
      address,
      listener: this.facts.listenerName(),
      secure,
      sni,
      trustedProxy: listener?.trustedProxies?.trusts(peerAddress, certificate?.fingerprint) ??
        false,
      certificate,
      ends: this.facts.ends,
    }
  }
}
