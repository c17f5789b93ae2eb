import { parseArgs } from 'node:util'
import { formatExplanation } from '../../../core/mod.ts'
import type { CompiledListener, Snapshot } from '../../../core/mod.ts'
import { readDate } from '../../../core/snapshot/schema/scalars.ts'
import { isIpv4, isIpv6, parseAuthority } from '../../../core/wire/mod.ts'
import { ask, carriedBy, type Question } from '../ask.ts'
import type { Host } from '../host.ts'
import { readChain } from '../pki-content.ts'
import { loadSnapshot, problemLines } from '../snapshot-source.ts'
import { WrongUse } from '../wrong-use.ts'

const OPTIONS = {
  config: { type: 'string', short: 'c', default: 'gateway.yaml' },
  host: { type: 'string' },
  path: { type: 'string' },
  method: { type: 'string', default: 'GET' },
  sni: { type: 'string' },
  cert: { type: 'string' },
  listener: { type: 'string' },
  header: { type: 'string', multiple: true },
  address: { type: 'string' },
  at: { type: 'string' },
  json: { type: 'boolean', default: false },
} as const

type Flags = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>['values']

/** `sallyport explain`: says why a request would be let in or refused. */
export async function explain(host: Host, args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: OPTIONS })
  const asked = await readFlags(host, values)
  const loaded = await loadSnapshot(host, values.config, { secret: new Uint8Array(32) })
  if (loaded.snapshot === undefined) {
    host.complain(problemLines(loaded.problems))
    return 2
  }
  const question = complete(loaded.snapshot, asked, values)
  warnOfUnusedCertificate(host, question)
  const explanation = await ask(host, loaded.snapshot, question)
  host.print(formatExplanation(explanation, values.json ? 'json' : 'text') + '\n')
  return explanation.answer === 'forward' ? 0 : 1
}

/** What the flags say by themselves. */
type Asked = Omit<Question, 'listener' | 'sni' | 'address'> & { readonly name: string }

async function readFlags(host: Host, flags: Flags): Promise<Asked> {
  if (flags.host === undefined || flags.path === undefined) {
    throw new WrongUse('Could not explain: --host and --path are needed, see sallyport help')
  }
  if (flags.address !== undefined && !isIpv4(flags.address) && !isIpv6(flags.address)) {
    throw new WrongUse(`Could not read --address "${flags.address}": it is not an IP address`)
  }
  const { method, path } = flags
  const headers = (flags.header ?? []).flatMap(readHeader)
  if (/[\r\n]/.test([method, path, flags.host, ...headers].join(''))) {
    throw new WrongUse('Could not explain: a line end stands in the method, path, host or a header')
  }
  return {
    method,
    path,
    host: flags.host,
    name: parseAuthority(flags.host)?.host ?? '',
    headers,
    chain: flags.cert === undefined ? [] : await readChain(host, flags.cert),
    at: flags.at === undefined ? host.clock.now() : readTime(flags.at),
  }
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

/** Fills in what follows from the configuration. */
function complete(snapshot: Snapshot, { name, ...asked }: Asked, flags: Flags): Question {
  // RFC 6066 section 3: a literal address is never sent as a server name.
  const literal = isIpv4(name) || name.startsWith('[')
  const sni = (flags.sni ?? (literal ? '' : name)).toLowerCase()
  const listener = findListener(snapshot, sni, flags.listener)
  return {
    ...asked,
    listener,
    sni: !listener.secure ? '' : sni,
    address: flags.address ?? likelyAddress(snapshot, listener, asked.chain.length > 0),
  }
}

/** The one that is named, else the one that has a server certificate for the SNI, else the first. */
function findListener(
  { listeners }: Snapshot,
  sni: string,
  named: string | undefined,
): CompiledListener {
  const all = [...listeners.values()]
  const found = named === undefined
    ? all.find((each) => (each.selectTls(sni)?.names.length ?? 0) > 0) ??
      all.find((each) => each.selectTls(sni) !== undefined) ?? all[0]
    : listeners.get(named)
  if (found !== undefined) return found
  const known = all.map(({ name }) => `"${name}"`).join(', ')
  throw new WrongUse(`Could not find listener "${named}": there are ${known}`)
}

/** A certificate in a header comes from a proxy that is trusted; all else may come from here. */
function likelyAddress(snapshot: Snapshot, listener: CompiledListener, shows: boolean): string {
  if (!shows || carriedBy(listener) === undefined) return '127.0.0.1'
  const { listeners } = snapshot.configuration
  const cidr = listeners.find(({ name }) => name === listener.name)?.trustedProxies?.cidrs[0]
  return cidr?.split('/')[0] ?? '127.0.0.1'
}

function warnOfUnusedCertificate(host: Host, { listener, chain, sni }: Question): void {
  if (chain.length === 0) return
  if (listener.secure && listener.selectTls(sni)?.policy.mode === 'none') {
    host.complain(`Note: nobody asks for the certificate on "${listener.name}", SNI "${sni}"\n`)
  } else if (!listener.secure && carriedBy(listener) === undefined) {
    host.complain(`Note: no header carries the certificate to the plain "${listener.name}"\n`)
  }
}
