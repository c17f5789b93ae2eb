import type { ICompare, IKeyValue, IRequestOp, IResponseOp } from 'etcd3'
import {
  type Change,
  type Commit,
  type Committed,
  evaluate,
  isStoreFailure,
  keyOf,
  type StoredDocument,
  type StoreFailure,
  storeFailure,
  type Transaction,
} from '../../core/store/mod.ts'
import type { EtcdClient } from './client.ts'
import { type Audit, bytes, type KeyLayout, readAudit, toDocument } from './keys.ts'

/** How often a transaction that others got in the way of is judged anew. */
const MAX_ROUNDS = 50

/** What keys hold, as of a revision. */
interface Read {
  readonly revision: number
  readonly documents: ReadonlyMap<string, StoredDocument>
}

/** What came of one compare-and-swap: done at a revision, or overtaken. */
type Swapped = { readonly revision: number } | 'overtaken' | StoreFailure

/**
 * Carries one transaction out: reads what it is about, judges it, and swaps only if nothing of that has changed.
 * A try whose answer was lost is told from one that never arrived by the audit record, which names it.
 */
export class EtcdCommit {
  readonly #client: EtcdClient
  readonly #layout: KeyLayout
  readonly #transaction: Transaction
  readonly #action: string
  readonly #keys: readonly string[]

  constructor(client: EtcdClient, layout: KeyLayout, transaction: Transaction) {
    this.#client = client
    this.#layout = layout
    this.#transaction = transaction
    const { operations, conditions = [] } = transaction
    const spoken = [...operations.map(keyOf), ...conditions.map(({ key }) => key)]
    this.#keys = [...new Set(spoken)]
    this.#action = `Commit "${this.#keys[0] ?? ''}"`
  }

  async run(): Promise<Committed | StoreFailure> {
    for (let round = 0; round < MAX_ROUNDS; round++) {
      const read = await this.#read()
      if (isStoreFailure(read)) return read
      const { revision } = read
      const now = this.#client.clock.now()
      const commit = evaluate(this.#transaction, {
        read: (key) => read.documents.get(key),
        revision,
        now,
      })
      if (isStoreFailure(commit)) return commit
      if (commit.changes.length === 0) return { revision, changes: [] }
      const swapped = await this.#swap(read, commit)
      if (swapped === 'overtaken') {
        await this.#client.wait(this.#client.random() * Math.min(50, 2 ** round))
        continue
      }
      return isStoreFailure(swapped) ? swapped : restamp(commit, swapped.revision)
    }
    return storeFailure('conflict', `${this.#action}: others were faster ${MAX_ROUNDS} times`)
  }

  async #read(): Promise<Read | StoreFailure> {
    const { kv } = this.#client.etcd
    const success = this.#keys.map((key) => ({ request_range: { key: this.#bytes(key) } }))
    const answer = await this.#client.ask(this.#action, () => kv.txn({ success }))
    if (isStoreFailure(answer)) return answer
    const documents = answer.responses.flatMap((each) => pairsOf(each))
      .map((pair) => toDocument(this.#layout, pair))
    return {
      revision: Number(answer.header.revision),
      documents: new Map(documents.map((document) => [document.key, document])),
    }
  }

  async #swap(read: Read, commit: Commit): Promise<Swapped> {
    const { kv } = this.#client.etcd
    const audit: Audit = { id: crypto.randomUUID(), by: commit.by, at: commit.at }
    const operations = await this.#operations(commit.changes)
    if (isStoreFailure(operations)) return operations
    const auditKey = bytes(this.#layout.audit)
    const request = {
      compare: this.#keys.map((key) => this.#unchanged(key, read)),
      success: [
        ...operations,
        { request_put: { key: auditKey, value: bytes(JSON.stringify(audit)) } },
      ],
      failure: [{ request_range: { key: auditKey } }],
    }
    let doubts = 0
    const answer = await this.#client.ask(this.#action, () => kv.txn(request), () => doubts++)
    if (isStoreFailure(answer)) return answer
    if (answer.succeeded) return { revision: Number(answer.header.revision) }
    if (doubts === 0) return 'overtaken'
    return await this.#wasItOurs(audit.id, pairsOf(answer.responses[0])[0], commit.changes)
  }

  /** After a lost answer: whether what stands in the way is this very transaction. */
  async #wasItOurs(
    id: string,
    last: IKeyValue | undefined,
    changes: readonly Change[],
  ): Promise<Swapped> {
    if (last !== undefined && readAudit(last.value)?.id === id) {
      return { revision: Number(last.mod_revision) }
    }
    const read = await this.#read()
    if (isStoreFailure(read)) return read
    // Whoever put one of the documents last left an audit record at that revision.
    for (const { key } of changes) {
      const revision = read.documents.get(key)?.modifyRevision
      if (revision === undefined) continue
      const { kv } = this.#client.etcd
      const past = { key: bytes(this.#layout.audit), revision: String(revision) }
      const answer = await this.#client.ask(this.#action, () => kv.range(past))
      if (isStoreFailure(answer)) break
      const found = answer.kvs[0]
      if (found !== undefined && readAudit(found.value)?.id === id) return { revision }
    }
    return storeFailure(
      'unavailable',
      `${this.#action}: an answer was lost and others wrote since; whether it was done is not known`,
    )
  }

  #unchanged(key: string, read: Read): ICompare {
    const revision = read.documents.get(key)?.modifyRevision ?? 0
    return { key: this.#bytes(key), target: 'Mod', result: 'Equal', mod_revision: String(revision) }
  }

  async #operations(changes: readonly Change[]): Promise<IRequestOp[] | StoreFailure> {
    const requests: IRequestOp[] = []
    for (const { key, document } of changes) {
      if (document === undefined) {
        requests.push({ request_delete_range: { key: this.#bytes(key) } })
        continue
      }
      const lease = await this.#lease(key)
      if (isStoreFailure(lease)) return lease
      const value = bytes(JSON.stringify(document.value))
      const kept = lease === undefined && document.expires !== undefined
      requests.push({
        request_put: {
          key: this.#bytes(key),
          value,
          ...(lease === undefined ? {} : { lease }),
          ...(kept ? { ignore_lease: true } : {}),
        },
      })
    }
    return requests
  }

  /** A lease of its own for each document with a lifetime; one that is not used ends by itself. */
  async #lease(key: string): Promise<string | undefined | StoreFailure> {
    const operation = this.#transaction.operations.find((each) => keyOf(each) === key)
    const ttl = operation !== undefined && 'put' in operation ? operation.ttl : undefined
    if (ttl === undefined) return undefined
    const { leaseClient } = this.#client.etcd
    const granted = await this.#client.ask(
      this.#action,
      () => leaseClient.leaseGrant({ TTL: ttl }),
    )
    return isStoreFailure(granted) ? granted : granted.ID
  }

  #bytes(key: string): ReturnType<typeof bytes> {
    return bytes(this.#layout.full(key))
  }
}

/** The revision is the cluster's next, which others may have moved on since it was read. */
function restamp({ changes, revision: expected }: Commit, revision: number): Committed {
  const stamped = changes.map(({ key, document }) => {
    if (document === undefined) return { key, document }
    const createRevision = document.createRevision === expected ? revision : document.createRevision
    return {
      key,
      document: Object.freeze({ ...document, createRevision, modifyRevision: revision }),
    }
  })
  return { revision, changes: stamped }
}

function pairsOf(response: IResponseOp | undefined): readonly IKeyValue[] {
  return response?.response_range?.kvs ?? []
}
