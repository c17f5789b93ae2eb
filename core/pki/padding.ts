import type { Bytes } from './bytes.ts'

/** Takes PKCS#7 padding away (RFC 5652 section 6.3). Throws where it is not in form. */
export function removePadding(bytes: Bytes, block: number): Bytes {
  const count = bytes[bytes.length - 1] ?? 0
  const whole = bytes.length > 0 && bytes.length % block === 0
  if (!whole || count < 1 || count > block || !bytes.subarray(-count).every((b) => b === count)) {
    throw new Error('The padding is not in form')
  }
  return bytes.subarray(0, bytes.length - count)
}
