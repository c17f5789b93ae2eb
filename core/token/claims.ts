import type { TokenVerdict } from '../plan/mod.ts'

/** A token that is not good. */
export function invalid(detail: string): TokenVerdict & { readonly ok: false } {
  return { ok: false, code: 'TOKEN_INVALID', detail }
}

/** A claim by its name, or by the steps to it with dots between them; a name with dots comes first. */
export function claimAt(claims: Readonly<Record<string, unknown>>, name: string): unknown {
  if (claims[name] !== undefined || !name.includes('.')) return claims[name]
  let here: unknown = claims
  for (const step of name.split('.')) {
    here = typeof here === 'object' && here !== null
      ? (here as Record<string, unknown>)[step]
      : undefined
  }
  return here
}

/**
 * The SHA-256 (hex) of the certificate that a token is bound to by `cnf.x5t#S256` (RFC 8705 section 3.1); undefined
 * where it is bound to none.
 */
export function boundCertificate(cnf: unknown): string | undefined | 'malformed' {
  if (cnf === undefined) return undefined
  if (typeof cnf !== 'object' || cnf === null) return 'malformed'
  const thumbprint = (cnf as Record<string, unknown>)['x5t#S256']
  if (thumbprint === undefined) return undefined
  if (typeof thumbprint !== 'string' || !/^[A-Za-z0-9_-]{43}=?$/.test(thumbprint)) {
    return 'malformed'
  }
  const binary = atob(thumbprint.slice(0, 43).replaceAll('-', '+').replaceAll('_', '/') + '=')
  return [...binary].map((byte) => byte.charCodeAt(0).toString(16).padStart(2, '0')).join('')
}
