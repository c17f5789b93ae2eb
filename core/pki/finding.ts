import type { DecodedCertificate } from './decode.ts'
import type { VerdictCode } from './types.ts'

/** Why something is refused. */
export interface Finding {
  readonly code: VerdictCode
  readonly detail: string
}

/** A finding about one certificate, in the words that operators read. */
export function refuse(code: VerdictCode, certificate: DecodedCertificate, state: string): Finding {
  return { code, detail: `Could not accept certificate ${label(certificate)}: ${state}` }
}

/** A finding about the chain as a whole. */
export function refuseChain(code: VerdictCode, state: string): Finding {
  return { code, detail: `Could not accept the chain: ${state}` }
}

/** A certificate's subject, quoted and shortened. */
export function label(certificate: DecodedCertificate): string {
  const text = certificate.subject.text
  return `"${text.length > 120 ? `${text.slice(0, 120)}…` : text}"`
}

/** Milliseconds as ISO text; the far ends of time as they are. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z')
}
