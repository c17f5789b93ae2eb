import type * as z from 'zod'
import type { Address } from '../../port/mod.ts'
import { Mismatch, scalar } from './structure.ts'

const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/

/** Reads an IP address in its shortest text form; undefined where it is none. */
export function readIp(text: string): string | undefined {
  if (IPV4.test(text)) return text
  if (!text.includes(':') || !/^[\da-f:.]+$/i.test(text)) return undefined
  try {
    return new URL(`http://[${text}]/`).hostname.slice(1, -1)
  } catch {
    return undefined
  }
}

/** Whether only programs of the same machine can reach an address. */
export function isLoopback(ip: string): boolean {
  return ip.startsWith('127.') || ip === '::1'
}

interface HostPort {
  readonly host: string
  readonly port: number
}

/** Splits `host:port` and `[v6]:port`; brackets are taken off. */
function splitHostPort(raw: unknown): HostPort | undefined {
  const match = typeof raw === 'string'
    ? /^(\[[\da-fA-F:.]+\]|[^:[\]]*):(\d{1,5})$/.exec(raw)
    : null
  if (match === null || Number(match[2]) > 65535) return undefined
  const host = match[1]!.startsWith('[') ? readIp(match[1]!.slice(1, -1)) : match[1]
  return host === undefined ? undefined : { host, port: Number(match[2]) }
}

const LISTENER_FORMS =
  'expected an IP address and a port, such as 0.0.0.0:9443, "[::1]:9443" or :9443'

/** An address to listen on. A port alone means all IPv4 addresses; port 0 takes a free one. */
export function listenAddress(): z.ZodType<Address> {
  return scalar((raw) => {
    const split = splitHostPort(raw)
    const host = split?.host === '' ? '0.0.0.0' : readIp(split?.host ?? '')
    return split === undefined || host === undefined
      ? new Mismatch(LISTENER_FORMS)
      : { host, port: split.port }
  })
}

// Names inside private networks often have underscores, though RFC 952 has none.
const LABELS = /^(?!-)[a-z\d_-]{1,63}(?<!-)(?:\.(?!-)[a-z\d_-]{1,63}(?<!-))*$/

/** Reads a DNS name in lower case; undefined where it is none. An all-numeric last label is an address' (RFC 3696). */
export function readDomain(text: string): string | undefined {
  const lower = text.toLowerCase()
  const fits = lower.length <= 253 && LABELS.test(lower) && !/(?:^|\.)\d+$/.test(lower)
  return fits ? lower : undefined
}

/** Where an endpoint is. The port has no default. */
export function endpointAddress(): z.ZodType<HostPort> {
  return scalar((raw) => {
    const split = splitHostPort(raw)
    const host = split && (readIp(split.host) ?? readDomain(split.host))
    return split === undefined || host === undefined || split.port === 0
      ? new Mismatch('expected a host and a port, such as 10.0.0.7:8443 or backend.internal:8443')
      : { host, port: split.port }
  })
}

/** A range of addresses, `10.0.0.0/8` or one address; the answer always has its prefix length. */
export function cidr(): z.ZodType<string> {
  return scalar((raw) => {
    const [text, prefix, ...rest] = typeof raw === 'string' ? raw.split('/') : ['']
    const ip = readIp(text ?? '')
    const most = ip?.includes(':') ? 128 : 32
    const length = prefix === undefined ? most : /^\d{1,3}$/.test(prefix) ? Number(prefix) : NaN
    return ip !== undefined && length <= most && rest.length === 0
      ? `${ip}/${length}`
      : new Mismatch('expected a range of addresses, such as 10.0.0.0/8 or 127.0.0.1')
  })
}
