import type { Certificate, Truststore } from '../pki/mod.ts'
import type { TlsClientProfile, TlsServerProfile } from '../port/mod.ts'
import type { ClientPolicy, Snapshot } from './compiled.ts'

/** Keeps one object for equal ids: that of the snapshot in use, if it has one. */
class Kept<T extends { readonly id: string }> {
  readonly #byId = new Map<string, T>()

  keep(value: T): T {
    const known = this.#byId.get(value.id)
    if (known !== undefined) return known
    this.#byId.set(value.id, value)
    return value
  }

  get size(): number {
    return this.#byId.size
  }
}

/** How much more than was in use at first may be kept before a new start is made. */
const SLACK = 1000

/** Identity across snapshots: what is equal stays the same object, so connections need not be touched. */
export class Keeper {
  readonly truststores: Kept<Truststore> = new Kept()
  readonly policies: Kept<ClientPolicy> = new Kept()
  readonly servers: Kept<TlsServerProfile> = new Kept()
  readonly clients: Kept<TlsClientProfile> = new Kept()

  #roots: Promise<readonly Certificate[]> | undefined
  readonly #began: number

  /** What was in use goes on being kept; once much of it is in use no longer, only what the snapshot has. */
  static of(previous: Snapshot | undefined): Keeper {
    const keeper = previous?.keeper
    if (keeper !== undefined && keeper.#size <= 2 * keeper.#began + SLACK) return keeper
    return new Keeper(previous)
  }

  private constructor(previous: Snapshot | undefined) {
    for (const listener of previous?.listeners.values() ?? []) {
      this.#policy(listener.clients)
      for (const { profile, policy } of listener.tls) {
        this.servers.keep(profile)
        this.#policy(policy)
      }
    }
    for (const upstream of previous?.upstreams.values() ?? []) {
      if (upstream.isPlain) continue
      if (upstream.verification !== undefined) {
        this.truststores.keep(upstream.verification.truststore)
      }
      for (const { tls, verification } of upstream.endpoints) {
        if (tls !== undefined) this.clients.keep(tls)
        if (verification !== undefined) this.truststores.keep(verification.truststore)
      }
    }
    this.#roots = previous === undefined ? undefined : previous.keeper.#roots
    this.#began = this.#size
  }

  get #size(): number {
    const { truststores, policies, servers, clients } = this
    return truststores.size + policies.size + servers.size + clients.size
  }

  /** The host's roots, read once. */
  systemRoots(read: () => Promise<readonly Certificate[]>): Promise<readonly Certificate[]> {
    return this.#roots ??= read()
  }

  #policy(policy: ClientPolicy): void {
    this.policies.keep(policy)
    if (policy.truststore !== undefined) this.truststores.keep(policy.truststore)
  }
}
