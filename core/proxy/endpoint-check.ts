import type { CompiledEndpoint } from '../decide/mod.ts'
import type { Verdicts } from '../pki/mod.ts'
import { type Clock, type Dialed, DialFailure } from '../port/mod.ts'

/** A connection that could not be made, or whose other end is not whom it should be. */
export interface DialFault {
  readonly code:
    | 'UPSTREAM_UNREACHABLE'
    | 'UPSTREAM_TLS_FAILED'
    | 'UPSTREAM_CERTIFICATE_REFUSED'
    | 'UPSTREAM_TIMEOUT'
  readonly detail: string
}

/** What a failure to dial is to an exchange. */
export function dialFault(error: unknown): DialFault {
  if (!(error instanceof DialFailure)) {
    return { code: 'UPSTREAM_UNREACHABLE', detail: String(error) }
  }
  if (error.reason === 'timeout') return { code: 'UPSTREAM_TIMEOUT', detail: error.message }
  if (error.reason === 'tls') return { code: 'UPSTREAM_TLS_FAILED', detail: error.message }
  return { code: 'UPSTREAM_UNREACHABLE', detail: error.message }
}

/** Who answered, and who should have. */
export interface EndpointQuestion {
  readonly endpoint: CompiledEndpoint
  readonly dialed: Dialed
}

/** Until when an endpoint may be used, epoch milliseconds, or why not. */
export async function checkEndpoint(
  ports: { readonly verdicts: Verdicts; readonly clock: Clock },
  { endpoint, dialed }: EndpointQuestion,
): Promise<number | DialFault> {
  const { verification } = endpoint
  if (endpoint.tls === undefined || verification === undefined) return Infinity
  const { truststore, depth, checkName } = verification
  const name = checkName ? endpoint.name : undefined
  const presented = { chain: dialed.chain, purpose: 'server', name, depth } as const
  const verdict = await ports.verdicts.judge(presented, truststore, ports.clock.now())
  if (verdict.ok) return verdict.validUntil
  const detail = `${endpoint.address} showed a certificate that is not trusted: ` +
    `${verdict.code}, ${verdict.detail}`
  return { code: 'UPSTREAM_CERTIFICATE_REFUSED', detail }
}
