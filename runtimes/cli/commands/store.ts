import { parseArgs } from 'node:util'
import {
  addKey,
  dropOldKeys,
  dumpLines,
  isStoreFailure,
  type KeyRing,
  rekey,
  restore,
  type StoreFailure,
} from '../../../core/store/mod.ts'
import type { Host } from '../host.ts'
import {
  keyFileOf,
  type KeyPlace,
  KEYS_VARIABLE,
  type OpenedStore,
  openKeys,
  openStore,
} from '../store-source.ts'
import { WrongUse } from '../wrong-use.ts'

const OPTIONS = {
  config: { type: 'string', short: 'c' },
  folder: { type: 'string' },
  etcd: { type: 'string', multiple: true },
  'etcd-prefix': { type: 'string' },
  user: { type: 'string' },
  ca: { type: 'string' },
  cert: { type: 'string' },
  key: { type: 'string' },
  sni: { type: 'string' },
  'no-verify': { type: 'boolean' },
  'key-file': { type: 'string' },
  prefix: { type: 'string', default: '/' },
  reveal: { type: 'boolean', default: false },
  replace: { type: 'boolean', default: false },
  'drop-old-keys': { type: 'boolean', default: false },
} as const

type Flags = ReturnType<typeof readArgs>['values']

/** What one of the commands does with a store that is open. Returns what to say, if anything. */
type Task = (host: Host, opened: OpenedStore, given: {
  readonly flags: Flags
  readonly file: string | undefined
}) => Promise<string | StoreFailure>

const TASKS: Readonly<Record<string, Task>> = {
  dump: dumpAll,
  restore: restoreAll,
  rekey: rekeyAll,
}

/** `sallyport store dump|restore|rekey`: what the store holds, out, in, and under another key. */
export async function store(host: Host, args: readonly string[]): Promise<number> {
  const { values: flags, positionals: [name = '', file, ...rest] } = readArgs(args)
  const task = Object.hasOwn(TASKS, name) ? TASKS[name] : undefined
  if (task === undefined || rest.length > 0 || (file !== undefined && name !== 'restore')) {
    throw new WrongUse('Usage: sallyport store dump|restore FILE|rekey: see sallyport help')
  }
  const opened = await openStore(host, flags)
  if (isStoreFailure(opened)) return failed(host, opened)
  try {
    const done = await task(host, opened, { flags, file })
    if (isStoreFailure(done)) return failed(host, done)
    host.complain(done)
    return 0
  } finally {
    await opened.store.close()
  }
}

function readArgs(
  args: readonly string[],
) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true })
  } catch (error) {
    throw new WrongUse(error instanceof Error ? error.message : String(error))
  }
}

async function dumpAll(
  host: Host,
  opened: OpenedStore,
  { flags }: { readonly flags: Flags },
): Promise<string | StoreFailure> {
  const ring = await openKeys(host, opened, { make: false })
  if (isStoreFailure(ring)) return ring
  const { prefix, reveal } = flags
  const lines = await dumpLines(opened.store, { prefix, ring, reveal })
  if (isStoreFailure(lines)) return lines
  for (const line of lines) host.print(JSON.stringify(line) + '\n')
  return ''
}

async function restoreAll(
  host: Host,
  opened: OpenedStore,
  { flags, file = '-' }: { readonly flags: Flags; readonly file: string | undefined },
): Promise<string | StoreFailure> {
  const ring = await openKeys(host, opened, { make: true })
  if (isStoreFailure(ring)) return ring
  const bytes = file === '-' ? await host.readStdin() : await host.files.read(file)
  const { replace } = flags
  const text = new TextDecoder().decode(bytes)
  const done = await restore(opened.store, text, { ring, replace, by: 'store restore' })
  return isStoreFailure(done) ? done : `Restored ${done.documents} documents\n`
}

async function rekeyAll(
  host: Host,
  opened: OpenedStore,
  { flags }: { readonly flags: Flags },
): Promise<string | StoreFailure> {
  const { store, files, keyFile, keys } = opened
  const ring = await ringToMoveTo(host, opened)
  if (isStoreFailure(ring)) return ring
  const done = await rekey(store, ring)
  if (isStoreFailure(done)) return done
  // What the old key sealed is still in the log.
  const compacted = await files?.compact()
  if (compacted !== undefined) return compacted
  const told = `Sealed ${done.documents} documents with key ${ring.keys[0].id}`
  if (host.env(KEYS_VARIABLE) !== undefined || keys !== undefined) return `${told}\n`
  // Nobody else can have a folder open; gateways that share etcd may still write with the old key.
  if (files === undefined && !flags['drop-old-keys']) {
    return `${told}; the old ones stay in "${keyFile}" until rekey --drop-old-keys\n`
  }
  const dropped = await dropOldKeys(keyFileOf(host, keyFile))
  return dropped ?? `${told}; it is the only one in "${keyFile}"\n`
}

/** A ring with a new key first; where a rekey was broken off, the one that it began with. */
async function ringToMoveTo(host: Host, place: KeyPlace): Promise<KeyRing | StoreFailure> {
  const ring = await openKeys(host, place, { make: false })
  const fixed = host.env(KEYS_VARIABLE) !== undefined || place.keys !== undefined
  if (isStoreFailure(ring) || fixed || ring.keys.length > 1) return ring
  return await addKey(keyFileOf(host, place.keyFile))
}

function failed(host: Host, { failure, message }: StoreFailure): number {
  host.complain(`${message}\n`)
  return failure === 'conflict' || failure === 'corrupt' ? 1 : 2
}
