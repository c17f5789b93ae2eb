import { StoreBase } from './base.ts'
import { isStoreFailure, storeFailure } from './failure.ts'
import { copyJson } from './json.ts'
import type { KeyRing } from './keys.ts'
import { mayBeSealed, privateKeyPaths, seal, type SecretsOf, unseal } from './seal.ts'
import type {
  Change,
  Committed,
  Found,
  Json,
  ListOptions,
  Operation,
  Page,
  Store,
  StoredDocument,
  StoreFailure,
  Transaction,
  WatchEvent,
} from './types.ts'

/** Documents unsealed at the same time, so that cryptography is busy and memory is not. */
const AT_ONCE = 64

/** What a sealing store needs. */
export interface SealedStoreOptions {
  readonly store: Store
  readonly ring: KeyRing
  /** Which fields are secret, besides private keys in PEM, which always are. */
  readonly secretsOf?: SecretsOf
  /** Asked for the keys again where a document names one that is not known, such as after a rekey. */
  readonly reload?: () => Promise<KeyRing | StoreFailure>
  /**
   * Told of a document that cannot be unsealed. It is then listed and watched as it is, sealed, so that one of
   * thousands does not hide the rest; without this, reading ends there. Asking for it alone fails either way.
   */
  readonly unreadable?: (failure: StoreFailure) => void
}

/** Seals secrets on their way into another store and unseals them on their way out. */
export class SealedStore extends StoreBase {
  readonly #store: Store
  readonly #options: SealedStoreOptions
  #ring: KeyRing

  constructor(options: SealedStoreOptions) {
    super()
    this.#store = options.store
    this.#options = options
    this.#ring = options.ring
  }

  override async get(key: string): Promise<Found | StoreFailure> {
    const found = await this.#store.get(key)
    if (isStoreFailure(found) || found.document === undefined) return found
    const document = await this.#open(found.document)
    return isStoreFailure(document) ? document : { ...found, document }
  }

  override async list(prefix: string, options?: ListOptions): Promise<Page | StoreFailure> {
    const page = await this.#store.list(prefix, options)
    if (isStoreFailure(page)) return page
    const documents = [...page.documents]
    // Nearly all have no secret: a hundred thousand of them are not waited for one by one, nor are those that have.
    let opening: Promise<StoreFailure | undefined>[] = []
    for (const [at, sealed] of page.documents.entries()) {
      if (!mayBeSealed(sealed)) continue
      opening.push(
        this.#openOrLeave(sealed).then((document) => {
          if (isStoreFailure(document)) return document
          documents[at] = document
          return undefined
        }),
      )
      if (opening.length < AT_ONCE) continue
      const failed = (await Promise.all(opening)).find((each) => each !== undefined)
      if (failed !== undefined) return failed
      opening = []
    }
    const failed = (await Promise.all(opening)).find((each) => each !== undefined)
    return failed ?? { ...page, documents }
  }

  override async commit(transaction: Transaction): Promise<Committed | StoreFailure> {
    const operations: Operation[] = []
    for (const operation of transaction.operations) {
      const sealed = 'put' in operation ? await this.#seal(operation) : operation
      if (isStoreFailure(sealed)) return sealed
      operations.push(sealed)
    }
    const done = await this.#store.commit({ ...transaction, operations })
    if (isStoreFailure(done)) return done
    const changes = await this.#openAll(done.changes)
    return isStoreFailure(changes) ? changes : { ...done, changes }
  }

  override watch(
    prefix: string,
    after: number,
    receive: (event: WatchEvent) => void,
  ): () => void {
    let stopped = false
    // Unsealing takes time; one event waits for the other, so that the order stays.
    let line = Promise.resolve()
    const stop = this.#store.watch(prefix, after, (event) => {
      line = line.then(async () => {
        if (stopped) return
        const opened = await this.#openEvent(event)
        if (stopped) return
        if (opened.kind === 'ended') cancel()
        receive(opened)
      })
    })
    const cancel = (): void => {
      stopped = true
      stop()
    }
    return cancel
  }

  override close(): Promise<void> {
    return this.#store.close()
  }

  async #seal(
    operation: Extract<Operation, { put: string }>,
  ): Promise<Operation | StoreFailure> {
    const { put: key } = operation
    const value = copyJson(operation.value)
    if (value === undefined) return storeFailure('invalid', `Put "${key}": its value is not JSON`)
    const paths = [...this.#options.secretsOf?.(key, value) ?? [], ...privateKeyPaths(value)]
    return { ...operation, value: await seal(value, paths, { key, ring: this.#ring }) }
  }

  async #open(document: StoredDocument): Promise<StoredDocument | StoreFailure> {
    const { key, value: sealed } = document
    let value = await unseal(sealed, { key, ring: this.#ring })
    if (isStoreFailure(value) && this.#options.reload !== undefined) {
      const ring = await this.#options.reload()
      if (isStoreFailure(ring)) return ring
      this.#ring = ring
      value = await unseal(sealed, { key, ring })
    }
    if (isStoreFailure(value)) return value
    return value === sealed ? document : withValue(document, value)
  }

  async #openOrLeave(sealed: StoredDocument): Promise<StoredDocument | StoreFailure> {
    const opened = await this.#open(sealed)
    const { unreadable } = this.#options
    if (!isStoreFailure(opened) || opened.failure !== 'corrupt' || unreadable === undefined) {
      return opened
    }
    unreadable(opened)
    return sealed
  }

  async #openAll(changes: readonly Change[]): Promise<readonly Change[] | StoreFailure> {
    const opened: Change[] = []
    for (const change of changes) {
      const { document: sealed } = change
      const document = sealed !== undefined && mayBeSealed(sealed)
        ? await this.#openOrLeave(sealed)
        : sealed
      if (isStoreFailure(document)) return document
      opened.push({ key: change.key, document })
    }
    return opened
  }

  async #openEvent(event: WatchEvent): Promise<WatchEvent> {
    if (event.kind !== 'changes') return event
    const changes = await this.#openAll(event.changes)
    return isStoreFailure(changes) ? { kind: 'ended', failure: changes } : { ...event, changes }
  }
}

/** The same document with another value; what a store knows of the one that it keeps is not true of it. */
function withValue(
  { key, createRevision, modifyRevision, version, expires }: StoredDocument,
  value: Json,
): StoredDocument {
  const document = { key, value, createRevision, modifyRevision, version }
  return Object.freeze(expires === undefined ? document : { ...document, expires })
}
