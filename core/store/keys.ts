import { storeFailure } from './failure.ts'
import type { StoreFailure } from './types.ts'

const KEY_BYTES = 32
const ALGORITHM = 'AES-GCM'

/** One key that secrets are sealed with. */
export interface SealingKey {
  /** The first 8 hexadecimal digits of the key's SHA-256. */
  readonly id: string
  readonly key: CryptoKey
}

/** Keys by which secrets are read; the first seals. */
export interface KeyRing {
  readonly keys: readonly [SealingKey, ...SealingKey[]]
}

/**
 * Reads keys from text: 32 bytes in base64, one a line or between commas; the first seals, all of them read.
 * Lines that begin with `#` say nothing. `source` names the text in messages.
 */
export async function readKeyRing(text: string, source: string): Promise<KeyRing | StoreFailure> {
  const wanted = keyLines(text)
  const keys: SealingKey[] = []
  for (const [at, line] of wanted.entries()) {
    const bytes = fromBase64(line)
    if (bytes?.length !== KEY_BYTES) {
      const found = bytes === undefined ? 'it is not base64' : `it has ${bytes.length} bytes`
      return storeFailure('invalid', `Read key "${at + 1}" of ${source}: ${found}, not 32 bytes`)
    }
    keys.push(await importKey(bytes))
  }
  const [first, ...rest] = keys
  if (first === undefined) return storeFailure('invalid', `Read keys of ${source}: there is none`)
  return { keys: [first, ...rest] }
}

/** The keys in a text, as text. */
export function keyLines(text: string): string[] {
  return text.split('\n')
    .filter((line) => !line.trimStart().startsWith('#'))
    .flatMap((line) => line.split(','))
    .map((key) => key.trim())
    .filter((key) => key !== '')
}

/** The text of a key file. */
export function keyFileText(lines: readonly string[]): string {
  return '# Keys of the store: the first seals, the others only read. Whoever has them can read all secrets.\n' +
    lines.map((line) => `${line}\n`).join('')
}

/** A new key as text, of 32 random bytes. */
export function newKeyLine(random: Uint8Array): string {
  return toBase64(random)
}

async function importKey(bytes: Uint8Array<ArrayBuffer>): Promise<SealingKey> {
  const { subtle } = globalThis.crypto
  const digest = new Uint8Array(await subtle.digest('SHA-256', bytes))
  const id = [...digest.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  const key = await subtle.importKey('raw', bytes, ALGORITHM, false, ['encrypt', 'decrypt'])
  return { id, key }
}

export function toBase64(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return btoa(text)
}

export function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    const characters = atob(text)
    const bytes = new Uint8Array(characters.length)
    for (let at = 0; at < bytes.length; at++) bytes[at] = characters.charCodeAt(at)
    return bytes
  } catch {
    return undefined
  }
}
