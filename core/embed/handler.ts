import { LimitState } from '../filter/mod.ts'
import { HeaderClasses, Identifier } from '../proxy/mod.ts'
import { VerdictCache } from '../pki/mod.ts'
import type { Problem } from '../snapshot/mod.ts'
import { loadConfiguration } from './configuration.ts'
import { type Embedded, Exchange, internalError } from './exchange.ts'
import type { FetchClient, FetchHandler, FetchHost } from './types.ts'

/**
 * Makes a handler for hosts that speak `fetch`. It takes the same decisions as the gateway, and forwards with the
 * host's own `fetch`.
 *
 * @param configuration as in `gateway.yaml`, with `clients` in place of `listeners`: the host has those
 * @param host what the host gives; may be left out
 * @example
 * ```ts
 * const handle = createFetchHandler({ clients: { mode: 'require', ca: pem }, routes, upstreams })
 * const response = await handle(request, { address: '203.0.113.7', clientCertificate })
 * ```
 */
export function createFetchHandler(
  configuration: Readonly<Record<string, unknown>>,
  host: FetchHost = {},
): FetchHandler {
  let loading: Promise<Loaded> | undefined
  // At the first request, not before: some hosts forbid cryptography outside of one.
  const load = (): Promise<Loaded> => loading ??= loadEmbedded(configuration, host)
  const handle = async (request: Request, client: FetchClient): Promise<Response> => {
    const exchange = new Exchange(request, client, host)
    try {
      return await exchange.answer((await load()).embedded)
    } catch (error) {
      return exchange.refuse(internalError(error))
    }
  }
  return Object.assign(handle, { ready: async () => (await load()).warnings })
}

interface Loaded {
  readonly embedded: Embedded
  readonly warnings: readonly Problem[]
}

async function loadEmbedded(
  configuration: Readonly<Record<string, unknown>>,
  host: FetchHost,
): Promise<Loaded> {
  const { snapshot, listener, warnings } = await loadConfiguration(configuration, host)
  const further = new Set((host.identityHeaders ?? []).map(oneSpelling))
  const isIdentity = (lowerName: string): boolean =>
    snapshot.isIdentityHeader(lowerName) || further.has(oneSpelling(lowerName))
  const classes = new HeaderClasses(isIdentity)
  const identifier = new Identifier(new VerdictCache())
  const limits = new LimitState()
  // Variables hide what headers do not carry on.
  const whole = { ...snapshot, isIdentityHeader: isIdentity }
  return { embedded: { snapshot: whole, listener, classes, identifier, limits }, warnings }
}

/** Many backends read `_` as `-` (CGI, RFC 3875 section 4.1.18). */
function oneSpelling(name: string): string {
  return name.toLowerCase().replaceAll('_', '-')
}
