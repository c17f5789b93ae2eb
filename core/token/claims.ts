import type { TokenVerdict } from '../plan/mod.ts'

/** A token that is not good. */
export function invalid(detail: string): TokenVerdict {
  return { ok: false, code: 'TOKEN_INVALID', detail }
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
