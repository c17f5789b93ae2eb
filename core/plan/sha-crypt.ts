import { sameText } from './same-text.ts'

/** A password's hash in the form of crypt(3), read. */
export interface ShaCrypt {
  readonly algorithm: 'SHA-256' | 'SHA-512'
  readonly salt: string
  readonly rounds: number
  /** The digest in crypt's own base 64. */
  readonly digest: string
}

const FORM =
  /^\$([56])\$(?:rounds=(\d{1,9})\$)?([^$\0\n]{0,16})[^$\0\n]*\$([./\dA-Za-z]{43}|[./\dA-Za-z]{86})$/
const DEFAULT_ROUNDS = 5000
const LEAST_ROUNDS = 1000
/** A hash of more rounds would keep the gateway busy for too long. */
export const MOST_ROUNDS = 1_000_000
/** In bytes; the work grows with the square. */
const LONGEST_PASSWORD = 256

/** Reads `$5$salt$digest` and `$6$salt$digest`, with or without `rounds=`; undefined where it is neither. */
export function parseShaCrypt(text: string): ShaCrypt | undefined {
  const match = FORM.exec(text)
  if (match === null) return undefined
  const [, kind, written, salt = '', digest = ''] = match
  const algorithm = kind === '5' ? 'SHA-256' : 'SHA-512'
  const rounds = Math.max(LEAST_ROUNDS, Number(written ?? DEFAULT_ROUNDS))
  if (rounds > MOST_ROUNDS || digest.length !== (kind === '5' ? 43 : 86)) return undefined
  return { algorithm, salt, rounds, digest }
}

/** Whether a password has this hash. Takes about a tenth of a second, most of it off the event loop. */
export async function isPasswordOf(hash: ShaCrypt, password: string): Promise<boolean> {
  const key = utf8.encode(password)
  if (key.length > LONGEST_PASSWORD) return false
  return sameText(encode(await digestOf(hash, key)), hash.digest)
}

const utf8 = new TextEncoder()

/** Ulrich Drepper, Unix crypt using SHA-256 and SHA-512, version 0.6; the numbers of its steps stand beside them. */
async function digestOf(
  { algorithm, salt, rounds }: ShaCrypt,
  key: Uint8Array,
): Promise<Uint8Array> {
  const sha = async (...parts: readonly Uint8Array[]): Promise<Uint8Array> =>
    new Uint8Array(await crypto.subtle.digest(algorithm, joined(parts)))
  const salted = utf8.encode(salt)
  // 4-8.
  const b = await sha(key, salted, key)
  // 9-12.
  const parts = [key, salted, repeated(b, key.length)]
  for (let left = key.length; left > 0; left >>= 1) parts.push(left % 2 === 1 ? b : key)
  const a = await sha(...parts)
  // 13-16 and 17-20.
  const p = repeated(await sha(...new Array<Uint8Array>(key.length).fill(key)), key.length)
  const ds = await sha(...new Array<Uint8Array>(16 + (a[0] as number)).fill(salted))
  const s = repeated(ds, salted.length)
  // 21.
  let last = a
  for (let round = 0; round < rounds; round++) {
    const odd = round % 2 === 1
    const pieces = [odd ? p : last]
    if (round % 3 !== 0) pieces.push(s)
    if (round % 7 !== 0) pieces.push(p)
    pieces.push(odd ? last : p)
    last = await sha(...pieces)
  }
  return last
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** A digest over and over, as long as `length`. */
function repeated(digest: Uint8Array, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => digest[index % digest.length] as number)
}

const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** Step 22: bytes in an order of their own, three to four characters; the last group lacks one or two. */
function encode(digest: Uint8Array): string {
  const { length } = digest
  const third = Math.floor(length / 3)
  let text = ''
  for (let group = 0; group < third; group++) {
    // SHA-256 turns the three columns to the left with each group, SHA-512 to the right.
    const turn = length === 32 ? (3 - group % 3) % 3 : group % 3
    const at = (column: number): number => digest[group + (column + turn) % 3 * third] as number
    text += four(at(0), at(1), at(2))
  }
  return length === 32
    ? text + four(0, digest[31] as number, digest[30] as number).slice(0, 3)
    : text + four(0, 0, digest[63] as number).slice(0, 2)
}

function four(high: number, middle: number, low: number): string {
  let value = high << 16 | middle << 8 | low
  let text = ''
  for (let index = 0; index < 4; index++) {
    text += ALPHABET[value & 63]
    value >>= 6
  }
  return text
}
