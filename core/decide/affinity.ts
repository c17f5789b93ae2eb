import type { PersistenceConfig, UpstreamConfig } from '../snapshot/types.ts'
import { compileTemplate, type Facts, type Template } from '../vars/mod.ts'
import type { HeaderList } from '../wire/types.ts'
import type { CompiledEndpoint } from './compiled.ts'
import { contentId } from './content-id.ts'

/** What of a request may lead to an endpoint. */
export type AffinityFacts = Facts

/** What leads equal requests, or the requests of one client, to one endpoint. */
export interface Affinity {
  /** What the balancer hashes. */
  keyOf(facts: AffinityFacts): string
  readonly persistence: PersistenceConfig | undefined
  /** The value of the gateway's own cookie by endpoint, and the other way round. Endpoints by `host:port`. */
  readonly cookies: ReadonlyMap<string, string>
  readonly byCookie: ReadonlyMap<string, string>
}

/** Digits of a digest that stand for an endpoint in a cookie. */
const COOKIE_DIGITS = 16

/** Compiles what an upstream says of affinity; undefined where each request is for itself. */
export function compileAffinity(
  name: string,
  { balance, persistence }: UpstreamConfig,
  endpoints: readonly CompiledEndpoint[],
): Affinity | undefined {
  if (persistence === undefined && typeof balance !== 'object') return undefined
  const cookies = new Map<string, string>()
  const byCookie = new Map<string, string>()
  for (const { address } of persistence?.by === 'cookie' ? endpoints : []) {
    // Addresses are nobody's business, and a name of one's own choice would be one more thing to keep.
    const value = contentId('endpoint cookie', name, address).slice(0, COOKIE_DIGITS)
    cookies.set(address, value)
    byCookie.set(value, address)
  }
  const keyOf = persistence?.by === 'source-ip'
    ? ({ address }: Facts) => address
    : typeof balance === 'object'
    ? keyBy(compileTemplate(balance.hash))
    : () => ''
  return { keyOf, persistence, cookies, byCookie }
}

/** Where a request has none of the variables, its client's address stands for them, as APISIX has it. */
function keyBy(template: Template): (facts: Facts) => string {
  return (facts) => template.renderAny(facts) ?? facts.address
}

/** The value that a response gives to a cookie; undefined where it does not speak of it. */
export function givenCookie(headers: HeaderList, name: string): string | undefined {
  for (let index = 0; index + 1 < headers.length; index += 2) {
    if ((headers[index] as string).toLowerCase() !== 'set-cookie') continue
    const [pair = ''] = (headers[index + 1] as string).split(';')
    const equals = pair.indexOf('=')
    if (equals > 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim()
  }
  return undefined
}
