import type { Certificate } from '../pki/mod.ts'
import type { Credentials } from '../port/mod.ts'
import type { EndpointConfig, Path, UpstreamConfig, UpstreamTlsConfig } from '../snapshot/types.ts'
import type { CompiledEndpoint, CompiledUpstream, Verification } from './compiled.ts'
import { fail, isProblem, warn } from './compile-context.ts'
import type { CompileContext } from './compile-context.ts'
import { compileTrust } from './compile-trust.ts'
import { type Noted, notedCertificate, notedTrust, warnOfNotes } from './compile-warnings.ts'
import { contentId } from './content-id.ts'
import { equal } from './equal.ts'
import { parseAddress } from './ip-range.ts'
import { inTurns, stepping } from '../route/mod.ts'
import { addressText, MapChange, PersistentMap, UPSTREAM_DEFAULTS } from '../snapshot/mod.ts'
import { readKeyPairAt } from './read-materials.ts'
import { endpointOf, plainEndpoint, Upstream } from './upstream.ts'

const ALPN: Readonly<Record<UpstreamConfig['protocol'], readonly string[]>> = {
  h1: ['http/1.1'],
  h2: ['h2'],
  auto: ['h2', 'http/1.1'],
  h2c: [],
}
const utf8 = new TextEncoder()

/** Compiles all upstreams, by name. What is equal to the snapshot in use stays the same object. */
export async function compileUpstreams(
  context: CompileContext,
  configs: ReadonlyMap<string, UpstreamConfig>,
): Promise<Upstreams> {
  const known = context.reusable?.upstreams ?? NONE
  const before = context.reusable?.configuration.upstreams
  const few = before && await inTurns(PersistentMap.comparing(before, configs), context.breathe)
  if (few !== undefined) return await compileFew(context, configs, few)
  const fresh: Fresh[] = []
  let same = 0
  // Nothing is made for what is as it was: there may be thousands, and one has changed.
  const comparing = stepping(configs, ([name, config]) => {
    const before = known.get(name)
    if (before === undefined || !equal(before.config, config)) fresh.push({ name, config })
    else {
      same++
      if (context.news !== true) warnOfUpstream(context, before)
    }
  })
  await inTurns(comparing, context.breathe)
  const gone = same === known.size ? [] : [...known.keys()].filter((name) => !configs.has(name))
  return await compileFresh(context, fresh, gone)
}

type Upstreams = ReadonlyMap<string, CompiledUpstream>

const NONE: Upstreams = new Map()

/** The same, where no others than these can have changed. */
async function compileFew(
  context: CompileContext,
  configs: ReadonlyMap<string, UpstreamConfig>,
  names: ReadonlySet<string>,
): Promise<Upstreams> {
  const known = context.reusable?.upstreams ?? NONE
  const fresh: Fresh[] = []
  const remove: string[] = []
  const comparing = stepping(names, (name) => {
    const config = configs.get(name)
    const before = known.get(name)
    if (config === undefined) remove.push(name)
    else if (before === undefined || !equal(before.config, config)) fresh.push({ name, config })
  }, COMPARED)
  await inTurns(comparing, context.breathe)
  return await compileFresh(context, fresh, remove)
}

/** Upstreams compared in one step: each has some thirty values. */
const COMPARED = 32

interface Fresh {
  readonly name: string
  readonly config: UpstreamConfig
}

/** Upstreams read at the same time, so that hashing is busy and memory is not. */
const AT_ONCE = 8

/** Puts what is compiled now among what is known; what cannot be is not there, nor what is to be removed. */
async function compileFresh(
  context: CompileContext,
  fresh: readonly Fresh[],
  remove: readonly string[],
): Promise<Upstreams> {
  const all = new MapChange(context.reusable?.upstreams ?? NONE)
  for (const name of remove) all.remove(name)
  for (let first = 0; first < fresh.length; first += AT_ONCE) {
    const some = fresh.slice(first, first + AT_ONCE)
    const compiled = await Promise.all(
      some.map((each) => compileUpstream(context, each)),
    )
    for (const [index, { name }] of some.entries()) {
      const upstream = compiled[index]
      if (upstream === undefined) all.remove(name)
      else all.put(name, upstream)
      if (upstream !== undefined) warnOfUpstream(context, upstream)
    }
    await context.breathe?.()
  }
  return all.map()
}

/** The upstream, at once where nothing needs to be read for it; undefined where something cannot be. */
function compileUpstream(
  context: CompileContext,
  { config, name }: Fresh,
): CompiledUpstream | undefined | Promise<CompiledUpstream | undefined> {
  const before = context.previous?.upstreams.get(name)
  if (config.tls !== undefined || config.endpoints.some(hasOwnTls)) {
    return compileWithTls(context, { config, before }, ['upstreams', name])
  }
  // What is equal to a reusable one has been told apart before.
  const same = context.reusable === undefined && before?.isPlain && equal(before.config, config)
  return same ? before : new Upstream(config, undefined, before)
}

function hasOwnTls({ tls }: EndpointConfig): boolean {
  return typeof tls === 'object'
}

async function compileWithTls(
  context: CompileContext,
  { config, before }: {
    readonly config: UpstreamConfig
    readonly before: CompiledUpstream | undefined
  },
  path: Path,
): Promise<CompiledUpstream | undefined> {
  const { endpoints: endpointConfigs, tls: tlsConfig, name } = config
  const alpn = ALPN[config.protocol]
  const tls = tlsConfig && await compileTls(context, { config: tlsConfig, alpn }, [...path, 'tls'])
  if (tlsConfig !== undefined && tls === undefined) return undefined
  const endpoints: CompiledEndpoint[] = []
  const apart: OwnTls[] = []
  for (const [index, each] of endpointConfigs.entries()) {
    const own = await tlsOf(context, { each, shared: tls, alpn }, [
      ...path,
      'endpoints',
      index,
      'tls',
    ])
    if (own === undefined) return undefined
    if (typeof each.tls === 'object') apart.push({ tls: own.tls, index })
    endpoints.push(
      own.tls === undefined ? plainEndpoint(each) : compileEndpoint(context, each, own.tls),
    )
  }
  if (before?.isPlain === false && isSame(before, config, endpoints)) return before
  const notes = notesOfAll(tls, apart, name)
  const { certificate, verification } = tls ?? NO_CLIENT
  return new Upstream(config, { endpoints, certificate, verification, notes }, before)
}

const NO_CLIENT = { certificate: undefined, verification: undefined }

function notesOfAll(
  tls: SharedTls | undefined,
  apart: readonly OwnTls[],
  name: string,
): readonly Noted[] {
  return [
    ...notesOf(tls, name, ['tls']),
    ...apart.flatMap(({ tls, index }) => notesOf(tls, name, ['endpoints', index, 'tls'])),
  ]
}

/** What of a configuration is not told by its endpoints as they were compiled. */
const OWN_FIELDS = (Object.keys(UPSTREAM_DEFAULTS) as (keyof typeof UPSTREAM_DEFAULTS)[])
  .filter((field) => field !== 'tls')

/** Whether an upstream is what it was: then it stays the same object, though its files were read anew. */
function isSame(
  { config: known, endpoints: before }: CompiledUpstream,
  config: UpstreamConfig,
  endpoints: readonly CompiledEndpoint[],
): boolean {
  return before.length === endpoints.length &&
    before.every((each, at) => isSameEndpoint(each, endpoints[at])) &&
    OWN_FIELDS.every((field) => equal(known[field], config[field]))
}

function isSameEndpoint(a: CompiledEndpoint, b: CompiledEndpoint | undefined): boolean {
  return a.key === b?.key && a.weight === b.weight && a.priority === b.priority &&
    equal(a.monitor, b.monitor) && a.path === b.path
}

/** What of an upstream expires. */
function notesOf(tls: SharedTls | undefined, name: string, path: Path): Noted[] {
  if (tls === undefined) return []
  const { certificate, verification } = tls
  const usedBy = `upstream "${name}"`
  const own = certificate === undefined ? [] : [
    notedCertificate({ certificate, kind: 'upstream-client' }, {
      path: [...path, 'certificate'],
      usedBy,
    }),
  ]
  if (verification === undefined) return own
  const { truststore } = verification
  const kind = tls.config.trust.ca.length > 0 ? 'upstream-ca' : undefined
  return [...own, ...notedTrust({ truststore, kind }, { path, usedBy })]
}

function warnOfUpstream(context: CompileContext, upstream: CompiledUpstream): void {
  const { name, verification, config, notes } = upstream
  if (notes.length > 0) warnOfNotes(context, notes, ['upstreams', name])
  if (!config.endpoints.some(takesTraffic)) {
    const message = `Upstream "${name}" has no endpoint with weight`
    warn(context, ['upstreams', name, 'endpoints'], message)
  }
  if (config.tls !== undefined && verification === undefined) {
    const message = `Endpoints of upstream "${name}" are not verified`
    warn(context, ['upstreams', name, 'tls', 'verify'], message)
  }
  for (const [index, { tls, host }] of config.endpoints.entries()) {
    if (typeof tls !== 'object' || tls.verify) continue
    const message = `Endpoint "${host}" of upstream "${name}" is not verified`
    warn(context, ['upstreams', name, 'endpoints', index, 'tls', 'verify'], message)
  }
}

function takesTraffic({ weight }: EndpointConfig): boolean {
  return weight > 0
}

/** What the endpoints of an upstream have in common. */
interface SharedTls {
  readonly alpn: readonly string[]
  readonly config: UpstreamTlsConfig
  readonly certificate: Certificate | undefined
  readonly credentials: Credentials | undefined
  /** Stands for the credentials. */
  readonly contextId: string
  readonly verification: Verification | undefined
}

/** An endpoint's TLS that is not the upstream's. */
interface OwnTls {
  readonly tls: SharedTls | undefined
  readonly index: number
}

/** The TLS of an endpoint; undefined where it cannot be used. */
async function tlsOf(
  context: CompileContext,
  { each: { tls }, shared, alpn }: {
    readonly each: EndpointConfig
    readonly shared: SharedTls | undefined
    readonly alpn: readonly string[]
  },
  path: Path,
): Promise<{ readonly tls: SharedTls | undefined } | undefined> {
  if (tls === undefined) return { tls: shared }
  if (tls === 'none') return { tls: undefined }
  const own = await compileTls(context, { config: tls, alpn }, path)
  return own && { tls: own }
}

async function compileTls(
  context: CompileContext,
  { config, alpn }: { readonly config: UpstreamTlsConfig; readonly alpn: readonly string[] },
  path: Path,
): Promise<SharedTls | undefined> {
  const pair = config.certificate &&
    await readKeyPairAt(context, config.certificate, [...path, 'certificate'])
  if (config.certificate !== undefined && pair === undefined) return undefined
  const credentials = pair?.credentials
  const contextId = contentId('tls client context', credentials)
  const own = { config, alpn, certificate: pair?.certificates[0], credentials, contextId }
  if (!config.verify) return { ...own, verification: undefined }
  const anchors = config.trust.ca.length === 0 ? await systemAnchors(context, path) : undefined
  const options = { path, acceptsAnyLeaf: false, anchors }
  const truststore = await compileTrust(context, config.trust, options)
  const { trust, checkName } = config
  return truststore && { ...own, verification: { truststore, depth: trust.depth, checkName } }
}

/** The host's roots. Those that cannot be read are left out: they are not the operator's to mend. */
async function systemAnchors(
  context: CompileContext,
  path: Path,
): Promise<readonly Certificate[] | undefined> {
  const anchors = await context.keeper.systemRoots(async () => {
    const all: Certificate[] = []
    for (const pem of context.systemRoots()) {
      const found = await context.pki.readCertificates(utf8.encode(pem))
      if (!isProblem(found)) all.push(...found)
    }
    return all
  })
  if (anchors.length > 0) return anchors
  const state = 'no ca is set, and the host has none'
  return fail(context, path, `Could not find roots to verify endpoints with: ${state}`)
}

function compileEndpoint(
  context: CompileContext,
  config: EndpointConfig,
  { alpn, config: { name: wanted }, credentials, contextId, verification }: SharedTls,
): CompiledEndpoint {
  // The name from a request's Host is known with the request alone.
  const name = typeof wanted === 'string' ? wanted : config.host
  const serverName = serverNameOf(name)
  const id = contentId('tls client', serverName, credentials, alpn)
  const tls = context.keeper.clients.keep({ id, contextId, serverName, credentials, alpn })
  const trust = verification === undefined
    ? 'unverified'
    : `${verification.truststore.id} ${verification.depth} ${verification.checkName}`
  const address = addressText(config)
  return endpointOf(config, {
    address,
    name,
    namedByHost: typeof wanted === 'object',
    verification,
    key: `${address} ${id} ${name} ${trust}`,
    tls,
    named: otherwiseNamed,
  })
}

/** The endpoint asked for by another name, with the same certificate and trust. */
function otherwiseNamed(this: CompiledEndpoint, name: string): CompiledEndpoint {
  const { tls, key } = this
  const profile = tls && { ...tls, id: `${tls.id} ${name}`, serverName: serverNameOf(name) }
  return { ...this, name, tls: profile, key: `${key} ${name}` }
}

/** RFC 6066 section 3: an IP address is no server name. */
function serverNameOf(name: string): string {
  return parseAddress(name) === undefined ? name : ''
}
