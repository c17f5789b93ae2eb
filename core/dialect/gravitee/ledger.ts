import {
  type Condition,
  isStoreFailure,
  type Json,
  type Operation,
  type StoreFailure,
} from '../../store/mod.ts'
import type { DialectContext } from '../types.ts'
import { type AuditNote, changed } from './audit.ts'
import type { Catalogue } from './catalogue.ts'
import { Fault } from './faults.ts'
import { Ids } from './ids.ts'
import { auditKey, FOLDERS } from './keys.ts'
import type { AuditDocument } from './model.ts'

/** A change to be made all at once. */
export interface Draft {
  readonly operations: readonly Operation[]
  /** Documents that must still be as they were read. */
  readonly conditions: readonly Condition[]
  readonly audits: readonly AuditNote[]
  /** Whether traffic depends on it: then the answer waits until the gateway works by it. */
  readonly inForce: boolean
}

/** How often a change is made anew that another one got in the way of. */
const ATTEMPTS = 8
/** Audits that are kept; the oldest go. */
const KEPT_AUDITS = 100_000
/** Audits that are read at once. */
const AT_ONCE = 500

/** Makes changes in the store: all or nothing, with their audits, and in force before they are answered. */
export class Ledger {
  readonly ids: Ids
  readonly #context: DialectContext
  readonly #catalogue: Catalogue
  #auditsAsked = false
  readonly #locks = new Map<string, Promise<unknown>>()

  readonly #tries: boolean

  /** With `tries` drafts are made, so that all that stands in their way is told, and nothing more. */
  constructor(
    context: DialectContext,
    catalogue: Catalogue,
    { tries = false }: { readonly tries?: boolean } = {},
  ) {
    this.#context = context
    this.#catalogue = catalogue
    this.#tries = tries
    this.ids = new Ids(context)
  }

  now(): number {
    return this.#context.clock.now()
  }

  /**
   * Makes a change for someone. `draft` is asked again where a document that it depends on was changed meanwhile; it
   * throws Fault where nothing is to be done. Changes under the same `lock` are made one after another.
   */
  async change<T>(
    { by, lock }: { readonly by: string; readonly lock: string },
    draft: () => Promise<Draft & { readonly result: T }> | (Draft & { readonly result: T }),
  ): Promise<T> {
    if (this.#tries) return (await draft()).result
    const { revision, result } = await this.#locked(lock, () => this.#attempt(by, draft))
    if (revision !== undefined) await this.#inForce(revision)
    return result
  }

  async #locked<T>(lock: string, task: () => Promise<T>): Promise<T> {
    const before = this.#locks.get(lock) ?? Promise.resolve()
    const mine = before.then(task, task)
    this.#locks.set(lock, mine)
    try {
      return await mine
    } finally {
      if (this.#locks.get(lock) === mine) this.#locks.delete(lock)
    }
  }

  async #attempt<T>(
    by: string,
    draft: () => Promise<Draft & { readonly result: T }> | (Draft & { readonly result: T }),
  ): Promise<{ readonly revision: number | undefined; readonly result: T }> {
    for (let attempt = 1;; attempt++) {
      const { operations, conditions, audits, inForce, result } = await draft()
      if (operations.length === 0) return { revision: undefined, result }
      void this.#learnAudits()
      const noted = this.#auditOperations(by, audits)
      const done = await this.#context.store.commit({
        by: `gravitee:${by}`,
        operations: [...operations, ...noted],
        conditions,
      })
      if (!isStoreFailure(done)) {
        this.#catalogue.take(done.changes, done.revision)
        return { revision: inForce ? done.revision : undefined, result }
      }
      for (const each of noted) if ('delete' in each) this.#catalogue.audits.add(each.delete)
      if (done.failure !== 'conflict' || attempt === ATTEMPTS) throw storeFault(done)
      await this.#readAnew(done.key, conditions)
    }
  }

  /** A store need not have told of those that were there at the start. Nobody waits until all are known. */
  async #learnAudits(): Promise<void> {
    if (this.#auditsAsked) return
    this.#auditsAsked = true
    const { clock, store } = this.#context
    if (this.#catalogue.audits.size > 0) return
    for (let after: string | undefined, more = true; more;) {
      const options = after === undefined ? {} : { after }
      const page = await store.list(FOLDERS.audit, { ...options, limit: AT_ONCE })
      if (isStoreFailure(page)) return void (this.#auditsAsked = false)
      for (const { key } of page.documents) this.#catalogue.audits.add(key)
      after = page.documents.at(-1)?.key
      more = page.more && after !== undefined
      await new Promise<void>((resolve) => clock.soon(resolve))
    }
  }

  #auditOperations(by: string, notes: readonly AuditNote[]): Operation[] {
    const operations: Operation[] = notes.map((note) => {
      const id = this.ids.next()
      const createdAt = this.now()
      const { event, reference, properties } = note
      const { before, after } = changed(note.before, note.after)
      const audit: AuditDocument = {
        id,
        event,
        user: by,
        createdAt,
        reference,
        properties,
        before,
        after,
      }
      return { put: auditKey(createdAt, id), value: audit as unknown as Json }
    })
    const surplus = this.#catalogue.audits.size + notes.length - KEPT_AUDITS
    if (surplus <= 0) return operations
    // One more than comes, so that a surplus goes by and by.
    const going = Math.min(surplus, notes.length + 1)
    for (const key of this.#catalogue.audits.last(going)) {
      operations.push({ delete: key })
      // Others that are under way meanwhile take the next ones.
      this.#catalogue.audits.delete(key)
    }
    return operations
  }

  /** Learns what is in the store now, so that the next attempt starts from there. */
  async #readAnew(key: string | undefined, conditions: readonly Condition[]): Promise<void> {
    for (const each of key === undefined ? conditions.map((condition) => condition.key) : [key]) {
      const found = await this.#context.store.get(each)
      if (isStoreFailure(found)) throw storeFault(found)
      this.#catalogue.take([{ key: each, document: found.document }], found.revision)
    }
  }

  async #inForce(revision: number): Promise<void> {
    const state = await this.#context.inForce(revision)
    if (state.ok) return
    const reasons = state.problems.map(({ message }) => message).join('; ')
    const message = `The change is stored, but the gateway does not work by it: ${reasons}`
    throw new Fault(500, message, { code: 'gateway.notInForce' })
  }
}

function storeFault({ failure, message }: StoreFailure): Fault {
  const status = failure === 'conflict' ? 409 : failure === 'invalid' ? 400 : 503
  return new Fault(status, message, { code: `store.${failure}` })
}
