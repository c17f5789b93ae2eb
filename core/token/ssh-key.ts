/** A public RSA key (RFC 7517 section 4, RFC 7518 section 6.3.1). */
export interface RsaJwk {
  readonly kty: 'RSA'
  readonly n: string
  readonly e: string
}

/** Reads a key as SSH writes it, `ssh-rsa BASE64 comment` (RFC 4253 section 6.6); undefined where it is none. */
export function readSshKey(text: string): RsaJwk | undefined {
  const base64 = /^\s*ssh-rsa\s+([A-Za-z0-9+/=]+)/.exec(text)?.[1]
  if (base64 === undefined) return undefined
  try {
    const bytes = Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))
    const [type, e, n] = fieldsOf(bytes)
    if (type === undefined || e === undefined || n === undefined) return undefined
    if (new TextDecoder().decode(type) !== 'ssh-rsa') return undefined
    return { kty: 'RSA', n: base64url(n), e: base64url(e) }
  } catch {
    return undefined
  }
}

/** Each with its length before it, in four bytes. */
function fieldsOf(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const fields: Uint8Array[] = []
  for (let at = 0; at + 4 <= bytes.length;) {
    const length = view.getUint32(at)
    fields.push(bytes.subarray(at + 4, at + 4 + length))
    at += 4 + length
  }
  return fields
}

/** Of a number, without the zero that keeps it positive. */
function base64url(bytes: Uint8Array): string {
  const start = bytes[0] === 0 ? 1 : 0
  const binary = Array.from(bytes.subarray(start), (byte) => String.fromCharCode(byte)).join('')
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
}
