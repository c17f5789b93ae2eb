const PART = /^(?:0|[1-9][0-9]{0,2})$/
const GROUP = /^[0-9a-f]{1,4}$/

/** The four bytes of an IPv4 address in decimal parts without leading zeros (RFC 3986 section 3.2.2). */
export function ipv4Bytes(text: string): number[] | undefined {
  const parts = text.split('.')
  if (parts.length !== 4 || !parts.every((part) => PART.test(part))) return undefined
  const bytes = parts.map(Number)
  return bytes.every((byte) => byte < 256) ? bytes : undefined
}

/** The sixteen bytes of an IPv6 address without zone and brackets (RFC 4291 section 2.2). */
export function ipv6Bytes(text: string): number[] | undefined {
  const halves = text.toLowerCase().split('::')
  if (halves.length > 2) return undefined
  const tail = halves.length === 2 ? groupBytes(halves[1]!, true) : []
  const head = groupBytes(halves[0]!, halves.length === 1)
  if (head === undefined || tail === undefined) return undefined
  const missing = 16 - head.length - tail.length
  // `::` stands for one group at least.
  if (halves.length === 2 ? missing < 2 : missing !== 0) return undefined
  return [...head, ...new Array<number>(missing).fill(0), ...tail]
}

/** The bytes of groups between colons; the last one may be an IPv4 address where `atEnd`. */
function groupBytes(text: string, atEnd: boolean): number[] | undefined {
  if (text === '') return []
  const groups = text.split(':')
  const bytes: number[] = []
  for (let i = 0; i < groups.length; i++) {
    const group = groups[i]!
    if (GROUP.test(group)) {
      const value = Number.parseInt(group, 16)
      bytes.push(value >> 8, value & 0xff)
      continue
    }
    const embedded = atEnd && i === groups.length - 1 ? ipv4Bytes(group) : undefined
    if (embedded === undefined) return undefined
    bytes.push(...embedded)
  }
  return bytes
}

/** Whether `text` is an IPv4 address in four decimal parts. */
export function isIpv4(text: string): boolean {
  return ipv4Bytes(text) !== undefined
}

/** Whether `text` is an IPv6 address, without zone and brackets. */
export function isIpv6(text: string): boolean {
  return ipv6Bytes(text) !== undefined
}

/** The text of an IPv6 address as RFC 5952 wants it. */
export function ipv6Text(bytes: Uint8Array | readonly number[]): string {
  const groups: number[] = []
  for (let i = 0; i < 16; i += 2) groups.push(bytes[i]! * 256 + bytes[i + 1]!)
  // RFC 5952 section 5: addresses known to embed IPv4 end in decimal parts.
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff
  if (mapped) return `::ffff:${Array.from(bytes.slice(12, 16)).join('.')}`
  const { start, length } = longestZeros(groups)
  const text = (from: number, to: number): string =>
    groups.slice(from, to).map((group) => group.toString(16)).join(':')
  return length < 2 ? text(0, 8) : `${text(0, start)}::${text(start + length, 8)}`
}

/** The first of the longest runs of zero groups. */
function longestZeros(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  let start = 0
  for (let i = 0; i <= groups.length; i++) {
    if (groups[i] === 0) continue
    if (i - start > best.length) best = { start, length: i - start }
    start = i + 1
  }
  return best
}
