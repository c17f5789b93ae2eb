import type { IKeyValue, IRangeRequest } from 'etcd3'
import {
  checkTransaction,
  type Committed,
  type Found,
  isStoreFailure,
  type ListOptions,
  type Page,
  StoreBase,
  type StoreFailure,
  storeFailure,
  type Transaction,
  type WatchEvent,
} from '../../core/store/mod.ts'
import { EtcdClient } from './client.ts'
import { EtcdCommit } from './commit.ts'
import { bytes, KeyLayout, type KeyRange, toDocument } from './keys.ts'
import { checkOptions, type EtcdStoreOptions } from './options.ts'
import { Pace, type PaceOptions } from './pace.ts'
import { EtcdWatch } from './watch.ts'

/** What of a flood of changes traffic hardly notices. */
const CHANGES_PER_SECOND = 1000

/** Documents asked for at a time. */
const PAGE = 500

/** Documents in etcd, shared with whoever else writes below the same prefix. */
export class EtcdStore extends StoreBase {
  readonly #client: EtcdClient
  readonly #layout: KeyLayout
  readonly #watches = new Set<EtcdWatch>()
  readonly #pace: PaceOptions

  private constructor(options: EtcdStoreOptions) {
    super()
    this.#client = new EtcdClient(options)
    this.#layout = new KeyLayout(options.prefix)
    const { clock, changesPerSecond = CHANGES_PER_SECOND, hurry = () => false } = options
    this.#pace = { clock, changesPerSecond, hurry }
  }

  /** Makes a store of options that make sense; etcd is spoken with when it is asked for something. */
  static open(options: EtcdStoreOptions): EtcdStore | StoreFailure {
    const wrong = checkOptions(options)
    if (wrong !== undefined) return wrong
    try {
      return new EtcdStore(options)
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      return storeFailure('invalid', `Use etcd at "${options.endpoints.join(' ')}": ${message}`)
    }
  }

  override async get(key: string): Promise<Found | StoreFailure> {
    const range = { key: bytes(this.#layout.full(key)) }
    const answer = await this.#range(`Get "${key}"`, range)
    if (isStoreFailure(answer)) return answer
    const pair = answer.pairs[0]
    const document = pair === undefined ? undefined : toDocument(this.#layout, pair)
    return { document, revision: answer.revision }
  }

  override async list(prefix: string, options: ListOptions = {}): Promise<Page | StoreFailure> {
    for (let tries = 0;; tries++) {
      const page = await this.#list(prefix, options)
      const compacted = isStoreFailure(page) && /has been compacted/.test(page.message)
      // The revision that the first part was read at went while the rest was read.
      if (!compacted || tries === 3) return page
    }
  }

  override commit(transaction: Transaction): Promise<Committed | StoreFailure> {
    const wrong = checkTransaction(transaction)
    if (wrong !== undefined) return Promise.resolve(wrong)
    if (this.#client.closed) return Promise.resolve(this.#client.closedFailure('Commit'))
    return new EtcdCommit(this.#client, this.#layout, transaction).run()
  }

  override watch(
    prefix: string,
    after: number,
    receive: (event: WatchEvent) => void,
  ): () => void {
    const over = (): void => void this.#watches.delete(watch)
    const watch: EtcdWatch = new EtcdWatch(this.#client, this.#layout, {
      prefix,
      after,
      pace: new Pace(this.#pace),
      receive,
      over,
    })
    this.#watches.add(watch)
    void watch.start()
    return () => watch.stop()
  }

  override close(): Promise<void> {
    const failure = this.#client.closedFailure('Watch')
    for (const watch of this.#watches) watch.end({ kind: 'ended', failure })
    this.#client.close()
    return Promise.resolve()
  }

  async #list(
    prefix: string,
    { after, limit = Infinity }: ListOptions,
  ): Promise<Page | StoreFailure> {
    const pairs: IKeyValue[] = []
    let { start, end }: KeyRange = this.#layout.below(prefix)
    if (after !== undefined && this.#layout.full(after) >= start) {
      start = this.#layout.full(after) + '\0'
    }
    let revision: number | undefined
    for (;;) {
      const part = await this.#range(`List "${prefix}"`, {
        key: bytes(start),
        range_end: bytes(end),
        limit: String(Math.min(PAGE, limit - pairs.length)),
        ...(revision === undefined ? {} : { revision: String(revision) }),
      })
      if (isStoreFailure(part)) return part
      revision ??= part.revision
      pairs.push(...part.pairs)
      if (!part.more || pairs.length >= limit) {
        const documents = pairs.map((pair) => toDocument(this.#layout, pair))
        return { documents, revision, more: part.more }
      }
      start = `${pairs.at(-1)?.key.toString('utf8') ?? start}\0`
    }
  }

  async #range(
    action: string,
    request: IRangeRequest,
  ): Promise<{ pairs: IKeyValue[]; revision: number; more: boolean } | StoreFailure> {
    const answer = await this.#client.ask(action, () => this.#client.etcd.kv.range(request))
    if (isStoreFailure(answer)) return answer
    return { pairs: answer.kvs, revision: Number(answer.header.revision), more: answer.more }
  }
}
