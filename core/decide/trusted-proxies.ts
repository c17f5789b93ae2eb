import type { Path, TrustedProxiesConfig } from '../snapshot/types.ts'
import type { TrustedProxies } from './compiled.ts'
import { fail } from './compile-context.ts'
import type { CompileContext } from './compile-context.ts'
import { inRange, parseAddress, parseRange } from './ip-range.ts'
import type { IpRange } from './ip-range.ts'

/** What else decides who may speak for clients. */
export interface ProxyPlace {
  readonly path: Path
  /** Clients' own TLS reaches the listener through proxies, which say so by the PROXY protocol. */
  readonly passesThrough: boolean
}

/**
 * Compiles who may speak for clients. Where fingerprints are listed, address and certificate must both fit. Where
 * proxies pass clients' TLS through, all clients come from a proxy's address, so it proves nothing by itself.
 */
export function compileTrustedProxies(
  context: CompileContext,
  config: TrustedProxiesConfig,
  { path, passesThrough }: ProxyPlace,
): TrustedProxies {
  const { fingerprints, clientCertificateHeader } = config
  const ranges = readRanges(context, config.cidrs, [...path, 'cidrs'])
  const known = new Set(fingerprints.map((hex) => hex.replaceAll(':', '').toLowerCase()))
  if (passesThrough && known.size === 0 && clientCertificateHeader !== undefined) {
    const state = "behind the PROXY protocol TLS is the client's own, so fingerprints are needed"
    const message = `Could not believe header "${clientCertificateHeader}": ${state}`
    fail(context, [...path, 'clientCertificateHeader'], message)
  }
  const holds = (address: string): boolean => {
    const bytes = parseAddress(address)
    return bytes !== undefined && ranges.some((range) => inRange(range, bytes))
  }
  return {
    clientCertificateHeader: clientCertificateHeader?.toLowerCase(),
    sendsProxyHeader: holds,
    trusts: (address, fingerprint) => {
      if (!holds(address)) return false
      if (known.size === 0) return !passesThrough
      return fingerprint !== undefined && known.has(fingerprint)
    },
  }
}

function readRanges(context: CompileContext, cidrs: readonly string[], path: Path): IpRange[] {
  const ranges: IpRange[] = []
  for (const [index, text] of cidrs.entries()) {
    const range = parseRange(text)
    if (range !== undefined) ranges.push(range)
    else {
      const state = 'it is neither an IP address nor a network like 10.0.0.0/8'
      fail(context, [...path, index], `Could not read "${text}": ${state}`)
    }
  }
  return ranges
}
