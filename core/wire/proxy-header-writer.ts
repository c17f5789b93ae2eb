import type { Address } from '../port/mod.ts'
import { ipv4Bytes, ipv6Bytes } from './ip.ts'
import { latin1Bytes } from './latin1.ts'
import { V1_SIGNATURE, V2_SIGNATURE } from './proxy-header.ts'

/** What a PROXY protocol header says. */
export interface ProxyHeaderParts {
  readonly version: 1 | 2
  readonly source: Address
  readonly destination: Address
}

/** The bytes of a PROXY protocol header. Addresses of two families, or no IP addresses, are told as unknown. */
export function writeProxyHeader(parts: ProxyHeaderParts): Uint8Array {
  return parts.version === 1 ? latin1Bytes(versionOne(parts)) : versionTwo(parts)
}

function versionOne({ source, destination }: ProxyHeaderParts): string {
  const pair = addressPair(source.host, destination.host)
  if (pair === undefined) return `${V1_SIGNATURE}UNKNOWN\r\n`
  const family = pair.length === 8 ? 'TCP4' : 'TCP6'
  const hosts = `${source.host} ${destination.host}`
  return `${V1_SIGNATURE}${family} ${hosts} ${source.port} ${destination.port}\r\n`
}

function versionTwo({ source, destination }: ProxyHeaderParts): Uint8Array {
  const pair = addressPair(source.host, destination.host)
  const rest = pair === undefined
    ? []
    : [...pair, source.port >> 8, source.port & 255, destination.port >> 8, destination.port & 255]
  const family = pair === undefined ? 0x00 : pair.length === 8 ? 0x11 : 0x21
  return Uint8Array.from([...latin1Bytes(V2_SIGNATURE), 0x21, family, 0, rest.length, ...rest])
}

/** The bytes of two addresses of one family. */
function addressPair(source: string, destination: string): number[] | undefined {
  for (const read of [ipv4Bytes, ipv6Bytes]) {
    const first = read(source)
    const second = read(destination)
    if (first !== undefined && second !== undefined) return [...first, ...second]
  }
  return undefined
}
