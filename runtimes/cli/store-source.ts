import { FileStore } from '../../adapters/file-store/mod.ts'
import type { EtcdConfig, StoreConfig } from '../../core/mod.ts'
import {
  isStoreFailure,
  type KeyFile,
  type KeyRing,
  openKeyFile,
  readKeyFile,
  readKeyRing,
  type Store,
  type StoreFailure,
  storeFailure,
} from '../../core/store/mod.ts'
import type { Host } from './host.ts'
import { problemLines, readFile } from './snapshot-source.ts'
import { WrongUse } from './wrong-use.ts'

/** The variable that holds the store's keys where no file does: the first seals, after a comma come older ones. */
export const KEYS_VARIABLE = 'SALLYPORT_STORE_KEYS'
/** The variable that holds the password of etcd's user. */
export const ETCD_PASSWORD_VARIABLE = 'SALLYPORT_ETCD_PASSWORD'

/** Which store a command is about, as its flags say. */
export interface StoreFlags {
  readonly config?: string | undefined
  readonly folder?: string | undefined
  readonly etcd?: readonly string[] | undefined
  readonly 'etcd-prefix'?: string | undefined
  readonly user?: string | undefined
  readonly ca?: string | undefined
  readonly cert?: string | undefined
  readonly key?: string | undefined
  readonly sni?: string | undefined
  readonly 'no-verify'?: boolean | undefined
  readonly 'key-file'?: string | undefined
}

/** A store that is open, beneath any sealing, and where its keys lie. */
export interface OpenedStore {
  readonly store: Store
  /** The same, where it is a folder's. */
  readonly files: FileStore | undefined
  readonly keyFile: string
  /** The keys themselves, where the configuration has them. */
  readonly keys: string | undefined
}

/** Opens the store that the flags name. Throws WrongUse where they name none. */
export async function openStore(
  host: Host,
  flags: StoreFlags,
): Promise<OpenedStore | StoreFailure> {
  if (flags.etcd !== undefined) return await openEtcd(host, flags, flags.etcd)
  const configured = flags.folder === undefined
    ? await configuredStore(host, flags.config ?? 'gateway.yaml')
    : undefined
  const folder = flags.folder ?? configured?.folder ?? ''
  const keyFile = flags['key-file'] ?? keyFileBeside(folder)
  const keys = configured?.keys
  if (configured?.etcd !== undefined) {
    const store = await openConfiguredEtcd(host, configured.etcd)
    return isStoreFailure(store) ? store : { store, files: undefined, keyFile, keys }
  }
  if (!await host.files.exists(folder)) {
    return storeFailure('invalid', `Open the store "${folder}": there is no such folder`)
  }
  const files = await FileStore.open({ folder, clock: host.clock, log: host.log })
  if (isStoreFailure(files)) return files
  return { store: files, files, keyFile, keys }
}

/** Beside the folder: a copy of the folder is then no copy of the key. */
export function keyFileBeside(folder: string): string {
  return `${folder.replace(/\/+$/, '')}.key`
}

/** Opens etcd as a configuration has it. A flood of changes comes as it is while `hurry` says so. */
export async function openConfiguredEtcd(
  { clock }: Host,
  { endpoints, prefix, user, password = '', changesPerSecond, tls }: EtcdConfig,
  hurry?: () => boolean,
): Promise<Store | StoreFailure> {
  const { EtcdStore } = await import('../../adapters/etcd-store/mod.ts')
  return EtcdStore.open({
    endpoints,
    prefix,
    clock,
    ...(hurry === undefined ? {} : { hurry }),
    ...(changesPerSecond === undefined ? {} : { changesPerSecond }),
    ...(user === undefined ? {} : { user: { name: user, password } }),
    ...(tls === undefined ? {} : { tls: tlsOptions(tls) }),
  })
}

function tlsOptions(tls: NonNullable<EtcdConfig['tls']>): Record<string, unknown> {
  const { ca, cert, key, verify, sni } = tls
  const given = Object.entries({ ca: ca?.data, cert: cert?.data, key: key?.data, sni })
  return { verify, ...Object.fromEntries(given.filter(([, value]) => value !== undefined)) }
}

/** Where a store's keys are: in text that the configuration has, or in a file. */
export type KeyPlace = Pick<OpenedStore, 'keyFile' | 'keys'>

/** The store's keys: from the environment, the configuration, or the file, which is made where `make` says so. */
export async function openKeys(
  host: Host,
  { keyFile, keys }: KeyPlace,
  { make }: { readonly make: boolean },
): Promise<KeyRing | StoreFailure> {
  const text = host.env(KEYS_VARIABLE)
  if (text !== undefined) return await readKeyRing(text, KEYS_VARIABLE)
  if (keys !== undefined) return await readKeyRing(keys, 'store.keys')
  const file = keyFileOf(host, keyFile)
  const ring = make ? await openKeyFile(file) : await readKeyFile(file)
  return ring ??
    storeFailure('invalid', `Read key file "${keyFile}": there is none; see --key-file`)
}

export function keyFileOf({ files, entropy }: Host, path: string): KeyFile {
  return { files, entropy, path }
}

async function configuredStore(host: Host, file: string): Promise<StoreConfig> {
  const { configuration, problems } = await readFile(host, file)
  if (configuration === undefined) throw new WrongUse(problemLines(problems).trimEnd())
  return configuration.store
}

async function openEtcd(
  host: Host,
  flags: StoreFlags,
  endpoints: readonly string[],
): Promise<OpenedStore | StoreFailure> {
  const keyFile = flags['key-file']
  if (keyFile === undefined && host.env(KEYS_VARIABLE) === undefined) {
    throw new WrongUse(`With --etcd the keys must be named: --key-file or ${KEYS_VARIABLE}`)
  }
  const { EtcdStore } = await import('../../adapters/etcd-store/mod.ts')
  const tls = await readTls(host, flags)
  const password = host.env(ETCD_PASSWORD_VARIABLE) ?? ''
  const store = EtcdStore.open({
    endpoints: endpoints.flatMap((each) => each.split(',')),
    prefix: flags['etcd-prefix'] ?? '/sallyport',
    clock: host.clock,
    ...(flags.user === undefined ? {} : { user: { name: flags.user, password } }),
    ...(tls === undefined ? {} : { tls }),
  })
  if (isStoreFailure(store)) return store
  return { store, files: undefined, keyFile: keyFile ?? '', keys: undefined }
}

async function readTls(
  host: Host,
  flags: StoreFlags,
): Promise<Record<string, unknown> | undefined> {
  const tls: Record<string, unknown> = {}
  for (const name of ['ca', 'cert', 'key'] as const) {
    const path = flags[name]
    if (path !== undefined) tls[name] = await host.files.read(path)
  }
  if (flags.sni !== undefined) tls['sni'] = flags.sni
  if (flags['no-verify'] === true) tls['verify'] = false
  return Object.keys(tls).length === 0 ? undefined : tls
}
