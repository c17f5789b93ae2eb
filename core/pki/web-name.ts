import { isDnsName, parseAddress } from './host-name.ts'

/**
 * Whether a DNS name may stand in a certificate of the web (Baseline Requirements section 7.1.2.7.12): labels of
 * letters, digits and hyphens, `xn--` before Punycode alone, and a `*.` at most before a name of two labels or more.
 * Which names of two labels and more are public suffixes only a list would tell, and lists age.
 */
export function isWebName(text: string): boolean {
  const wildcard = text.startsWith('*.')
  const name = wildcard ? text.slice(2) : text
  if (!isDnsName(name) || parseAddress(name) !== undefined) return false
  // Section 3.2.2.6: nobody holds all names below a top-level domain.
  return name.split('.').every(isWebLabel) && (!wildcard || name.includes('.'))
}

/** RFC 5890 section 2.3.1: LDH labels that are not reserved, or A-labels. */
function isWebLabel(label: string): boolean {
  if (label.includes('_')) return false
  if (label.slice(2, 4) !== '--') return true
  return /^xn--/i.test(label) && isPunycode(label.slice(4).toLowerCase())
}

const [BASE, FIRST, LAST, SKEW, DAMP] = [36, 1, 26, 38, 700]

/** Whether a text decodes as Punycode (RFC 3492 section 6.2), to something that is not all ASCII. */
function isPunycode(text: string): boolean {
  const hyphen = text.lastIndexOf('-')
  let [point, at, bias, length] = [128, 0, 72, Math.max(hyphen, 0)]
  let read = hyphen + 1
  if (read === text.length) return false
  while (read < text.length) {
    const before = at
    for (let weight = 1, k = BASE;; k += BASE) {
      const digit = digitOf(text.charCodeAt(read++))
      if (digit < 0) return false
      at += digit * weight
      const threshold = Math.min(Math.max(k - bias, FIRST), LAST)
      if (digit < threshold) break
      weight *= BASE - threshold
    }
    length++
    bias = adapt(at - before, length, before === 0)
    point += Math.floor(at / length)
    if (point > 0x10ffff) return false
    at = at % length + 1
  }
  return true
}

/** RFC 3492 section 6.1 */
function adapt(delta: number, length: number, first: boolean): number {
  let rest = Math.floor(delta / (first ? DAMP : 2))
  rest += Math.floor(rest / length)
  let k = 0
  for (; rest > ((BASE - FIRST) * LAST) >> 1; k += BASE) rest = Math.floor(rest / (BASE - FIRST))
  return k + Math.floor(((BASE - FIRST + 1) * rest) / (rest + SKEW))
}

/** RFC 3492 section 5; -1 for what is no digit, and past the end. */
function digitOf(code: number): number {
  if (code >= 97 && code <= 122) return code - 97
  return code >= 48 && code <= 57 ? code - 22 : -1
}
