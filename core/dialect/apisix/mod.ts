/**
 * **dialect/apisix** - APISIX's documents and its Admin API. It must never know how its parts are compiled, where a
 * store keeps documents, or which socket a request came by.
 * @module
 */
import type { ApisixConfig } from '../../snapshot/types.ts'
import type { Dialect, DialectApi, DialectContext } from '../types.ts'
import { type ApiOptions, APISIX_VERSION, createAdminApi } from './api/mod.ts'
import { DEFAULT_KEYRING } from './keyring.ts'
import { ApisixTranslator } from './translate/mod.ts'

export { secretsOf } from './secrets.ts'
export { APISIX_VERSION } from './api/mod.ts'
export { DEFAULT_KEYRING } from './keyring.ts'

/** What keys of its documents begin with: nothing, as in APISIX's own etcd. */
export const ROOT = ''
/** What paths of its API begin with. */
export const PATHS: readonly string[] = ['/apisix/admin']

/** The name under which the admin key is made at the first start. */
const CREDENTIAL = 'apisix-admin-key'

/** Makes the dialect. */
export function createDialect(options: ApisixConfig, context: DialectContext): Dialect {
  const { env = () => undefined } = context
  const keyring = options.keyring.length > 0 ? options.keyring : DEFAULT_KEYRING
  const { verifyUpstreams, fallbackSni = '', httpsPort = 443, http2 = true, protocols = [] } =
    options
  const translate = { verifyUpstreams, keyring, env, fallbackSni, httpsPort, http2, protocols }
  return {
    name: 'apisix',
    root: ROOT,
    paths: PATHS,
    translator: new ApisixTranslator(translate),
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
