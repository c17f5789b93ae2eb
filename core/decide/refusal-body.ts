import { REFUSALS } from './refusals.ts'
import { printable } from './safe-text.ts'
import type { Refusal } from './types.ts'

/** An answer's body with its media type. */
export interface RefusalBody {
  readonly contentType: string
  readonly body: string
}

/**
 * Renders a refusal for a client: JSON where it accepts that, else text.
 *
 * @param accept the value of the request's Accept header, undefined where it has none
 */
export function refusalBody(refusal: Refusal, accept: string | undefined): RefusalBody {
  const told = refusal.told?.text ?? REFUSALS[refusal.code].message
  const message = refusal.verbose && refusal.detail !== ''
    ? `${told}. ${printable(refusal.detail)}`
    : told
  if (!acceptsJson(accept)) return { contentType: 'text/plain; charset=utf-8', body: message }
  const body = JSON.stringify({ message, http_status_code: refusal.status, code: refusal.code })
  return { contentType: 'application/json', body }
}

const jsonRanges: ReadonlySet<string> = new Set(['application/json', 'application/*', '*/*'])

/** Whether a client takes JSON (RFC 9110 section 12.5.1); one without Accept is taken for a person's tool. */
function acceptsJson(accept: string | undefined): boolean {
  return (accept ?? '').toLowerCase().split(',').some((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim())
    return jsonRanges.has(type) && !parameters.some((part) => /^q\s*=\s*0(\.0*)?$/.test(part))
  })
}
