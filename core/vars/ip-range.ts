/** A range of addresses: the first `bits` of `address` count. IPv4 is held as IPv4-mapped IPv6. */
export interface IpRange {
  readonly address: Uint8Array
  readonly bits: number
}

/** Reads `a.b.c.d/n`, an IPv6 network, or a single address; undefined where it is neither. */
export function parseRange(text: string): IpRange | undefined {
  const [host = '', length, ...rest] = text.trim().split('/')
  const address = parseAddress(host)
  if (address === undefined || rest.length > 0) return undefined
  const most = host.includes(':') ? 128 : 32
  if (length !== undefined && (!/^\d{1,3}$/.test(length) || Number(length) > most)) return undefined
  return { address, bits: 128 - most + (length === undefined ? most : Number(length)) }
}

/** Whether a range holds an address, given as 16 bytes. */
export function inRange(range: IpRange, address: Uint8Array): boolean {
  const whole = range.bits >> 3
  for (let index = 0; index < whole; index++) {
    if (range.address[index] !== address[index]) return false
  }
  const rest = range.bits & 7
  if (rest === 0) return true
  const difference = (range.address[whole] as number) ^ (address[whole] as number)
  return difference >> (8 - rest) === 0
}

/** An IP address as 16 bytes (RFC 4291 section 2.2); IPv4 as IPv4-mapped (section 2.5.5.2). A zone is overlooked. */
export function parseAddress(text: string): Uint8Array | undefined {
  const [host = ''] = text.split('%')
  if (!host.includes(':')) {
    const v4 = parseV4(host)
    return v4 === undefined ? undefined : Uint8Array.of(...mappedPrefix, ...v4)
  }
  const halves = host.split('::')
  if (halves.length > 2) return undefined
  const head = parseGroups(halves[0] as string)
  const tail = halves.length === 2 ? parseGroups(halves[1] as string) : []
  if (head === undefined || tail === undefined) return undefined
  const missing = 16 - head.length - tail.length
  if (halves.length === 2 ? missing < 2 : missing !== 0) return undefined
  return Uint8Array.of(...head, ...new Array<number>(missing).fill(0), ...tail)
}

const mappedPrefix: readonly number[] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]

function parseV4(text: string): number[] | undefined {
  if (!/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) return undefined
  const bytes = text.split('.').map(Number)
  return bytes.every((byte) => byte <= 255) ? bytes : undefined
}

function parseGroups(text: string): number[] | undefined {
  const bytes: number[] = []
  const groups = text === '' ? [] : text.split(':')
  for (const [index, group] of groups.entries()) {
    const v4 = index === groups.length - 1 ? parseV4(group) : undefined
    if (v4 !== undefined) bytes.push(...v4)
    else if (/^[0-9a-f]{1,4}$/i.test(group)) {
      const value = parseInt(group, 16)
      bytes.push(value >> 8, value & 0xff)
    } else return undefined
  }
  return bytes
}
