import { addCounters, Gateway, OnlineVerdicts } from '../../core/mod.ts'
import type {
  Address,
  CompiledListener,
  CounterValues,
  ListenProblem,
  LocalHandler,
  Snapshot,
} from '../../core/mod.ts'
import type { Host, LineSink } from './host.ts'
import { GatewayObserver } from './observers.ts'
import { type Loaded, loadSnapshot, problemLines } from './snapshot-source.ts'

/** Names of listeners that serve the gateway itself. */
export const ADMIN = 'admin'
export const DEMO = 'demo'

/** Which listeners a process has: all, those of clients, or those that are answered within the process. */
export type Share = 'all' | 'traffic' | 'admin'

/** Whether the configuration that was last read is the one in force. */
export interface ReloadState {
  /** Epoch milliseconds of the last configuration put in force. */
  since: number
  /** Why the newest one is not in force, and since when; undefined: it is. */
  stale: { readonly since: number; readonly reason: string } | undefined
}

/** What a service depends on besides its host and its file. */
export interface ServiceOptions {
  /** 32 bytes that session-ticket keys are derived from. */
  readonly secret: Uint8Array
}

/** One process's gateway: loads, serves, reloads, drains. */
export class Service {
  readonly host: Host
  readonly file: string
  readonly observer: GatewayObserver = new GatewayObserver([ADMIN, DEMO])
  readonly reload: ReloadState = { since: 0, stale: undefined }
  /** What answers within the process, by the names that listeners and routes use. */
  readonly handlers: Map<string, LocalHandler> = new Map()
  /** Called after each reload that put a configuration in force. */
  onReload: () => void = () => {}
  readonly #atEnd: (() => void)[] = []
  readonly #secret: Uint8Array
  #share: Share | undefined
  #draining = false
  #gateway: Gateway | undefined
  #verdicts: OnlineVerdicts | undefined
  #log: LineSink | undefined
  #logPath = ''
  #stopWatching: () => void = () => {}
  #reloading: Promise<void> = Promise.resolve()
  readonly #local = new Map<string, Address>()

  constructor(host: Host, file: string, options: ServiceOptions) {
    this.host = host
    this.file = file
    this.#secret = options.secret
  }

  /** Whether the end has begun. */
  get draining(): boolean {
    return this.#draining
  }

  get gateway(): Gateway {
    if (this.#gateway === undefined) throw new Error('The service has not been started')
    return this.#gateway
  }

  get snapshot(): Snapshot {
    return this.gateway.snapshot
  }

  /** Loads the configuration and prepares the gateway, without opening listeners. */
  async load(): Promise<Loaded> {
    const loaded = await loadSnapshot(this.host, this.file, { secret: this.#secret })
    if (loaded.snapshot === undefined) return loaded
    const { listener, tls, dialer, clock, log, latin1, fetcher } = this.host
    const limits = () => this.snapshot.limits
    const verdicts = new OnlineVerdicts({ fetcher, clock, log, limits })
    this.#verdicts = verdicts
    const { observer } = this
    const handlers = (name: string): LocalHandler | undefined => this.handlers.get(name)
    const ports = { listener, tls, dialer, clock, log, observer, latin1, verdicts, handlers }
    this.#gateway = new Gateway(ports, loaded.snapshot)
    this.#openLog(loaded.snapshot)
    this.reload.since = clock.now()
    this.#watch(loaded.watched)
    return loaded
  }

  /** Opens the listeners, now and after each reload. Returns what went wrong, as text; empty where nothing did. */
  async listen(share: Share = 'all'): Promise<string> {
    this.#share = share
    const problems = await this.#apply(this.snapshot)
    return problems.map((problem) => listenProblem(problem.address, problem.code)).join('')
  }

  /** Serves `handler` on an address of its own. Rejects with ListenFailure. */
  async serve(name: string, address: Address, handler: LocalHandler): Promise<Address> {
    const bound = await this.gateway.serveLocally(name, address, handler)
    this.#local.set(name, bound)
    return bound
  }

  /** Where something of the gateway's own is served under a name. */
  localAddress(name: string): Address | undefined {
    return this.#local.get(name) ?? this.gateway.addresses.get(name)
  }

  /** Reads the configuration again and puts it in force, unless it is wrong. Never rejects. */
  async reloadNow(): Promise<void> {
    this.#reloading = this.#reloading.then(() => this.#reload())
    await this.#reloading
  }

  /** Opens log files anew. */
  reopenLogs(): void {
    this.#log?.reopen()
  }

  /** Calls a task when the end begins. */
  atEnd(task: () => void): void {
    this.#atEnd.push(task)
  }

  /** Lets in-flight exchanges finish, then ends. */
  async drain(): Promise<void> {
    this.#draining = true
    this.#stopWatching()
    for (const task of this.#atEnd.splice(0)) task()
    await this.gateway.drain(this.snapshot.configuration.drainTimeout)
    this.#verdicts?.close()
    await this.#log?.close()
  }

  counters(): CounterValues {
    return addCounters([this.observer.counters.values])
  }

  get droppedLines(): number {
    return this.#log?.dropped ?? 0
  }

  async #reload(): Promise<void> {
    const { host, file } = this
    const previous = this.snapshot
    const loaded = await loadSnapshot(host, file, { secret: this.#secret, previous })
    this.#watch(loaded.watched)
    if (loaded.snapshot === undefined) return this.#keepOld(problemLines(loaded.problems))
    const problems = await this.#apply(loaded.snapshot)
    if (problems.length > 0) {
      return this.#keepOld(problems.map((each) => listenProblem(each.address, each.code)).join(''))
    }
    this.#openLog(loaded.snapshot)
    this.reload.since = host.clock.now()
    this.reload.stale = undefined
    host.log.write('info', 'Configuration reloaded', { file })
    this.onReload()
  }

  #apply(snapshot: Snapshot): Promise<ListenProblem[]> {
    const share = this.#share
    const serves = ({ local }: CompiledListener): boolean =>
      share === 'all' || share === (local === undefined ? 'traffic' : 'admin')
    return this.gateway.apply(snapshot, serves)
  }

  #keepOld(reason: string): void {
    const since = this.reload.stale?.since ?? this.host.clock.now()
    this.reload.stale = { since, reason }
    const { file } = this
    this.host.log.write('error', 'Configuration refused, the old one stays', { file, reason })
  }

  #openLog(snapshot: Snapshot): void {
    const { to } = snapshot.configuration.accessLog
    const before = this.#log
    if (before !== undefined && this.#logPath === to) return
    this.#log = to === 'off' ? undefined : this.host.openLines(to)
    this.#logPath = to
    this.observer.log = this.#log
    void before?.close()
  }

  #watch(paths: readonly string[]): void {
    this.#stopWatching()
    this.#stopWatching = this.host.files.watch(paths, () => void this.reloadNow())
  }
}

/** What to do about an address that cannot be bound. */
export function listenProblem(address: Address, code: string): string {
  const where = `${address.host}:${address.port}`
  const remedy = code === 'EADDRINUSE'
    ? 'another process has it: stop that one, or choose another address'
    : code === 'EACCES'
    ? 'not allowed: choose a port above 1023, or grant CAP_NET_BIND_SERVICE'
    : code === 'EADDRNOTAVAIL'
    ? 'this machine has no such address: choose one it has, or 0.0.0.0'
    : 'choose another address'
  return `Could not listen on ${where} (${code}): ${remedy}\n`
}
