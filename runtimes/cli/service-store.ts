import { FileStore } from '../../adapters/file-store/mod.ts'
import type { Configuration } from '../../core/mod.ts'
import {
  isStoreFailure,
  type KeyRing,
  MirrorStore,
  RemoteStore,
  SealedStore,
  type SecretsOf,
  serveStore,
  type Store,
  type StoreFailure,
} from '../../core/store/mod.ts'
import { mirrorFile } from './mirror-file.ts'
import type { Host } from './host.ts'
import { openStandalone } from './standalone-store.ts'
import { keyFileBeside, openConfiguredEtcd, openKeys } from './store-source.ts'

/**
 * Of what there may be hundreds of thousands, the text alone is kept: what was noted of changes is for whoever asks for
 * it, and of the others the dialect's translation is in memory.
 */
const asleep = (key: string): boolean => cold(key) || isBelow(APPLICATIONS, key)

/** What was noted of changes, and who holds a certificate, is asked of the store. */
const cold = (key: string): boolean => isBelow(NOTED, key)

const NOTED = ['/gravitee/audits/', '/gravitee/claims/']
const APPLICATIONS = ['applications', 'certificates', 'subscriptions'].map((each) =>
  `/gravitee/${each}/`
)

/** Asked of every document at the start. */
function isBelow(folders: readonly string[], key: string): boolean {
  for (const folder of folders) if (key.startsWith(folder)) return true
  return false
}

/** The store of a gateway that runs, with secrets in clear. */
export interface ServiceStore {
  readonly store: Store
  /** Lets it go: the folder, the connections. */
  readonly close: () => Promise<void>
}

/** What a store is to know of the service. */
export interface ServiceStoreOptions {
  /** Where secrets stand in documents. */
  readonly secretsOf: SecretsOf
  /** Whether a flood of changes may come as it is just now. */
  readonly hurry: () => boolean
}

/**
 * Opens the store that a configuration names: a folder, etcd, or, in one of several workers, that of the process
 * that watches over them.
 */
export async function openServiceStore(
  host: Host,
  configuration: Configuration,
  { secretsOf, hurry }: ServiceStoreOptions,
): Promise<ServiceStore | StoreFailure> {
  const { clock, entropy, workers } = host
  if (workers.isWorker) {
    const store = new RemoteStore({ channel: workers, clock, entropy })
    return { store, close: () => store.close() }
  }
  const { standalone } = configuration.store
  if (standalone !== undefined) return await openMemory(host, configuration, standalone)
  const bare = await openBare(host, configuration, hurry)
  if (isStoreFailure(bare)) return bare
  const reload = (): Promise<KeyRing | StoreFailure> => keysOf(host, configuration)
  const ring = await reload()
  if (isStoreFailure(ring)) {
    await bare.close()
    return ring
  }
  const unreadable = ({ message }: StoreFailure): void =>
    host.log.write('error', 'A document of the store', { problem: message })
  const store = new SealedStore({ store: bare, ring, secretsOf, reload, unreadable })
  const stop = configuration.workers > 1 ? serveStore(store, workers, clock) : undefined
  return {
    store,
    close: async () => {
      stop?.()
      await store.close()
    },
  }
}

/** Documents in memory alone, which need no seal. */
async function openMemory(
  host: Host,
  configuration: Configuration,
  file: string,
): Promise<ServiceStore> {
  const { store, stop } = await openStandalone(host, file)
  const stopServing = configuration.workers > 1
    ? serveStore(store, host.workers, host.clock)
    : undefined
  return {
    store,
    close: async () => {
      stop()
      stopServing?.()
      await store.close()
    },
  }
}

async function openBare(
  host: Host,
  { store }: Configuration,
  hurry: () => boolean,
): Promise<Store | StoreFailure> {
  const { clock, log } = host
  if (store.etcd === undefined) {
    return await FileStore.open({ folder: store.folder, clock, log, asleep, cold })
  }
  const etcd = await openConfiguredEtcd(host, store.etcd, hurry)
  if (isStoreFailure(etcd)) return etcd
  return new MirrorStore({ store: etcd, clock, log, file: mirrorFile(host, store.folder) })
}

async function keysOf(host: Host, { store }: Configuration): Promise<KeyRing | StoreFailure> {
  const { folder, keys } = store
  return await openKeys(host, { keyFile: keyFileBeside(folder), keys }, { make: true })
}
