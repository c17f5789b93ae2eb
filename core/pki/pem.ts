import { fromBase64, toBase64 } from './bytes.ts'
import { PkiFault, type PkiProblem } from './problem.ts'

/** One block of a PEM text. */
export interface PemBlock {
  /** What stands after BEGIN, such as `CERTIFICATE`. */
  readonly label: string
  readonly der: Uint8Array
  /** RFC 1421 headers, such as `DEK-Info`, by name. */
  readonly headers: Readonly<Record<string, string>>
}

const BEGIN = '-----BEGIN '
const DASHES = '-----'

/**
 * Reads the blocks of a PEM text (RFC 7468), overlooking text around them, any line ends and a missing
 * last newline. A text without blocks gives none; a block that is no base64 gives a problem.
 */
export function readPem(text: string): PemBlock[] | PkiProblem {
  try {
    return pemBlocks(text)
  } catch (error) {
    if (error instanceof PkiFault) return error.problem
    throw error
  }
}

/** As {@linkcode readPem}, for inside the room: throws what went wrong. */
export function pemBlocks(text: string): PemBlock[] {
  const blocks: PemBlock[] = []
  let at = text.indexOf(BEGIN)
  while (at >= 0) {
    const labelEnd = text.indexOf(DASHES, at + BEGIN.length)
    const label = labelEnd < 0 ? '' : text.slice(at + BEGIN.length, labelEnd)
    const start = labelEnd + DASHES.length
    const stop = label === '' ? -1 : text.indexOf('-----END ', start)
    const next = text.indexOf(BEGIN, at + BEGIN.length)
    if (stop < 0 || (next >= 0 && next < stop) || label.length > 64 || /[\r\n]/.test(label)) {
      throw new PkiFault(
        'malformed',
        `Could not read PEM block ${blocks.length + 1}: it is cut short`,
      )
    }
    if (!text.startsWith(`-----END ${label}-----`, stop)) {
      throw new PkiFault('malformed', `Could not read PEM block "${label}": it ends as another`)
    }
    blocks.push(readBlock(label, text.slice(start, stop)))
    at = text.indexOf(BEGIN, stop)
  }
  return blocks
}

function readBlock(label: string, content: string): PemBlock {
  const { headers, body } = splitHeaders(content)
  const der = fromBase64(body)
  if (der === undefined || der.length === 0) {
    throw new PkiFault('malformed', `Could not read PEM block "${label}": it is not base64`)
  }
  return { label, der, headers }
}

function splitHeaders(content: string): { headers: Record<string, string>; body: string } {
  const headers: Record<string, string> = {}
  if (!content.includes(':')) return { headers, body: content }
  const lines = content.replace(/^\s+/, '').split(/\r\n|\n|\r/)
  let name = ''
  let at = 0
  for (; at < lines.length; at++) {
    const line = lines[at] as string
    const colon = line.indexOf(':')
    if (line.trim() === '') break
    if (/^[ \t]/.test(line) && name !== '') headers[name] += line.trim()
    else if (colon > 0) headers[name = line.slice(0, colon).trim()] = line.slice(colon + 1).trim()
    else break
  }
  return { headers, body: lines.slice(at).join('\n') }
}

/** Writes one PEM block with lines of 64 characters and a last newline. */
export function writePem(label: string, der: Uint8Array): string {
  const lines = toBase64(der).match(/.{1,64}/g) ?? []
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`
}
