import { ipv4Bytes, ipv6Bytes } from '../../wire/ip.ts'

/** The bytes of an address; an IPv4 address within an IPv6 one counts as itself. */
function bytesOf(address: string): readonly number[] | undefined {
  const bytes = ipv4Bytes(address) ?? ipv6Bytes(address.replace(/%.*$/, ''))
  const mapped = bytes?.length === 16 && bytes.slice(0, 10).every((byte) => byte === 0) &&
    bytes[10] === 0xff && bytes[11] === 0xff
  return mapped ? bytes.slice(12) : bytes
}

/** Whether an address is in a range such as `127.0.0.0/24`, or is the address itself. */
export function inRange(address: string, range: string): boolean {
  const [base = '', length] = range.split('/')
  const wanted = bytesOf(base)
  const found = bytesOf(address)
  if (wanted === undefined || found === undefined || wanted.length !== found.length) return false
  const bits = length === undefined ? wanted.length * 8 : Number(length)
  return wanted.every((byte, at) => {
    const kept = Math.min(8, Math.max(0, bits - at * 8))
    const mask = (0xff << (8 - kept)) & 0xff
    return (byte & mask) === ((found[at] as number) & mask)
  })
}
