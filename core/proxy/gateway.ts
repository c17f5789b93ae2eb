import { refusal } from '../decide/mod.ts'
import type { CompiledListener, Snapshot } from '../decide/mod.ts'
import { type Address, type BoundListener, type Duplex, ListenFailure } from '../port/mod.ts'
import { type UpstreamHealth, upstreamHealth } from '../health/mod.ts'
import { Acceptance } from './accept.ts'
import type { Client } from './sides.ts'
import { Identifier } from './identify.ts'
import type { KnownIssuers } from './known-issuers.ts'
import type { LocalHandler } from './local.ts'
import { type GatewayPorts, Runtime } from './runtime.ts'

/** An address that could not be bound. */
export interface ListenProblem {
  readonly listener: string
  readonly address: Address
  readonly code: string
}

/** A listener that is open. Its name may change while its address stays. */
interface Open {
  name: string
  readonly bound: BoundListener
  /** Connections that are open. */
  connections: number
}

/** The data path as a whole: listeners, connections, and the snapshot they all ask. */
export class Gateway {
  readonly #runtime: Runtime
  readonly #identifier: Identifier
  readonly #open = new Map<string, Open>()
  readonly #local: BoundListener[] = []
  /** Connections that have not come as far as a request. */
  readonly #arriving = new Set<Duplex>()
  readonly #clients = new Set<Client>()
  readonly #perAddress = new Map<string, number>()
  #connections = 0
  #whenEmpty: (() => void) | undefined
  #drained: Promise<void> | undefined

  constructor(ports: GatewayPorts, snapshot: Snapshot) {
    this.#runtime = new Runtime(ports, snapshot)
    this.#identifier = new Identifier(ports.verdicts)
  }

  get snapshot(): Snapshot {
    return this.#runtime.snapshot
  }

  /** How the endpoints of an upstream are, by what this process knows; undefined: there is no such upstream. */
  upstreamHealth(name: string): UpstreamHealth | undefined {
    const upstream = this.snapshot.upstreams.get(name)
    return upstream && upstreamHealth(upstream, this.#runtime.ports.clock.now())
  }

  /** The same of all upstreams. */
  get upstreams(): readonly UpstreamHealth[] {
    const now = this.#runtime.ports.clock.now()
    return [...this.snapshot.upstreams.values()].map((upstream) => upstreamHealth(upstream, now))
  }

  /** The intermediates of clients, which processes that share listeners tell each other. */
  get issuers(): KnownIssuers {
    return this.#runtime.issuers
  }

  /** Where listeners accept now, by name; a configured port 0 has become a real one. */
  get addresses(): ReadonlyMap<string, Address> {
    return new Map([...this.#open.values()].map(({ name, bound }) => [name, bound.address]))
  }

  /**
   * Puts a snapshot in force: new listeners are opened first, then the snapshot is swapped, then
   * listeners that are gone are closed. Where one cannot be opened, nothing changes.
   *
   * @param serves which listeners this process has, where others have the rest
   */
  async apply(
    snapshot: Snapshot,
    serves: (listener: CompiledListener) => boolean = () => true,
  ): Promise<ListenProblem[]> {
    const own = [...snapshot.listeners.values()].filter(serves)
    const wanted = new Map(own.map((listener) => [addressKey(listener), listener]))
    const fresh: Open[] = []
    const problems: ListenProblem[] = []
    for (const [key, { name, address }] of wanted) {
      if (this.#open.has(key)) continue
      const entry = await this.#listen(name, address)
      if ('code' in entry) problems.push(entry)
      else {
        fresh.push(entry)
        this.#open.set(key, entry)
      }
    }
    if (problems.length > 0) {
      await this.#close((entry) => fresh.includes(entry))
      return problems
    }
    for (const [key, { name }] of wanted) (this.#open.get(key) as Open).name = name
    this.#runtime.swap(snapshot)
    const names = new Set(wanted.keys())
    await this.#close((_, key) => !names.has(key))
    return []
  }

  /** Opens a listener whose requests are answered by `handler`. Rejects with {@linkcode ListenFailure}. */
  async serveLocally(name: string, address: Address, handler: LocalHandler): Promise<Address> {
    const bound = await this.#runtime.ports.listener.listen(
      address,
      (duplex) => this.#accept(duplex, { name, connections: 0 }, handler),
    )
    this.#local.push(bound)
    return bound.address
  }

  /**
   * Ends the service: accepts no more, lets exchanges that are under way finish for `timeoutMs`, then
   * cuts what is left.
   */
  async drain(timeoutMs: number): Promise<void> {
    // Whoever asks again waits for the same end.
    this.#drained ??= this.#drain(timeoutMs)
    await this.#drained
  }

  async #drain(timeoutMs: number): Promise<void> {
    this.#runtime.draining = true
    await this.#close(() => true)
    for (const duplex of [...this.#arriving]) duplex.destroy()
    for (const client of [...this.#clients]) client.drain()
    if (this.#connections > 0) await this.#emptied(timeoutMs)
    for (const client of [...this.#clients]) client.cut()
    for (const bound of this.#local.splice(0)) void bound.close()
    this.#runtime.pools.keepOnly(new Map())
    this.#runtime.health.stop()
    this.#runtime.ticker.stop()
  }

  async #listen(name: string, address: Address): Promise<Open | ListenProblem> {
    const entry = { name, bound: undefined as BoundListener | undefined, connections: 0 }
    try {
      entry.bound = await this.#runtime.ports.listener.listen(
        address,
        (duplex) => this.#accept(duplex, entry, undefined),
      )
      return entry as Open
    } catch (error) {
      const code = error instanceof ListenFailure ? error.code : String(error)
      return { listener: name, address, code }
    }
  }

  #accept(
    duplex: Duplex,
    entry: Pick<Open, 'name' | 'connections'>,
    handler: LocalHandler | undefined,
  ): void {
    const { observer } = this.#runtime.ports
    const address = duplex.remote.host
    const { name } = entry
    const full = handler === undefined ? this.#fullness(address, entry) : undefined
    if (full !== undefined) return this.#turnAway(duplex, name, full)
    this.#count(address, 1)
    entry.connections++
    observer.connection(name, 1)
    this.#arriving.add(duplex)
    const leave = (client: Client | undefined): void => {
      this.#arriving.delete(duplex)
      if (client !== undefined) this.#clients.delete(client)
      this.#count(address, -1)
      entry.connections--
      observer.connection(name, -1)
      if (this.#connections === 0) this.#whenEmpty?.()
    }
    const join = (client: Client): void => {
      this.#arriving.delete(duplex)
      this.#clients.add(client)
    }
    const listenerName = (): string => entry.name
    const context = { runtime: this.#runtime, identifier: this.#identifier, listenerName, handler }
    void new Acceptance({ ...context, join, leave }, duplex).run()
  }

  /** Which limit leaves no room for a further connection from `address`. */
  #fullness(
    address: string,
    { name, connections: own }: Pick<Open, 'name' | 'connections'>,
  ): string | undefined {
    const most = this.snapshot.listeners.get(name)?.connections ?? 0
    if (most > 0 && own >= most) return `connections (${most}) of the listener are open`
    const { connections, connectionsPerAddress } = this.#runtime.snapshot.limits
    if (connections > 0 && this.#connections >= connections) {
      return `limits.connections (${connections}) are open`
    }
    if (
      connectionsPerAddress > 0 && (this.#perAddress.get(address) ?? 0) >= connectionsPerAddress
    ) return `limits.connectionsPerAddress (${connectionsPerAddress}) are open from ${address}`
    return undefined
  }

  #turnAway(duplex: Duplex, listener: string, detail: string): void {
    const { code } = refusal('CONNECTION_LIMIT', detail)
    const { clock, observer } = this.#runtime.ports
    const address = duplex.remote.host
    const common = { time: clock.now(), listener, address, sni: '', certificate: '', status: 0 }
    observer.refusedConnection({ ...common, code, detail })
    duplex.destroy(true)
  }

  #count(address: string, change: 1 | -1): void {
    this.#connections += change
    const count = (this.#perAddress.get(address) ?? 0) + change
    if (count === 0) this.#perAddress.delete(address)
    else this.#perAddress.set(address, count)
  }

  async #close(which: (entry: Open, key: string) => boolean): Promise<void> {
    for (const [key, entry] of this.#open) {
      if (!which(entry, key)) continue
      this.#open.delete(key)
      // Resolves only when its connections have ended, which nobody here waits for.
      void entry.bound.close()
    }
    await Promise.resolve()
  }

  #emptied(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#runtime.ports.clock.after(timeoutMs, resolve)
      this.#whenEmpty = () => {
        cancel()
        resolve()
      }
    })
  }
}

/** What makes two listeners the same one: a free port is another for each that asks for one. */
function addressKey({ name, address: { host, port } }: CompiledListener): string {
  return port === 0 ? `${host} 0 ${name}` : `${host} ${port}`
}
