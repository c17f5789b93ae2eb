import { FileStore } from '../../adapters/file-store/mod.ts'
import { readConfiguration } from '../../core/mod.ts'
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
import { problemLines } from './snapshot-source.ts'
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
}

/** Opens the store that the flags name. Throws WrongUse where they name none. */
export async function openStore(
  host: Host,
  flags: StoreFlags,
): Promise<OpenedStore | StoreFailure> {
  if (flags.etcd !== undefined) return await openEtcd(host, flags, flags.etcd)
  const folder = flags.folder ?? await configuredFolder(host, flags.config ?? 'gateway.yaml')
  if (!await host.files.exists(folder)) {
    return storeFailure('invalid', `Open the store "${folder}": there is no such folder`)
  }
  const files = await FileStore.open({ folder, clock: host.clock, log: host.log })
  if (isStoreFailure(files)) return files
  // Beside the folder: a copy of the folder is then no copy of the key.
  return { store: files, files, keyFile: flags['key-file'] ?? `${folder.replace(/\/+$/, '')}.key` }
}

/** The store's keys: from the environment, or from the file, which is made where `make` says so. */
export async function openKeys(
  host: Host,
  path: string,
  { make }: { readonly make: boolean },
): Promise<KeyRing | StoreFailure> {
  const text = host.env(KEYS_VARIABLE)
  if (text !== undefined) return await readKeyRing(text, KEYS_VARIABLE)
  const file = keyFileOf(host, path)
  const ring = make ? await openKeyFile(file) : await readKeyFile(file)
  return ring ?? storeFailure('invalid', `Read key file "${path}": there is none; see --key-file`)
}

export function keyFileOf({ files, entropy }: Host, path: string): KeyFile {
  return { files, entropy, path }
}

async function configuredFolder(host: Host, file: string): Promise<string> {
  const text = new TextDecoder().decode(await host.files.read(file))
  const { files } = host
  const read = await readConfiguration({ text, file, files, env: (name) => host.env(name) })
  if (read.configuration === undefined) throw new WrongUse(problemLines(read.problems).trimEnd())
  return read.configuration.store.folder
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
  return { store, files: undefined, keyFile: keyFile ?? '' }
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
