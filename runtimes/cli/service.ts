import { addCounters, Gateway, OnlineVerdicts } from '../../core/mod.ts'
import type {
  Address,
  CompiledListener,
  Configuration,
  CounterValues,
  ListenProblem,
  LocalHandler,
  Problem,
  Snapshot,
} from '../../core/mod.ts'
import { isStoreFailure } from '../../core/store/mod.ts'
import type { Assembled } from './assembly.ts'
import { type Backing, openBacking } from './backing.ts'
import type { Host, LineSink } from './host.ts'
import { GatewayObserver } from './observers.ts'
import { placed, problemLines, type ReadFile, readFile } from './snapshot-source.ts'

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

/** What became of the first loading. */
export interface FirstLoad {
  /** Undefined where there is an error among the problems, or the store could not be opened. */
  readonly snapshot: Snapshot | undefined
  readonly problems: readonly Problem[]
  /** Why the store could not be opened; empty where it could. */
  readonly failure: string
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
  #backing: Backing | undefined
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

  /** The store and what it asks for; undefined before loading, and where the configuration wants none. */
  get backing(): Backing | undefined {
    return this.#backing
  }

  /** Loads the configuration, opens the store, and prepares the gateway, without opening listeners. */
  async load(): Promise<FirstLoad> {
    const read = await readFile(this.host, this.file)
    const { configuration, problems } = read
    if (configuration === undefined) return { snapshot: undefined, problems, failure: '' }
    const backing = await openBacking(this.host, configuration, {
      secret: this.#secret,
      apply: (snapshot) => this.#apply(snapshot),
      made: (assembled) => this.#made(assembled),
      exchanges: () => this.observer.exchanges,
      running: () => this.#gateway,
    })
    if (isStoreFailure(backing)) {
      return { snapshot: undefined, problems, failure: `${backing.message}\n` }
    }
    this.#backing = backing
    for (const [name, handler] of backing.handlers) this.handlers.set(name, handler)
    const assembled = await backing.live.rebase(configuration)
    const found = [...problems, ...placed(read, assembled.problems)]
    if (assembled.snapshot === undefined) {
      await backing.close()
      return { snapshot: undefined, problems: found, failure: '' }
    }
    this.#watch(read)
    return { snapshot: assembled.snapshot, problems: found, failure: '' }
  }

  /**
   * Opens the listeners, now and after each reload. Those that the store asks for and that cannot be opened are left
   * out. Returns what went wrong with others, as text; empty where nothing did.
   */
  async listen(share: Share = 'all'): Promise<string> {
    this.#share = share
    if ((await this.#apply(this.snapshot)).length === 0) return ''
    const { live } = this.#backing as Backing
    return listenProblems((await live.again()).listening)
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
    await this.#backing?.close()
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
    const read = await readFile(this.host, this.file)
    this.#watch(read)
    const { configuration } = read
    const { live } = this.#backing as Backing
    if (configuration === undefined) return this.#keepOld(problemLines(read.problems))
    this.#sayWhatStays(configuration)
    const { snapshot, problems, listening } = await live.rebase(configuration)
    if (snapshot === undefined) {
      const lines = problemLines([...read.problems, ...placed(read, problems)])
      return this.#keepOld(listening.length > 0 ? listenProblems(listening) : lines)
    }
    this.reload.since = this.host.clock.now()
    this.reload.stale = undefined
    this.host.log.write('info', 'Configuration reloaded', { file: this.file })
    this.onReload()
  }

  /** The store and its dialects are opened once. */
  #sayWhatStays({ store, admin }: Configuration): void {
    const { configuration } = this.snapshot
    const same = JSON.stringify([store, admin?.dialects]) ===
      JSON.stringify([configuration.store, configuration.admin?.dialects])
    if (same) return
    const message = 'A change of store or admin.dialects takes effect at the next start'
    this.host.log.write('warn', message, { file: this.file })
  }

  /** Puts a snapshot in force: of the listeners, those of this process's share. */
  #apply(snapshot: Snapshot): Promise<ListenProblem[]> {
    const gateway = this.#gateway ??= this.#makeGateway(snapshot)
    const share = this.#share
    const { role } = snapshot.configuration.store
    const serves = ({ local }: CompiledListener): boolean =>
      local === undefined
        ? (share === 'all' || share === 'traffic') && role !== 'control-plane'
        : share === 'all' || share === 'admin'
    return gateway.apply(snapshot, serves)
  }

  #makeGateway(snapshot: Snapshot): Gateway {
    const { listener, tls, dialer, clock, log, latin1, fetcher, pinger } = this.host
    const limits = () => this.snapshot.limits
    const verdicts = new OnlineVerdicts({ fetcher, clock, log, limits })
    this.#verdicts = verdicts
    this.reload.since = clock.now()
    const { observer } = this
    const handlers = (name: string): LocalHandler | undefined => this.handlers.get(name)
    const own = { observer, verdicts, handlers, pinger }
    const ports = { listener, tls, dialer, clock, log, latin1, ...own }
    return new Gateway(ports, snapshot)
  }

  #made({ snapshot }: Assembled): void {
    if (snapshot !== undefined) this.#openLog(snapshot)
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

  #watch({ watched }: ReadFile): void {
    this.#stopWatching()
    this.#stopWatching = this.host.files.watch(watched, () => void this.reloadNow())
  }
}

function listenProblems(problems: readonly ListenProblem[]): string {
  return problems.map(({ address, code }) => listenProblem(address, code)).join('')
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
