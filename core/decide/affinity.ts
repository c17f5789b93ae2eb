import type { PersistenceConfig, UpstreamConfig } from '../snapshot/types.ts'
import { getHeader, joinedHeader } from '../wire/mod.ts'
import type { HeaderList, RequestHead } from '../wire/types.ts'
import type { CompiledEndpoint } from './compiled.ts'
import { contentId } from './content-id.ts'
import type { Peer } from './types.ts'

/** What of a request may lead to an endpoint. */
export interface AffinityFacts {
  readonly head: Pick<RequestHead, 'method' | 'host' | 'path' | 'query' | 'headers'>
  readonly peer: Pick<Peer, 'address' | 'secure' | 'sni'>
  /** The application that was let in; empty without. */
  readonly consumer: string
}

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
  { name, balance, persistence }: UpstreamConfig,
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
    ? ({ peer }: AffinityFacts) => peer.address
    : typeof balance === 'object'
    ? compileText(balance.hash)
    : () => ''
  return { keyOf, persistence, cookies, byCookie }
}

/** A text with `$name` or `${name}` in it, as a function of a request. */
function compileText(text: string): (facts: AffinityFacts) => string {
  const parts = text.split(/(\$\{[a-z\d_]+\}|\$[a-z\d_]+)/i)
  const readers = parts.map((part, index) => {
    const name = part.replace(/^\$\{?|\}$/g, '').toLowerCase()
    return index % 2 === 0 ? () => part : (facts: AffinityFacts) => variable(name, facts)
  })
  return (facts) => readers.map((read) => read(facts)).join('')
}

/** A variable of a request by nginx's name for it; empty where there is none. */
function variable(name: string, { head, peer, consumer }: AffinityFacts): string {
  const [kind = '', ...rest] = name.split('_')
  const wanted = rest.join('_')
  if (kind === 'http') return joinedHeader(head.headers, wanted.replaceAll('_', '-')) ?? ''
  if (kind === 'cookie') return cookieOf(head.headers, wanted) ?? ''
  if (kind === 'arg') return argumentOf(head.query, wanted)
  const found = VARIABLES[name]
  return found === undefined ? '' : found({ head, peer, consumer })
}

const VARIABLES: Readonly<Record<string, (facts: AffinityFacts) => string>> = {
  remote_addr: ({ peer }) => peer.address,
  uri: ({ head }) => head.path,
  request_uri: ({ head }) => head.path + head.query,
  query_string: ({ head }) => head.query.slice(1),
  host: ({ head }) => head.host,
  request_method: ({ head }) => head.method,
  ssl_server_name: ({ peer }) => peer.sni,
  consumer_name: ({ consumer }) => consumer,
}

/** The first value of a cookie (RFC 6265 section 5.4), without the quotes around it. */
export function cookieOf(headers: HeaderList, name: string): string | undefined {
  const all = getHeader(headers, 'cookie')
  if (all === undefined || !all.includes(name)) return undefined
  for (const pair of all.split(';')) {
    const equals = pair.indexOf('=')
    if (equals < 0 || pair.slice(0, equals).trim() !== name) continue
    return pair.slice(equals + 1).trim().replace(/^"(.*)"$/, '$1')
  }
  return undefined
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

function argumentOf(query: string, name: string): string {
  for (const pair of query.slice(1).split('&')) {
    const [key = '', ...value] = pair.split('=')
    if (key.toLowerCase() === name) return value.join('=')
  }
  return ''
}
