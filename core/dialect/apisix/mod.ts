/**
 * **dialect/apisix** - APISIX's documents and its Admin API. It must never know how its parts are compiled, where a
 * store keeps documents, or which socket a request came by.
 * @module
 */
import type { ApisixConfig } from '../../snapshot/types.ts'
import type { Change } from '../../store/mod.ts'
import type { ConfigurationParts, Dialect, DialectApi, DialectContext } from '../types.ts'
import { type ApiOptions, APISIX_VERSION, createAdminApi } from './api/mod.ts'
import { readStandalone } from './config/standalone.ts'
import { DEFAULT_KEYRING } from './keyring.ts'
import { ApisixTranslator, type RouterName } from './translate/mod.ts'
import { withPlainNames } from './translate/plain-names.ts'

export { secretsOf } from './secrets.ts'
export { APISIX_VERSION } from './api/mod.ts'
export { DEFAULT_KEYRING } from './keyring.ts'
export { CONSUMER_PREFIX, PREFIX } from './translate/mod.ts'

/**
 * Reads APISIX's `apisix.yaml` or `apisix.json` as parts of a configuration, under names that `gateway.yaml` may use.
 * @returns what is wrong, where it cannot be read
 */
export function translateStandalone(
  text: string,
  { file, env, verifyUpstreams }: {
    readonly file: string
    readonly env: (name: string) => string | undefined
    readonly verifyUpstreams: boolean
  },
): { readonly parts: ConfigurationParts } | { readonly wrong: string } {
  const read = readStandalone(text, { file, env })
  if ('wrong' in read) return read
  const tls = { fallbackSni: '', httpsPort: 443, http2: true, protocols: [] }
  const rest = { ...tls, router: ROUTER, tellStatus: false }
  const translator = new ApisixTranslator({
    verifyUpstreams,
    keyring: DEFAULT_KEYRING,
    env,
    ...rest,
  })
  translator.take([...read.documents].map(([key, value], at): Change => {
    const revision = at + 1
    const revisions = { createRevision: revision, modifyRevision: revision, version: 1 }
    return { key, document: { key, value, ...revisions } }
  }))
  return { parts: withPlainNames(translator.parts()) }
}

/** What keys of its documents begin with: nothing, as in APISIX's own etcd. */
export const ROOT = ''
/** What paths of its API begin with. */
export const PATHS: readonly string[] = ['/apisix/admin']

/** APISIX's own default. */
const ROUTER: RouterName = 'radixtree_host_uri'

/** The name under which the admin key is made at the first start. */
const CREDENTIAL = 'apisix-admin-key'

/** Makes the dialect. */
export function createDialect(options: ApisixConfig, context: DialectContext): Dialect {
  const { env = () => undefined } = context
  const keyring = options.keyring.length > 0 ? options.keyring : DEFAULT_KEYRING
  const { verifyUpstreams, fallbackSni = '', httpsPort = 443, http2 = true } = options
  const { protocols = [], router = ROUTER, tellStatus = false } = options
  const tls = { verifyUpstreams, keyring, fallbackSni, httpsPort, http2, protocols }
  return {
    name: 'apisix',
    root: ROOT,
    paths: PATHS,
    translator: new ApisixTranslator({ ...tls, env, router, tellStatus }),
    api: keyedApi(options, context, keyring),
  }
}

/** The API, once its keys are known. */
function keyedApi(
  options: ApisixConfig,
  context: DialectContext,
  keyring: readonly string[],
): DialectApi {
  let api: Promise<DialectApi> | undefined
  const make = async (): Promise<DialectApi> =>
    createAdminApi(context, apiOptions(options, { keyring, keys: await keysOf(options, context) }))
  const { takesOrders = true } = context
  if (options.keyRequired && takesOrders) queueMicrotask(() => void (api ??= make()))
  return async (request, caller) => {
    const made = await (api ??= make())
    return await made(request, caller)
  }
}

function apiOptions(
  options: ApisixConfig,
  { keyring, keys }: {
    readonly keyring: readonly string[]
    readonly keys: ApiOptions['access']['keys']
  },
): ApiOptions {
  const { keyRequired, allow, apiVersion, prefix, cors } = options
  return {
    access: { keys, keyRequired, allow, certificateRequired: options.clientCertificate ?? false },
    shape: apiVersion,
    prefix,
    cors,
    keyring,
    server: options.serverTokens === false ? 'APISIX' : `APISIX/${APISIX_VERSION}`,
    standalone: options.standalone ?? false,
  }
}

/** The keys that are configured, else one that is made at the first start and told once. */
async function keysOf(
  options: ApisixConfig,
  { credential, log }: DialectContext,
): Promise<ApiOptions['access']['keys']> {
  const { key, viewerKey, keyRequired, keys = [] } = options
  const viewer = viewerKey === undefined ? [] : [{ key: viewerKey, role: 'viewer' as const }]
  const configured = [...keys, ...viewer]
  if (key !== undefined) return [{ key, role: 'admin' }, ...configured]
  if (!keyRequired || configured.some(({ role }) => role === 'admin')) return configured
  const made = await credential(CREDENTIAL, () => randomKey())
  if (typeof made === 'string') return [{ key: made, role: 'admin' }, ...configured]
  log.write('error', 'Make the key of the Admin API: nobody can use it', { reason: made.message })
  return configured
}

/** 32 letters, as APISIX makes them. */
function randomKey(): string {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
  const bytes = globalThis.crypto.getRandomValues(new Uint8Array(32))
  return [...bytes].map((byte) => letters[byte % letters.length]).join('')
}
