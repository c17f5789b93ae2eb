import type { CompiledListener, Snapshot } from '../../core/mod.ts'
import { readDate } from '../../core/snapshot/schema/scalars.ts'
import { isIpv4, isIpv6, parseAuthority } from '../../core/wire/mod.ts'
import { carriedBy, type Question } from './ask.ts'
import { WrongUse } from './wrong-use.ts'

/** A question as it is put: what it leaves out follows from the configuration. */
export interface Wanted {
  readonly host: string | undefined
  readonly path: string | undefined
  readonly method: string
  readonly sni: string | undefined
  readonly listener: string | undefined
  /** Each as `Name: value`. */
  readonly headers: readonly string[]
  readonly address: string | undefined
  /** A time such as `2027-01-31T08:00:00Z`; undefined: now. */
  readonly at: string | undefined
  /** What the client shows, DER, leaf first. */
  readonly chain: readonly Uint8Array[]
}

/**
 * Completes a question for a configuration.
 *
 * @param now epoch milliseconds
 * @throws WrongUse for what makes no sense
 */
export function questionOf(snapshot: Snapshot, wanted: Wanted, now: number): Question {
  const { method, path, host, chain, at } = wanted
  if (host === undefined || path === undefined) {
    throw new WrongUse('Could not explain: --host and --path are needed, see sallyport help')
  }
  if (wanted.address !== undefined && !isIpv4(wanted.address) && !isIpv6(wanted.address)) {
    throw new WrongUse(`Could not read --address "${wanted.address}": it is not an IP address`)
  }
  const headers = wanted.headers.flatMap(readHeader)
  if (/[\r\n]/.test([method, path, host, ...headers].join(''))) {
    throw new WrongUse('Could not explain: a line end stands in the method, path, host or a header')
  }
  const name = parseAuthority(host)?.host ?? ''
  // RFC 6066 section 3: a literal address is never sent as a server name.
  const literal = isIpv4(name) || name.startsWith('[')
  const sni = (wanted.sni ?? (literal ? '' : name)).toLowerCase()
  const listener = findListener(snapshot, sni, wanted.listener)
  const address = wanted.address ?? likelyAddress(snapshot, listener, chain.length > 0)
  const time = at === undefined ? now : readTime(at)
  const request = { method, path, host, headers, chain }
  return { ...request, listener, address, at: time, sni: listener.secure ? sni : '' }
}

/** Why nobody will look at the certificate of a question; undefined where somebody does. */
export function unused({ listener, chain, sni }: Question): string | undefined {
  if (chain.length === 0) return undefined
  if (listener.secure && listener.names.select(sni)?.policy.mode === 'none') {
    return `Note: nobody asks for the certificate on "${listener.name}", SNI "${sni}"`
  }
  return !listener.secure && carriedBy(listener) === undefined
    ? `Note: no header carries the certificate to the plain "${listener.name}"`
    : undefined
}

function readHeader(text: string): readonly [string, string] {
  const colon = text.indexOf(':')
  if (colon <= 0) throw new WrongUse(`Could not read --header "${text}": expected 'Name: value'`)
  return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()]
}

function readTime(text: string): number {
  const time = readDate(text)
  if (typeof time === 'number') return time
  throw new WrongUse(
    `Could not read --at "${text}": expected a time such as 2027-01-31 or 2027-01-31T08:00:00Z`,
  )
}

/** The one that is named, else the one that has a server certificate for the SNI, else the first. */
function findListener(
  { listeners }: Snapshot,
  sni: string,
  named: string | undefined,
): CompiledListener {
  const all = [...listeners.values()].filter(({ local }) => local === undefined)
  const found = named === undefined
    ? all.find((each) => (each.names.select(sni)?.names.length ?? 0) > 0) ??
      all.find((each) => each.names.select(sni) !== undefined) ?? all[0]
    : all.find(({ name }) => name === named)
  if (found !== undefined) return found
  const known = all.map(({ name }) => `"${name}"`).join(', ') || 'none'
  throw new WrongUse(`Could not find listener "${named ?? ''}": there are ${known}`)
}

/** A certificate in a header comes from a proxy that is trusted; all else may come from here. */
function likelyAddress(snapshot: Snapshot, listener: CompiledListener, shows: boolean): string {
  if (!shows || carriedBy(listener) === undefined) return '127.0.0.1'
  const { listeners } = snapshot.configuration
  const cidr = listeners.find(({ name }) => name === listener.name)?.trustedProxies?.cidrs[0]
  return cidr?.split('/')[0] ?? '127.0.0.1'
}
