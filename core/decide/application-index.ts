import { ApiKeyTable } from '../plan/mod.ts'
import { stepping, type Steps } from '../route/mod.ts'
import type { CompiledFilter, Consumers } from '../filter/mod.ts'
import type { Application, Credential, CredentialLookup } from '../plan/mod.ts'
import type { ApiKeyConfig, ApplicationConfig, CertificateSummary } from '../snapshot/types.ts'

/** A certificate of an application. */
export interface ApplicationCertificate extends Credential {
  readonly certificate: CertificateSummary
}

/** An application, ready for use. */
export interface CompiledApplication extends Application {
  readonly config: ApplicationConfig
  readonly certificates: readonly ApplicationCertificate[]
  readonly apiKeys: readonly ApiKeyConfig[]
  readonly filters?: readonly CompiledFilter[]
}

/** Two applications that claim the same token. */
export interface Clash {
  readonly kind: 'certificate' | 'api-key'
  /** The fingerprint; empty for keys, which are not told. */
  readonly fingerprint: string
  readonly application: CompiledApplication
  readonly other: CompiledApplication
}

/** One layer of look-up tables. */
interface Tables {
  readonly byName: Map<string, CompiledApplication>
  readonly byFingerprint: Map<string, ApplicationCertificate>
  readonly byKey: ApiKeyTable<Credential>
  readonly byClientId: Map<string, CompiledApplication>
  /** By the user of a login. */
  readonly byUser: Map<string, CompiledApplication>
}

/** A change to the applications. */
export interface ApplicationChange {
  readonly put: readonly CompiledApplication[]
  readonly remove: readonly string[]
}

/** An index, and what more than one application of it claims. */
export interface Indexed {
  readonly index: ApplicationIndex
  readonly clashes: readonly Clash[]
}

/** Beyond so many changed applications, or this part of all where that is more, the layers are merged into one. */
const OVERLAY = { least: 256, part: 64, most: 1024 }

/**
 * All applications, by name, certificate and API key.
 *
 * A small layer of changes lies over a big one that is shared by many snapshots, so a change costs what changed. A
 * credential of the big layer counts only while its application is still the one the big layer knew.
 */
export class ApplicationIndex implements CredentialLookup, Consumers {
  readonly #seed: number
  readonly #base: Tables
  readonly #over: Tables
  /** Applications of the base that were replaced or removed. */
  readonly #gone: ReadonlySet<string>

  private constructor(seed: number, base: Tables, over: Tables, gone: ReadonlySet<string>) {
    this.#seed = seed
    this.#base = base
    this.#over = over
    this.#gone = gone
  }

  /** Indexes applications. Of two that claim the same token the first keeps it. */
  static *create(applications: Iterable<CompiledApplication>, seed: number): Steps<Indexed> {
    const clashes: Clash[] = []
    const index = new ApplicationIndex(seed, emptyTables(seed), emptyTables(seed), new Set())
    yield* stepping(applications, (each) => index.#add(index.#base, each, clashes))
    return { index, clashes }
  }

  get size(): number {
    return this.#base.byName.size - this.#gone.size + this.#over.byName.size
  }

  get(name: string): CompiledApplication | undefined {
    return this.#over.byName.get(name) ??
      (this.#gone.has(name) ? undefined : this.#base.byName.get(name))
  }

  byCertificate(fingerprint: string): ApplicationCertificate | undefined {
    return this.#over.byFingerprint.get(fingerprint) ??
      this.#standing(this.#base.byFingerprint.get(fingerprint))
  }

  byApiKey(key: string): Credential | undefined {
    return this.#over.byKey.get(key) ?? this.#standing(this.#base.byKey.get(key))
  }

  byLogin(user: string): CompiledApplication | undefined {
    const over = this.#over.byUser.get(user)
    if (over !== undefined) return over
    const found = this.#base.byUser.get(user)
    return found === undefined || this.#gone.has(found.name) ? undefined : found
  }

  byClientId(clientId: string): CompiledApplication | undefined {
    const over = this.#over.byClientId.get(clientId)
    if (over !== undefined) return over
    const found = this.#base.byClientId.get(clientId)
    return found === undefined || this.#gone.has(found.name) ? undefined : found
  }

  *[Symbol.iterator](): IterableIterator<CompiledApplication> {
    for (const application of this.#base.byName.values()) {
      if (!this.#gone.has(application.name)) yield application
    }
    yield* this.#over.byName.values()
  }

  /** The same with a change made to it; this one stays as it is. Costs what changed, most of the time. */
  *with(change: ApplicationChange): Steps<Indexed> {
    const dropped = new Set([...change.remove, ...change.put.map((each) => each.name)])
    const kept = [...this.#over.byName.values()].filter((each) => !dropped.has(each.name))
    const most = Math.min(Math.max(OVERLAY.least, this.size / OVERLAY.part), OVERLAY.most)
    if (kept.length + change.put.length + this.#gone.size > most) {
      const all = [...this].filter((each) => !dropped.has(each.name))
      return yield* ApplicationIndex.create([...all, ...change.put], this.#seed)
    }
    const gone = new Set(this.#gone)
    for (const name of dropped) if (this.#base.byName.has(name)) gone.add(name)
    const next = new ApplicationIndex(this.#seed, this.#base, emptyTables(this.#seed), gone)
    const clashes: Clash[] = []
    for (const application of [...kept, ...change.put]) next.#add(next.#over, application, clashes)
    return { index: next, clashes }
  }

  #standing<C extends Credential>(credential: C | undefined): C | undefined {
    if (credential === undefined || this.#gone.size === 0) return credential
    return this.#gone.has(credential.application.name) ? undefined : credential
  }

  #add(tables: Tables, application: CompiledApplication, clashes: Clash[]): void {
    tables.byName.set(application.name, application)
    const { clientId } = application.config
    // Of two with the same client id the first keeps it: neither could be told from the other.
    if (clientId !== undefined && this.byClientId(clientId) === undefined) {
      tables.byClientId.set(clientId, application)
    }
    for (const credential of application.certificates) {
      const fingerprint = credential.certificate.sha256
      const owner = this.byCertificate(fingerprint)
      if (owner === undefined) tables.byFingerprint.set(fingerprint, credential)
      else if (owner.application !== application) {
        const other = owner.application as CompiledApplication
        clashes.push({ kind: 'certificate', fingerprint, application, other })
      }
    }
    for (const { user } of application.config.logins ?? []) {
      if (this.byLogin(user) === undefined) tables.byUser.set(user, application)
    }
    for (const { key, from, until, only, id } of application.apiKeys) {
      const owner = this.byApiKey(key)
      if (owner === undefined) tables.byKey.add(key, { application, from, until, only, id })
      else if (owner.application !== application) {
        const other = owner.application as CompiledApplication
        clashes.push({ kind: 'api-key', fingerprint: '', application, other })
      }
    }
  }
}

function emptyTables(seed: number): Tables {
  return {
    byName: new Map(),
    byFingerprint: new Map(),
    byClientId: new Map(),
    byKey: new ApiKeyTable(seed),
    byUser: new Map(),
  }
}
