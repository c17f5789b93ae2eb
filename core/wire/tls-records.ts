/** Why there is no whole ClientHello message yet, or never will be. */
export type NoHello =
  | { readonly kind: 'more' }
  | { readonly kind: 'not-tls' }
  | { readonly kind: 'invalid'; readonly detail: string }

const HANDSHAKE = 22
const MAJOR_VERSION = 3
const CLIENT_HELLO = 1
const RECORD_HEADER = 5
const MESSAGE_HEADER = 4
/** RFC 8446 section 5.1. */
const MAX_FRAGMENT = 16384

/**
 * The body of the ClientHello that starts a connection, put together from the records that carry it
 * (RFC 8446 section 5.1); `maxSize` bounds it, in bytes.
 */
export function helloMessage(bytes: Uint8Array, maxSize: number): Uint8Array | NoHello {
  if (bytes.length > 0 && bytes[0] !== HANDSHAKE) return { kind: 'not-tls' }
  if (bytes.length > 1 && bytes[1] !== MAJOR_VERSION) return { kind: 'not-tls' }
  const fragments: Uint8Array[] = []
  let length = 0
  let wanted = MESSAGE_HEADER
  let at = 0
  while (length < wanted) {
    const wrong = recordProblem(bytes, at)
    if (wrong !== undefined) return invalid(wrong)
    if (at + RECORD_HEADER > bytes.length) return { kind: 'more' }
    const size = bytes[at + 3]! * 256 + bytes[at + 4]!
    const from = at + RECORD_HEADER
    const fragment = bytes.subarray(from, Math.min(from + size, bytes.length))
    fragments.push(fragment)
    length += fragment.length
    if (wanted === MESSAGE_HEADER) wanted = messageEnd(fragments, length)
    if (wanted < 0) return invalid('another handshake message')
    if (wanted > maxSize) return invalid(`longer than ${maxSize} bytes`)
    if (fragment.length < size && length < wanted) return { kind: 'more' }
    at = from + size
  }
  return joined(fragments, length).subarray(MESSAGE_HEADER, wanted)
}

/** What is wrong with a record's header, as far as it is there. No fragment may be empty, and nothing may come between. */
function recordProblem(bytes: Uint8Array, at: number): string | undefined {
  const left = bytes.length - at
  if (left > 0 && bytes[at] !== HANDSHAKE) return 'another kind of record in between'
  if (left > 1 && bytes[at + 1] !== MAJOR_VERSION) return 'a record of an unknown version'
  if (left < RECORD_HEADER) return undefined
  const size = bytes[at + 3]! * 256 + bytes[at + 4]!
  if (size === 0) return 'an empty record'
  return size > MAX_FRAGMENT ? 'a record that is too long' : undefined
}

/** Where the message ends, once its header is there; -1 where it is not a ClientHello. */
function messageEnd(fragments: readonly Uint8Array[], length: number): number {
  if (length > 0 && fragments[0]![0] !== CLIENT_HELLO) return -1
  if (length < MESSAGE_HEADER) return MESSAGE_HEADER
  const header = joined(fragments, length)
  return MESSAGE_HEADER + header[1]! * 65536 + header[2]! * 256 + header[3]!
}

function joined(fragments: readonly Uint8Array[], length: number): Uint8Array {
  if (fragments.length === 1) return fragments[0]!
  const whole = new Uint8Array(length)
  let at = 0
  for (const fragment of fragments) {
    whole.set(fragment, at)
    at += fragment.length
  }
  return whole
}

function invalid(found: string): NoHello {
  return { kind: 'invalid', detail: `Read ClientHello: ${found}` }
}
