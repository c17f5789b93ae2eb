import { decryptCbc } from './aes-cbc.ts'

/** The keys by which APISIX encrypts what is secret, unless configured: known to all the world. */
export const DEFAULT_KEYRING: readonly string[] = ['qeddd145sfvddff3', 'edd1c9f0985e76a2']

/**
 * Reads what APISIX encrypted by one of its keys: base64 of AES-128-CBC, with the key as initialization vector.
 * @returns undefined where no key reads it as text
 */
export function readCiphertext(text: string, keyring: readonly string[]): string | undefined {
  const bytes = fromBase64(text)
  if (bytes === undefined || bytes.length === 0 || bytes.length % 16 !== 0) return undefined
  for (const each of keyring) {
    const key = new TextEncoder().encode(each)
    if (key.length !== 16) continue
    const clear = decryptCbc(bytes, key, key)
    if (clear !== undefined) return asText(clear)
  }
  return undefined
}

/** The bytes of base64, if it is that. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
  } catch {
    return undefined
  }
}

/** Base64 of bytes. */
export function toBase64(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return btoa(text)
}

function asText(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}
