import type { Address } from '../port/mod.ts'
import { CR, LF, quote } from './characters.ts'
import { ipv4Bytes, ipv6Bytes, ipv6Text } from './ip.ts'
import { latin1Bytes, plainLatin1 } from './latin1.ts'

/** A PROXY protocol header. Both addresses are undefined where the proxy speaks for itself or does not know. */
export interface ProxyHeader {
  readonly kind: 'header'
  readonly version: 1 | 2
  readonly source: Address | undefined
  readonly destination: Address | undefined
  /** Bytes that the header takes. */
  readonly length: number
}

/** What the first bytes of a connection are. `more`: too few to tell; `absent`: no PROXY header. */
export type ProxyHeaderResult =
  | ProxyHeader
  | { readonly kind: 'more' }
  | { readonly kind: 'absent' }
  | { readonly kind: 'invalid'; readonly detail: string }

/** What a header of version 1 starts with. */
export const V1_SIGNATURE = 'PROXY '
/** What a header of version 2 starts with. */
export const V2_SIGNATURE = '\r\n\r\n\0\r\nQUIT\n'

const V1_START = latin1Bytes(V1_SIGNATURE)
const V2_START = latin1Bytes(V2_SIGNATURE)
/** The longest header of version 1, with its CR LF. */
const V1_MAX = 107
const V2_FIXED = 16
/** The longest header of version 2 that is read; TLVs seldom come near. */
const V2_MAX = 4096

/** Reads the header that a proxy sends before anything else (PROXY protocol, versions 1 and 2). Give it all bytes from the first on. Never throws. */
export function parseProxyHeader(bytes: Uint8Array): ProxyHeaderResult {
  if (startsWith(bytes, V2_START)) {
    return bytes.length < V2_FIXED ? partialV2(bytes) : readV2(bytes)
  }
  if (startsWith(bytes, V1_START)) return bytes.length < V1_START.length ? MORE : readV1(bytes)
  return { kind: 'absent' }
}

const MORE: ProxyHeaderResult = { kind: 'more' }

/** Whether the bytes that are there are those of `start`, as far as both go. */
function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  const length = Math.min(bytes.length, start.length)
  for (let i = 0; i < length; i++) {
    if (bytes[i] !== start[i]) return false
  }
  return true
}

const V1_LINE = /^PROXY (TCP4|TCP6) ([0-9a-fA-F.:]+) ([0-9a-fA-F.:]+) ([0-9]+) ([0-9]+)$/
const V1_UNKNOWN = /^PROXY UNKNOWN(?: .*)?$/

function readV1(bytes: Uint8Array): ProxyHeaderResult {
  const lf = bytes.subarray(0, V1_MAX).indexOf(LF)
  if (lf < 0) return bytes.length < V1_MAX ? MORE : invalid('no end of line')
  const line = plainLatin1(bytes, 0, lf - 1)
  if (bytes[lf - 1] !== CR) return invalid(`${quote(line)} does not end in CR LF`)
  const length = lf + 1
  if (V1_UNKNOWN.test(line)) {
    return { kind: 'header', version: 1, source: undefined, destination: undefined, length }
  }
  const match = V1_LINE.exec(line)
  if (match === null) return invalid(`${quote(line)} is malformed`)
  const source = addressOf(match[1]!, match[2]!, match[4]!)
  const destination = addressOf(match[1]!, match[3]!, match[5]!)
  if (source === undefined || destination === undefined) {
    return invalid(`${quote(line)} has a malformed address`)
  }
  return { kind: 'header', version: 1, source, destination, length }
}

function addressOf(family: string, host: string, digits: string): Address | undefined {
  const port = Number(digits)
  if (port > 65535 || (digits.length > 1 && digits.startsWith('0'))) return undefined
  if (family === 'TCP4') return ipv4Bytes(host) === undefined ? undefined : { host, port }
  const bytes = ipv6Bytes(host)
  return bytes === undefined ? undefined : { host: ipv6Text(bytes), port }
}

const LOCAL = 0x20
const PROXY = 0x21
const UNSPECIFIED = 0x00
const TCP4 = 0x11
const TCP6 = 0x21
const UNIX_STREAM = 0x31
/** Bytes of both addresses and ports, by family and transport. */
const ADDRESS_SIZES = new Map([[UNSPECIFIED, 0], [TCP4, 12], [TCP6, 36], [UNIX_STREAM, 216]])

function partialV2(bytes: Uint8Array): ProxyHeaderResult {
  return bytes.length <= 12 ? MORE : commandProblem(bytes) ?? MORE
}

function commandProblem(bytes: Uint8Array): ProxyHeaderResult | undefined {
  const command = bytes[12]!
  if (command === LOCAL || command === PROXY) return undefined
  return invalid(`version and command 0x${command.toString(16)} are unknown`)
}

function readV2(bytes: Uint8Array): ProxyHeaderResult {
  const problem = commandProblem(bytes)
  if (problem !== undefined) return problem
  const family = bytes[13]!
  const length = V2_FIXED + bytes[14]! * 256 + bytes[15]!
  if (length > V2_MAX) return invalid(`${length} bytes are too many`)
  const local = bytes[12] === LOCAL
  const size = local ? 0 : ADDRESS_SIZES.get(family)
  if (size === undefined) return invalid(`family and transport 0x${family.toString(16)} are unfit`)
  if (V2_FIXED + size > length) return invalid('too short for its addresses')
  if (bytes.length < length) return MORE
  const known = !local && (family === TCP4 || family === TCP6)
  if (!known) {
    return { kind: 'header', version: 2, source: undefined, destination: undefined, length }
  }
  const width = family === TCP4 ? 4 : 16
  const source = binaryAddress(bytes, V2_FIXED, { width, portAt: V2_FIXED + 2 * width })
  const destination = binaryAddress(bytes, V2_FIXED + width, {
    width,
    portAt: V2_FIXED + 2 * width + 2,
  })
  return { kind: 'header', version: 2, source, destination, length }
}

function binaryAddress(
  bytes: Uint8Array,
  at: number,
  { width, portAt }: { width: number; portAt: number },
): Address {
  const raw = bytes.subarray(at, at + width)
  const host = width === 4 ? raw.join('.') : ipv6Text(Array.from(raw))
  return { host, port: bytes[portAt]! * 256 + bytes[portAt + 1]! }
}

function invalid(found: string): ProxyHeaderResult {
  return { kind: 'invalid', detail: `Read PROXY header: ${found}` }
}
