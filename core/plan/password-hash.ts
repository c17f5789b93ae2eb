import { type Bcrypt, bcryptDigest, parseBcrypt } from './bcrypt.ts'
import { isPasswordOf as fitsShaCrypt, parseShaCrypt, type ShaCrypt } from './sha-crypt.ts'
import { sameText } from './same-text.ts'

/** A password's hash, read. */
export type PasswordHash = Bcrypt | ShaCrypt

/** In bytes. */
const LONGEST_PASSWORD = 256

/** Reads a hash as crypt(3) writes it: `$5$`, `$6$`, `$2a$`, `$2b$`, `$2y$`; undefined where it is none of them. */
export function parsePasswordHash(text: string): PasswordHash | undefined {
  return parseShaCrypt(text) ?? parseBcrypt(text)
}

/** Whether a password has this hash. Takes about a tenth of a second, with pauses for others. */
export async function isPasswordOf(hash: PasswordHash, password: string): Promise<boolean> {
  if (hash.algorithm !== 'bcrypt') return await fitsShaCrypt(hash, password)
  const key = new TextEncoder().encode(password)
  if (key.length > LONGEST_PASSWORD) return false
  return sameText(await bcryptDigest(hash, key), hash.digest)
}
