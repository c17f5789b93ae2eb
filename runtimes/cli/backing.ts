import { isPasswordOf, parsePasswordHash } from '../../core/plan/mod.ts'
import type {
  Configuration,
  Gateway,
  ListenProblem,
  LocalHandler,
  Snapshot,
} from '../../core/mod.ts'
import type {
  Dialect,
  DialectContext,
  DocumentProblem,
  RunningView,
} from '../../core/dialect/mod.ts'
import {
  isStoreFailure,
  MemoryStore,
  type Store,
  type StoreFailure,
  storeFailure,
} from '../../core/store/mod.ts'
import { type Assembled, Assembly } from './assembly.ts'
import {
  createDialects,
  CREDENTIALS,
  dialectHandler,
  secretPlaces,
  wantsStore,
} from './dialects.ts'
import { Documents, type StoreState } from './documents.ts'
import { followed, Followers } from './followers.ts'
import type { Host } from './host.ts'
import { Live } from './live.ts'
import { Lull } from './lull.ts'
import { openServiceStore } from './service-store.ts'
import { VERSION } from './version.ts'
import { Turns } from './turns.ts'

/** What stands behind a gateway that runs: the store, the dialects, and the configuration that follows them. */
export interface Backing {
  readonly live: Live
  readonly dialects: readonly Dialect[]
  /** The dialects' APIs, by name. */
  readonly handlers: ReadonlyMap<string, LocalHandler>
  /** The workers that this process watches over. */
  readonly followers: Followers
  /** How well the store is known; undefined where there is none. */
  readonly state: () => StoreState | undefined
  readonly close: () => Promise<void>
}

/** What a backing works with. */
export interface BackingOptions {
  readonly secret: Uint8Array
  readonly apply: (snapshot: Snapshot) => Promise<readonly ListenProblem[]>
  readonly made: (assembled: Assembled) => void
  /** How many exchanges of this process have ended so far. */
  readonly exchanges: () => number
  /** The gateway, once there is one. */
  readonly running: () => Gateway | undefined
}

/**
 * Opens the store, where the configuration wants one, and waits until its documents are known, or the store is
 * known to be out of reach. Nothing is in force yet: that is for {@linkcode Live.rebase}.
 */
export async function openBacking(
  host: Host,
  configuration: Configuration,
  options: BackingOptions,
): Promise<Backing | StoreFailure> {
  const wanted = wantsStore(configuration)
  const lull = new Lull(host.clock, options.exchanges)
  // Of others' traffic nothing is known here.
  const alone = configuration.workers === 1
  const opened = wanted
    ? await openServiceStore(host, configuration, {
      secretsOf: await secretPlaces(),
      hurry: () => live.awaited || alone && lull.isOn,
    })
    : { store: new MemoryStore({ clock: host.clock }), close: () => Promise.resolve() }
  if (isStoreFailure(opened)) return opened
  const { store } = opened
  const followers = new Followers(host.clock)
  const takesOrders = configuration.store.role !== 'data-plane'
  const context = contextOf(host, store, {
    takesOrders,
    inForce: async (revision) => {
      const found = await live.inForce(revision)
      const theirs = await followers.reached(revision)
      if (theirs.length === 0) return found
      return { ok: false, problems: found.ok ? theirs : [...found.problems, ...theirs] }
    },
    running: viewOf(options.running),
  })
  const dialects = await createDialects(configuration, context)
  const turns = new Turns(host.clock)
  const assembly = new Assembly({ ...options, host, dialects, turns })
  const teller = new ProblemTeller(host)
  const live = new Live(configuration, {
    host,
    assembly,
    made: (assembled) => {
      teller.tell(assembled.documents)
      for (const warning of assembled.warnings) teller.tellOne(warning)
      options.made(assembled)
    },
    settled: (revision, failed) => {
      if (host.workers.isWorker) host.workers.send(followed(revision, failed))
    },
  })
  const documents = new Documents(dialects, {
    clock: host.clock,
    turns,
    user: {
      changed: (change, at) => live.changed(change, at),
      stateChanged: (state) => tellState(host, state),
    },
  })
  if (wanted) await documents.start(store)
  return {
    live,
    dialects,
    handlers: new Map(dialects.map((dialect) => [dialect.name, dialectHandler(dialect)])),
    followers,
    state: () => wanted ? documents.state : undefined,
    close: async () => {
      documents.stop()
      await opened.close()
    },
  }
}

function contextOf(
  host: Host,
  store: Store,
  rest: Pick<DialectContext, 'inForce' | 'running' | 'takesOrders'>,
): DialectContext {
  const { clock, log, entropy } = host
  const env = (name: string): string | undefined => host.env(name)
  const credential = async (name: string, make: () => string): Promise<string | StoreFailure> => {
    const key = `${CREDENTIALS}${name}`
    const read = async (): Promise<string | StoreFailure | undefined> => {
      const found = await store.get(key)
      if (isStoreFailure(found)) return found
      const secret = (found.document?.value as { secret?: unknown } | undefined)?.secret
      return typeof secret === 'string' ? secret : undefined
    }
    const known = await read()
    if (known !== undefined) return known
    const secret = make()
    const put = await store.put(key, { secret }, { by: 'sallyport', ifRevision: 0 })
    if (!isStoreFailure(put)) {
      log.write('info', 'A credential was made; it is told this once', { name, secret })
      return secret
    }
    // Another process was quicker.
    const theirs = put.failure === 'conflict' ? await read() : put
    return theirs ?? storeFailure('unavailable', `Make credential "${name}": it is gone again`)
  }
  const hasHash = (password: string, text: string): Promise<boolean> | undefined => {
    const hash = parsePasswordHash(text)
    return hash && isPasswordOf(hash, password)
  }
  return {
    store,
    clock,
    log,
    entropy,
    credential,
    hasHash,
    files: host.files,
    version: VERSION,
    env,
    ...rest,
  }
}

function viewOf(running: () => Gateway | undefined): RunningView {
  return {
    addresses: () => running()?.addresses ?? new Map(),
    endpoints: (upstream) => running()?.upstreamHealth(upstream)?.endpoints ?? [],
  }
}

function tellState({ log }: Host, { connected, reason, revision }: StoreState): void {
  if (connected) log.write('info', 'The store is within reach again', { revision })
  else log.write('error', 'The store is out of reach; what is in force stays', { reason, revision })
}

/** Tells each problem of a document when it comes up, not at each change of another. */
class ProblemTeller {
  readonly #host: Host
  #told = new Set<string>()

  constructor(host: Host) {
    this.#host = host
  }

  tell(problems: readonly DocumentProblem[]): void {
    const now = new Set<string>()
    for (const { key, severity, message } of problems) {
      const text = `${key} ${message}`
      now.add(text)
      if (!this.#told.has(text)) this.tellOne({ key, severity, message })
    }
    this.#told = now
  }

  tellOne({ key, severity, message }: DocumentProblem): void {
    const level = severity === 'error' ? 'error' : 'warn'
    this.#host.log.write(level, 'A document of the store', { key, problem: message })
  }
}
