import type { Entropy } from '../../port/mod.ts'

/** A password as it is kept: it can be compared with, not read. */
export interface PasswordHash {
  readonly iterations: number
  readonly salt: Uint8Array<ArrayBuffer>
  readonly hash: Uint8Array<ArrayBuffer>
}

/** What a hash may be written as in a configuration: `pbkdf2-sha256:ITERATIONS:SALT:HASH`, both in base64. */
const FORM = /^pbkdf2-sha256:(\d{4,8}):([A-Za-z0-9+/=]+):([A-Za-z0-9+/=]+)$/
/** Of passwords that are written in clear: what is kept in memory is worth no more than the file. */
const ITERATIONS = 100_000

/** Reads or makes the hash of a password. */
export async function hashOf(password: string, entropy: Entropy): Promise<PasswordHash> {
  const written = FORM.exec(password)
  if (written !== null) {
    const [, iterations, salt = '', hash = ''] = written
    return { iterations: Number(iterations), salt: bytesOf(salt), hash: bytesOf(hash) }
  }
  const salt = Uint8Array.from(entropy.bytes(16))
  const hash = await derive(password, { iterations: ITERATIONS, salt })
  return { iterations: ITERATIONS, salt, hash }
}

/** Whether a password is the one that was hashed. Takes the same time wherever they differ. */
export async function isPassword(password: string, kept: PasswordHash): Promise<boolean> {
  const found = await derive(password, kept)
  let difference = found.length ^ kept.hash.length
  for (const [at, byte] of found.entries()) difference |= byte ^ (kept.hash[at] ?? 0)
  return difference === 0
}

async function derive(
  password: string,
  { iterations, salt }: Omit<PasswordHash, 'hash'>,
): Promise<Uint8Array<ArrayBuffer>> {
  const { subtle } = globalThis.crypto
  const text = new TextEncoder().encode(password)
  const key = await subtle.importKey('raw', text, 'PBKDF2', false, ['deriveBits'])
  const parameters = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations }
  return new Uint8Array(await subtle.deriveBits(parameters, key, 256))
}

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
}
