import { getHeader, serializeFields } from '../wire/mod.ts'
import type { HeaderList, RequestHead } from '../wire/mod.ts'
import { HeaderClass, type HeaderClasses } from './header-classes.ts'

/** What a request's head becomes on its way upstream, besides what the client sent. */
export interface ForwardOptions {
  readonly classes: HeaderClasses
  /** Fields that say who the client is; the same for all requests of a connection. */
  readonly clientFields: HeaderList
  /** Fields that the decision adds. */
  readonly added: readonly string[]
  /** Identity fields that the route sets itself, so that not even a trusted proxy's go on. */
  readonly owned: readonly string[]
  /** Names, lower case, that `added` takes the place of, whoever else would send them. */
  readonly replaced?: ReadonlySet<string> | undefined
  /** Whether the peer is a proxy whose word about its client counts. */
  readonly trusted: boolean
  readonly address: string
  /** What becomes of X-Forwarded-* and X-Real-IP; a trusted proxy's word goes on with its address in any case. */
  readonly forwardedHeaders: 'set' | 'pass' | 'remove'
}

/**
 * The fields to be sent upstream, without Host and framing. Hop-by-hop fields go (RFC 9110 section
 * 7.6.1); fields that carry identity go unless a trusted proxy sent them, and `Connection` cannot name
 * them away.
 */
export function forwardedFields(head: RequestHead, options: ForwardOptions): HeaderList {
  const { classes } = options
  const { headers } = head
  const named = connectionNamed(headers, classes)
  const fields: HeaderList = []
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string
    const kind = classes.of(name)
    if (kind === HeaderClass.Drop) continue
    if (kind === HeaderClass.Identity && !believed(name, options)) continue
    if (named?.has(name.toLowerCase())) continue
    fields.push(name, headers[i + 1] as string)
  }
  if (options.forwardedHeaders !== 'set' && !options.trusted) {
    if (options.forwardedHeaders === 'pass') pass(head, fields)
  } else if (options.trusted) relay(head, options, fields)
  else {
    for (const text of options.clientFields) fields.push(text)
    fields.push('X-Forwarded-Host', head.authority)
  }
  const { replaced } = options
  const kept = replaced === undefined || replaced.size === 0
    ? fields
    : fields.filter((_, i) => !replaced.has((fields[i - i % 2] as string).toLowerCase()))
  for (const text of options.added) kept.push(text)
  return kept
}

/** Whether the client takes trailers (RFC 9110 section 10.1.4), which gRPC insists on. */
export function asksForTrailers({ headers }: RequestHead): boolean {
  const te = getHeader(headers, 'te')
  return te !== undefined && /(^|,)\s*trailers\s*(,|$)/i.test(te)
}

/** How a request goes on over HTTP/1.1. */
export interface Http1Options extends ForwardOptions {
  /** The Host to send. */
  readonly host: string
  /** Whether the client's `Upgrade` is passed on. */
  readonly upgrade: boolean
}

/** The head to be sent upstream, as Latin-1 text. Framing is written anew from what was parsed, never copied. */
export function forwardedHead(head: RequestHead, options: Http1Options): string {
  return head.method + ' ' + head.target + ' HTTP/1.1\r\nHost: ' + options.host + '\r\n' +
    serializeFields(forwardedFields(head, options)) + framing(head) +
    (options.upgrade ? 'Connection: Upgrade\r\nUpgrade: ' + head.upgrade + '\r\n\r\n' : '\r\n')
}

/** Whether an identity field goes on as it came. */
function believed(name: string, { trusted, owned }: ForwardOptions): boolean {
  return trusted && !owned.includes(name.toLowerCase())
}

function framing(head: RequestHead): string {
  if (head.framing === 'length') return 'Content-Length: ' + head.length + '\r\n'
  return head.framing === 'chunked' ? 'Transfer-Encoding: chunked\r\n' : ''
}

/** What the client says of itself and others, as it says it. */
function pass({ headers }: RequestHead, fields: HeaderList): void {
  for (let i = 0; i < headers.length; i += 2) {
    const name = (headers[i] as string).toLowerCase()
    if (name !== 'x-forwarded-for' && !RELAYED.has(name)) continue
    fields.push(headers[i] as string, headers[i + 1] as string)
  }
}

/** Behind a trusted proxy its own account stands, with its address appended to the trace. */
function relay(head: RequestHead, options: ForwardOptions, fields: HeaderList): void {
  const trace: string[] = []
  const seen = new Set<string>()
  for (let i = 0; i < head.headers.length; i += 2) {
    const name = (head.headers[i] as string).toLowerCase()
    const value = head.headers[i + 1] as string
    if (name === 'x-forwarded-for') trace.push(value)
    else if (RELAYED.has(name) && !seen.has(name)) {
      seen.add(name)
      fields.push(head.headers[i] as string, value)
    }
  }
  trace.push(options.address)
  fields.push('X-Forwarded-For', trace.join(', '))
  const own = ['X-Forwarded-Host', head.authority, ...options.clientFields]
  for (let i = 0; i < own.length; i += 2) {
    const name = (own[i] as string).toLowerCase()
    if (RELAYED.has(name) && !seen.has(name)) fields.push(own[i] as string, own[i + 1] as string)
  }
}

const RELAYED: ReadonlySet<string> = new Set([
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-real-ip',
  'forwarded',
])

/** The fields that tell of a client at `address` that came in by `port`. */
export function clientFields(address: string, port: number, secure: boolean): HeaderList {
  return [
    'X-Forwarded-For',
    address,
    'X-Real-IP',
    address,
    'X-Forwarded-Proto',
    secure ? 'https' : 'http',
    'X-Forwarded-Port',
    String(port),
  ]
}

/** Words of `Connection` that are no field names. */
const OWN_WORDS: ReadonlySet<string> = new Set(['', 'close', 'keep-alive', 'upgrade'])

/**
 * What `Connection` names beyond its own words, in lower case (RFC 9110 section 7.6.1). Fields that
 * carry identity cannot be named away: whether they go on depends on who sent them alone.
 */
function connectionNamed(
  headers: HeaderList,
  classes: HeaderClasses,
): Set<string> | undefined {
  let named: Set<string> | undefined
  for (let i = 0; i < headers.length; i += 2) {
    const name = headers[i] as string
    if (name.length !== 10 || name.toLowerCase() !== 'connection') continue
    for (const part of (headers[i + 1] as string).split(',')) {
      const word = part.trim().toLowerCase()
      if (OWN_WORDS.has(word) || classes.of(word) === HeaderClass.Identity) continue
      named ??= new Set()
      named.add(word)
    }
  }
  return named
}
