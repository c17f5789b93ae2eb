import { ByteCursor } from './byte-cursor.ts'
import { isIpv4 } from './ip.ts'
import { plainLatin1 } from './latin1.ts'
import { helloMessage } from './tls-records.ts'

/** What a TLS client says first, as far as it matters before the handshake. */
export interface ClientHello {
  readonly kind: 'hello'
  /** Lower case, a valid DNS name without trailing dot; empty where none was sent, or an IP address in its place. */
  readonly sni: string
  /** Protocol names, the preferred one first. */
  readonly alpn: readonly string[]
  /** Protocol versions offered, such as 0x0304 for TLS 1.3. */
  readonly versions: readonly number[]
  /** CipherSuite values (RFC 8446 section 4.1.2), the preferred one first. */
  readonly ciphers: readonly number[]
  /** SignatureScheme values (RFC 8446 section 4.2.3); empty where the client named none. */
  readonly signatureSchemes: readonly number[]
}

/** What the first bytes of a connection are. `more`: too few to tell. */
export type ClientHelloResult =
  | ClientHello
  | { readonly kind: 'more' }
  | { readonly kind: 'not-tls' }
  | { readonly kind: 'invalid'; readonly detail: string }

const SERVER_NAME = 0
const SIGNATURE_ALGORITHMS = 13
const ALPN = 16
const SUPPORTED_VERSIONS = 43
const HOST_NAME = 0
/** The longest ClientHello that is read, in bytes. */
const MAX_HELLO = 65536

/**
 * Reads a ClientHello (RFC 8446 section 4.1.2) from a connection's first bytes, whichever way it is cut into
 * records (section 5.1). Give it all bytes from the first on, each time more came. Never throws.
 */
export function parseClientHello(
  bytes: Uint8Array,
  maxSize: number = MAX_HELLO,
): ClientHelloResult {
  const message = helloMessage(bytes, maxSize)
  if (!(message instanceof Uint8Array)) return message
  const hello = new ByteCursor(message)
  const legacyVersion = hello.number(2)
  hello.take(32)
  const session = hello.vector(1)
  const ciphers = hello.vector(2)
  const compression = hello.vector(1)
  if (hello.failed || session.length > 32 || compression.length === 0) return invalid('malformed')
  if (ciphers.length === 0 || ciphers.length % 2 !== 0) return invalid('malformed cipher suites')
  if (legacyVersion < 0x0300) return invalid('a version before SSL 3')
  const extensions = readExtensions(hello)
  if (typeof extensions === 'string') return invalid(extensions)
  const known = readKnown(extensions, legacyVersion)
  return known.kind === 'hello' ? { ...known, ciphers: numbersIn(ciphers) } : known
}

/** Extensions by type (RFC 8446 section 4.2), or what is wrong with them. */
function readExtensions(hello: ByteCursor): Map<number, Uint8Array> | string {
  const found = new Map<number, Uint8Array>()
  if (hello.left === 0) return found
  const list = new ByteCursor(hello.vector(2))
  if (hello.failed || hello.left > 0) return 'malformed extensions'
  while (list.left > 0) {
    const type = list.number(2)
    const data = list.vector(2)
    if (list.failed) return 'malformed extensions'
    if (found.has(type)) return `extension ${type} twice`
    found.set(type, data)
  }
  return found
}

function readKnown(
  extensions: ReadonlyMap<number, Uint8Array>,
  legacyVersion: number,
): ClientHelloResult {
  const serverName = extensions.get(SERVER_NAME)
  const sni = serverName === undefined ? '' : readServerName(serverName)
  if (sni === undefined) return invalid('a malformed server name')
  const protocols = extensions.get(ALPN)
  const alpn = protocols === undefined ? [] : readProtocols(protocols)
  if (alpn === undefined) return invalid('malformed protocol names')
  const offered = extensions.get(SUPPORTED_VERSIONS)
  const versions = offered === undefined ? [legacyVersion] : readNumbers(offered, 1)
  if (versions === undefined) return invalid('malformed versions')
  const schemes = extensions.get(SIGNATURE_ALGORITHMS)
  const signatureSchemes = schemes === undefined ? [] : readNumbers(schemes, 2)
  if (signatureSchemes === undefined) return invalid('malformed signature algorithms')
  return { kind: 'hello', sni, alpn, versions, ciphers: [], signatureSchemes }
}

const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/
const MAX_NAME = 253

/** RFC 6066 section 3: one name of type host_name, in ASCII. */
function readServerName(data: Uint8Array): string | undefined {
  const outer = new ByteCursor(data)
  const list = new ByteCursor(outer.vector(2))
  const type = list.number(1)
  const name = list.vector(2)
  const whole = !outer.failed && !list.failed && outer.left === 0 && list.left === 0
  if (!whole || type !== HOST_NAME) return undefined
  const text = plainLatin1(name, 0, name.length).toLowerCase().replace(/\.$/, '')
  if (text.length > MAX_NAME || !text.split('.').every((label) => LABEL.test(label))) {
    return undefined
  }
  // An IP address is not permitted there; it says as little as no name.
  return isIpv4(text) ? '' : text
}

/** RFC 7301 section 3.1. */
function readProtocols(data: Uint8Array): string[] | undefined {
  const outer = new ByteCursor(data)
  const list = new ByteCursor(outer.vector(2))
  if (outer.failed || outer.left > 0 || list.left === 0) return undefined
  const names: string[] = []
  while (list.left > 0) {
    const name = list.vector(1)
    if (list.failed || name.length === 0) return undefined
    names.push(plainLatin1(name, 0, name.length))
  }
  return names
}

/** A vector of two-byte numbers after a length of `size` bytes. */
function readNumbers(data: Uint8Array, size: number): number[] | undefined {
  const outer = new ByteCursor(data)
  const list = outer.vector(size)
  if (outer.failed || outer.left > 0 || list.length === 0 || list.length % 2 !== 0) {
    return undefined
  }
  return numbersIn(list)
}

function numbersIn(bytes: Uint8Array): number[] {
  const list = new ByteCursor(bytes)
  const numbers: number[] = []
  while (list.left > 0) numbers.push(list.number(2))
  return numbers
}

function invalid(found: string): ClientHelloResult {
  return { kind: 'invalid', detail: `Read ClientHello: ${found}` }
}
