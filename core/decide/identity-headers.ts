/** Headers that carry a client's identity by standard or by custom. */
export const IDENTITY_HEADERS: readonly string[] = [
  'client-cert',
  'client-cert-chain',
  'x-forwarded-client-cert',
]

/**
 * Makes the test for a set of header names. Many backends read `_` as `-` (CGI, RFC 3875 section 4.1.18), so
 * both spellings are one name.
 *
 * @param names in lower case
 */
export function headerNameTest(names: Iterable<string>): (lowerName: string) => boolean {
  const known = new Set([...names].map((name) => name.toLowerCase().replaceAll('_', '-')))
  return (lowerName) =>
    known.has(lowerName) ||
    (lowerName.includes('_') && known.has(lowerName.replaceAll('_', '-')))
}
