import { ipv4Bytes, ipv6Bytes } from '../wire/mod.ts'

/** Ranges that are no part of the public Internet (RFC 6890 and its registries). */
const SPECIAL: readonly string[] = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/3',
]
/** IPv6 is public where it is global unicast, and no way into IPv4 or a test range. */
const GLOBAL = '2000::/3'
const SPECIAL_V6: readonly string[] = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']

/** Whether an IP address is one of the public Internet. What is no address is not. */
export function isPublic(ip: string): boolean {
  const bytes = plainBytes(ip)
  if (bytes === undefined) return false
  if (bytes.length === 4) return !SPECIAL.some((range) => holds(range, bytes))
  return holds(GLOBAL, bytes) && !SPECIAL_V6.some((range) => holds(range, bytes))
}

/** Whether an address may be asked: a public one, or one that the operator named. */
export function mayAsk(ip: string, fetchFrom: readonly string[]): boolean {
  const bytes = plainBytes(ip)
  return bytes !== undefined && (isPublic(ip) || fetchFrom.some((range) => holds(range, bytes)))
}

/** Four or sixteen bytes; IPv4 within IPv6 is IPv4 (RFC 4291 section 2.5.5.2). */
function plainBytes(ip: string): number[] | undefined {
  const bytes = ipv4Bytes(ip) ?? ipv6Bytes(ip)
  const mapped = bytes?.length === 16 && bytes[10] === 0xff && bytes[11] === 0xff &&
    bytes.slice(0, 10).every((byte) => byte === 0)
  return mapped ? bytes.slice(12) : bytes
}

function holds(range: string, bytes: readonly number[]): boolean {
  const [host = '', length] = range.split('/')
  const base = plainBytes(host)
  if (base === undefined || base.length !== bytes.length) return false
  const bits = length === undefined ? base.length * 8 : Number(length)
  return base.every((byte, i) => {
    const counted = Math.min(8, Math.max(0, bits - i * 8))
    return ((byte ^ (bytes[i] as number)) >> (8 - counted)) === 0
  })
}
