import type { Readable } from 'node:stream'
import type { Etcd3, IEvent, IWatchResponse } from 'etcd3'
import { type Change, isStoreFailure, type WatchEvent } from '../../core/store/mod.ts'
import { backOff, type EtcdClient } from './client.ts'
import { bytes, type KeyLayout, readAudit, toDocument } from './keys.ts'
import type { Pace } from './pace.ts'

/** How often a member is asked whether it is still there; after two such times in silence it is not. */
const PROBE_MS = 1500
const FIRST_WAIT_MS = 100
const LONGEST_WAIT_MS = 5000

type Stream =
  & Awaited<ReturnType<Etcd3['watchClient']['watch']>>
  & Pick<Readable, 'pause' | 'resume'>
type CallOptions = NonNullable<Parameters<Etcd3['watchClient']['watch']>[0]>
type Interceptor = NonNullable<CallOptions['interceptors']>[number]

/** What is watched, and who is told. */
export interface WatchRequest {
  readonly prefix: string
  /** The last revision that is known. */
  readonly after: number
  readonly pace: Pace
  readonly receive: (event: WatchEvent) => void
  /** Called when the watch is over, however it ended. */
  readonly over: () => void
}

/**
 * One watch that outlives the members it runs through. It remembers the last revision it told and asks for what
 * comes after that, so nothing is lost or told twice.
 */
export class EtcdWatch {
  readonly #client: EtcdClient
  readonly #layout: KeyLayout
  readonly #request: WatchRequest
  #told: number
  #stream: Stream | undefined
  /** Probes since the last word from the member. */
  #silence = 0
  #failures = 0
  #lost = false
  #over = false
  #cancelTimer: () => void = () => {}
  #cancelRest: () => void = () => {}

  constructor(client: EtcdClient, layout: KeyLayout, request: WatchRequest) {
    this.#client = client
    this.#layout = layout
    this.#request = request
    this.#told = request.after
  }

  /** Ends the watch without a word. */
  stop(): void {
    if (this.#over) return
    this.#over = true
    this.#drop()
    this.#request.over()
  }

  /** Ends the watch with a last word. */
  end(event: WatchEvent): void {
    if (this.#over) return
    this.stop()
    this.#request.receive(event)
  }

  async start(): Promise<void> {
    // A question to the whole cluster: it renews a token that ran out, and tells how far the cluster is.
    const now = await this.#client.etcd.kv.range({
      key: bytes(this.#layout.audit),
      keys_only: true,
    })
      .catch((error: unknown) => this.#client.failure('Watch', error))
    if (this.#over) return
    if (isStoreFailure(now)) return this.#again(now.message)
    const revision = Number(now.header.revision)
    // The cluster was put back to an earlier state: what was told may never have been.
    if (revision < this.#told) return this.end({ kind: 'compacted', revision })
    try {
      const stream = await this.#client.etcd.watchClient.watch({ interceptors: [wantLeader] })
      this.#open(stream as Stream)
    } catch (error) {
      this.#again(this.#client.failure('Watch', error).message)
    }
  }

  #open(stream: Stream): void {
    if (this.#over) return stream.cancel()
    this.#stream = stream
    this.#silence = 0
    const current = (): boolean => this.#stream === stream && !this.#over
    stream.on('data', (response) => {
      if (!current()) return
      this.#take(response)
      stream.pause()
      this.#request.pace.took(response.events.length)
      // There is traffic between two responses.
      this.#client.clock.soon(() => this.#resume(stream))
    })
    // Listened to even when the stream is no longer ours: cancelling it is an error, too.
    stream.on('error', (error) => {
      if (current()) this.#again(this.#client.failure('Watch', error).message)
    })
    stream.on('end', () => {
      if (current()) this.#again('Watch etcd: the member ended the watch')
    })
    const { end } = this.#layout.below(this.#request.prefix)
    stream.write({
      create_request: {
        key: bytes(this.#layout.audit),
        range_end: bytes(end),
        start_revision: String(this.#told + 1),
      },
    })
    this.#cancelTimer = this.#client.clock.every(PROBE_MS, () => this.#probe())
  }

  /** Listens on once the pace allows it. */
  #resume(stream: Stream): void {
    if (this.#stream !== stream) return
    const rest = this.#request.pace.rest()
    if (rest === 0) return void stream.resume()
    this.#cancelRest = this.#client.clock.after(rest, () => this.#resume(stream))
  }

  #probe(): void {
    if (++this.#silence > 2) return this.#again('Watch etcd: the member fell silent')
    this.#stream?.write({ progress_request: {} })
  }

  #take(response: IWatchResponse): void {
    this.#silence = 0
    if (response.canceled) {
      const compacted = Number(response.compact_revision)
      if (compacted > 0) return this.end({ kind: 'compacted', revision: compacted })
      return this.#again(`Watch etcd: ${response.cancel_reason || 'the member refused'}`)
    }
    if (response.created) {
      this.#failures = 0
      if (this.#lost) this.#request.receive({ kind: 'regained' })
      this.#lost = false
      return
    }
    // All events of one revision come in one response; one response may hold several revisions.
    for (let at = 0; at < response.events.length && !this.#over;) {
      const revision = response.events[at]?.kv.mod_revision
      let end = at
      while (response.events[end]?.kv.mod_revision === revision && end < response.events.length) {
        end++
      }
      this.#tell(Number(revision), response.events.slice(at, end))
      at = end
    }
  }

  #tell(revision: number, events: readonly IEvent[]): void {
    if (revision <= this.#told) return
    this.#told = revision
    const changes: Change[] = []
    let audit: ReturnType<typeof readAudit>
    for (const { type, kv } of events) {
      const key = this.#layout.own(kv.key)
      if (this.#layout.full(key) === this.#layout.audit) audit = readAudit(kv.value)
      else if (key.startsWith(this.#request.prefix) && key >= '/0') {
        const document = type === 'Delete' ? undefined : toDocument(this.#layout, kv)
        changes.push({ key, document })
      }
    }
    if (changes.length === 0) return
    const by = audit === undefined ? {} : { by: audit.by, at: audit.at }
    this.#request.receive({ kind: 'changes', revision, changes, ...by })
  }

  /** Lets go of the member and begins anew after a while. */
  #again(message: string): void {
    if (this.#over) return
    this.#drop()
    if (!this.#lost) {
      this.#lost = true
      this.#request.receive({ kind: 'lost', message })
      if (this.#over) return
    }
    const longest = backOff(this.#failures++, FIRST_WAIT_MS, LONGEST_WAIT_MS)
    const wait = longest * (0.5 + this.#client.random() / 2)
    this.#cancelTimer = this.#client.clock.after(wait, () => void this.start())
  }

  #drop(): void {
    this.#cancelTimer()
    this.#cancelRest()
    this.#stream?.cancel()
    this.#stream = undefined
  }
}

/** A member that lost its leader ends the watch instead of keeping still (etcd: clientv3.WithRequireLeader). */
const wantLeader: Interceptor = (options, next) => {
  const call = next(options)
  const start = call.start.bind(call)
  call.start = (metadata, listener) => {
    const own = metadata.clone()
    own.set('hasleader', 'true')
    start(own, listener)
  }
  return call as ReturnType<Interceptor>
}
