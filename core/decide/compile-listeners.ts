import { writePem } from '../pki/mod.ts'
import type { Certificate } from '../pki/mod.ts'
import type { TlsServerProfile } from '../port/mod.ts'
import type { ListenerConfig, Path, TlsEntryConfig } from '../snapshot/types.ts'
import type { CompiledListener, TlsName } from './compiled.ts'
import { fail, warn } from './compile-context.ts'
import type { CompileContext, Place } from './compile-context.ts'
import { compileConnections } from './compile-connections.ts'
import { compileClients } from './compile-trust.ts'
import type { CompiledClients } from './compile-trust.ts'
import { type Noted, notedCertificate, notedTrust, warnOfNotes } from './compile-warnings.ts'
import { contentId, expandKey } from './content-id.ts'
import type { KeyPair } from './pki-tools.ts'
import { readKeyPairAt } from './read-materials.ts'
import { inTurns } from '../route/mod.ts'
import { reusable } from './reusable.ts'
import { speaksFor, TlsNames } from './tls-names.ts'
import { compileTrustedProxies } from './trusted-proxies.ts'

const ALPN: readonly string[] = ['h2', 'http/1.1']

/** Compiles all listeners, by name. */
export async function compileListeners(
  context: CompileContext,
  configs: readonly ListenerConfig[],
): Promise<ReadonlyMap<string, CompiledListener>> {
  const listeners = new Map<string, CompiledListener>()
  for (const [index, config] of configs.entries()) {
    const path = ['listeners', index]
    if (listeners.has(config.name)) {
      fail(context, path, `Could not add listener "${config.name}": the name is taken`)
      continue
    }
    const listener = await compileListener(context, config, path)
    if (listener !== undefined) listeners.set(config.name, listener)
  }
  return listeners
}

async function compileListener(
  context: CompileContext,
  config: ListenerConfig,
  path: Path,
): Promise<CompiledListener | undefined> {
  const { name, address, proxyProtocol } = config
  const usedBy = `listener "${name}"`
  const proxies = config.trustedProxies
  const trustedProxies = proxies && compileTrustedProxies(context, proxies, {
    path: [...path, 'trustedProxies'],
    passesThrough: proxyProtocol && config.secure,
  })
  const clientsAt = { path: [...path, 'clients'], usedBy }
  const clients = await compileClients(context, config.clients, clientsAt)
  const tls = await compileEntries(context, config, { path: [...path, 'tls'], usedBy })
  if (clients === undefined || tls.length < config.tls.length) return undefined
  const { truststore } = clients.policy
  const notes = truststore === undefined
    ? []
    : notedTrust({ truststore, kind: 'client-ca' }, { ...clientsAt, path: ['clients'] })
  warnOfNotes(context, notes, path)
  const before = context.reusable?.listeners.get(name)?.names
  const names = TlsNames.compile(context, tls, { path: [...path, 'tls'], usedBy, before })
  const policy = clients.policy
  const { secure, scopes, style, local } = config
  const own = { name, address, secure, proxyProtocol, scopes, style, local }
  const rules = compileConnections(context, config, path)
  return { ...own, ...rules, tls, names, clients: policy, trustedProxies, notes }
}

/** The TLS entries of a listener; those that are equal in the snapshot in use are not read again. */
async function compileEntries(
  context: CompileContext,
  config: ListenerConfig,
  { path, usedBy }: Place,
): Promise<readonly TlsName[]> {
  const known = await knownEntries(context, config)
  const fresh: number[] = []
  for (let index = 0; index < known.length; index++) {
    if (known[index] === undefined) fresh.push(index)
  }
  const made = new Map<number, TlsName>()
  for (let first = 0; first < fresh.length; first += AT_ONCE) {
    const some = fresh.slice(first, first + AT_ONCE)
    const compiled = await Promise.all(some.map((index) => {
      const entry = config.tls[index] as TlsEntryConfig
      return compileEntry(context, entry, {
        path: [...path, index],
        usedBy: ownerOf(entry, usedBy),
      })
    }))
    for (const [offset, index] of some.entries()) {
      const entry = compiled[offset]
      if (entry !== undefined) made.set(index, entry)
    }
    await context.breathe?.()
  }
  const all = fresh.length === 0
    ? known as readonly TlsName[]
    : known.map((entry, index) => entry ?? made.get(index)).filter((entry) => entry !== undefined)
  const told = context.news === true ? made : all.entries()
  for (const [index, entry] of told) warnOfEntry(context, entry, [...path, index])
  return all
}

function knownEntries(
  { reusable: before, breathe }: CompileContext,
  { name, tls }: ListenerConfig,
): Promise<readonly (TlsName | undefined)[]> {
  const compiled = before?.listeners.get(name)?.tls ?? []
  const configs = before?.configuration.listeners.find((each) => each.name === name)?.tls ?? []
  return inTurns(reusable({ configs, compiled }, tls, (entry) => entry.names.join(' ')), breathe)
}

function warnOfEntry(context: CompileContext, { notes, mismatches }: TlsName, path: Path): void {
  warnOfNotes(context, notes, path)
  for (const { path: inner, message } of mismatches) warn(context, [...path, ...inner], message)
}

/** Entries read at the same time, so that cryptography is busy and memory is not. */
const AT_ONCE = 64
/** Names that are told one by one. */
const TOLD = 3

function ownerOf({ names }: TlsEntryConfig, usedBy: string): string {
  if (names.length === 0) return usedBy
  const more = names.length > TOLD ? ` and ${names.length - TOLD} more` : ''
  return `${usedBy} for "${names.slice(0, TOLD).join('", "')}"${more}`
}

async function compileEntry(
  context: CompileContext,
  entry: TlsEntryConfig,
  { path, usedBy }: Place,
): Promise<TlsName | undefined> {
  const pairs = await readKeyPairs(context, entry, path)
  const skip = { patterns: entry.skipClientCertificate, path: [...path, 'skipClientCertificate'] }
  const place = { path: [...path, 'clients'], usedBy, skip }
  const clients = await compileClients(context, entry.clients, place)
  if (pairs === undefined || clients === undefined) return undefined
  const names = entry.names.map((name) => name.toLowerCase())
  const profile = compileProfile(context, { entry, names }, { pairs, clients })
  const certificates = pairs.map((pair) => pair.certificates[0] as Certificate)
  const made = { names, profile, policy: clients.policy, certificates, config: entry }
  return { ...made, notes: notesOf(made, usedBy), mismatches: mismatchesOf(made) }
}

/** Where the certificate of an entry stands, one of several or the only one. */
function certificatePath({ certificates }: TlsEntryConfig, path: Path, index: number): Path {
  return certificates.length === 1 ? [...path, 'certificate'] : [...path, 'certificate', index]
}

/** Reads an entry's certificates with their keys; a TLS stack can choose between keys of different types alone. */
async function readKeyPairs(
  context: CompileContext,
  entry: TlsEntryConfig,
  path: Path,
): Promise<readonly KeyPair[] | undefined> {
  const pairs: KeyPair[] = []
  const types = new Set<string>()
  for (const [index, config] of entry.certificates.entries()) {
    const at = certificatePath(entry, path, index)
    const pair = await readKeyPairAt(context, config, at)
    if (pair === undefined) continue
    const [type = ''] = pair.credentials.keyType.split(' ')
    if (types.has(type)) {
      const subject = pair.certificates[0]?.subject
      const state = `another one of these names has a key of type ${type}, too`
      fail(context, at, `Could not add certificate "${subject}": ${state}`)
      continue
    }
    types.add(type)
    pairs.push(pair)
  }
  return pairs.length === entry.certificates.length ? pairs : undefined
}

type Made = Pick<TlsName, 'certificates' | 'names' | 'policy' | 'config'>

/** What of an entry expires. */
function notesOf({ certificates, policy, config }: Made, usedBy: string): Noted[] {
  const own = certificates.map((certificate, index) => {
    const path = certificatePath(config, [], index)
    return notedCertificate({ certificate, kind: 'server' }, { path, usedBy })
  })
  const { truststore } = policy
  if (truststore === undefined) return own
  return [...own, ...notedTrust({ truststore, kind: 'client-ca' }, { path: ['clients'], usedBy })]
}

/** The names of an entry that its certificates do not speak for. */
function mismatchesOf({ certificates, names, config }: Made): TlsName['mismatches'] {
  return certificates.flatMap(({ subject, names: { dns } }, index) => {
    const own = new Set(dns.map((name) => name.toLowerCase()))
    const path = certificatePath(config, [], index)
    return names.filter((name) => !speaksFor(own, name)).map((name) => {
      const state = 'the certificate does not speak for that name'
      return { path, message: `Server certificate "${subject}" for "${name}": ${state}` }
    })
  })
}

function compileProfile(
  context: CompileContext,
  { entry, names }: { readonly entry: TlsEntryConfig; readonly names: readonly string[] },
  { pairs, clients }: { readonly pairs: readonly KeyPair[]; readonly clients: CompiledClients },
): TlsServerProfile {
  const { minVersion, maxVersion, http2 } = entry
  const credentials = pairs.map((pair) => pair.credentials)
  const alpn = http2 ? ALPN : ALPN.slice(1)
  const authorities = clients.authorities.map(({ der }) => writePem('CERTIFICATE', der)).join('')
  const policy = clients.policy.id
  const { basis } = context
  // Names and policy are part of the id, so a ticket of one never opens another (CVE-2025-23419).
  const versions = [minVersion, maxVersion ?? '']
  // A key belongs to its certificate: whoever has the one in common has the other.
  const chains = pairs.map(({ certificates }) => certificates.map(({ sha256 }) => sha256))
  const content = { basis, names, policy, chains, alpn, versions, authorities }
  const id = contentId('tls server', content)
  const { mode, skip } = clients.policy
  // Where some paths need no certificate, the handshake cannot insist on one.
  const clientMode = mode === 'require' && skip.length > 0 ? 'request' : mode
  const { secret } = context
  let ticketKey: Uint8Array | undefined
  return context.keeper.servers.keep({
    id,
    credentials,
    clientMode,
    alpn,
    minVersion,
    ...(maxVersion === undefined ? {} : { maxVersion }),
    authorities,
    // Of many thousand names few are asked for.
    get ticketKey(): Uint8Array {
      return ticketKey ??= expandKey(secret, { purpose: `ticket ${id}`, length: 48 })
    },
  })
}
