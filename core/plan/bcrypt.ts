import { type BlowfishState, encipher, initialState } from './blowfish.ts'

/** A password's hash by bcrypt, read. */
export interface Bcrypt {
  readonly algorithm: 'bcrypt'
  /** The binary logarithm of the number of rounds. */
  readonly cost: number
  /** 16 bytes. */
  readonly salt: Uint8Array
  /** The digest in bcrypt's own base 64. */
  readonly digest: string
}

/** A hash of a higher cost would keep the gateway busy for too long. */
export const HIGHEST_COST = 13

const FORM = /^\$2[aby]\$(\d\d)\$([./\dA-Za-z]{22})([./\dA-Za-z]{31})$/
const ALPHABET = './ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'
/** Bytes of a password that count, its end included. */
const LONGEST_KEY = 72
/** Rounds after which others have their turn. */
const AT_ONCE = 16

/** Reads `$2a$`, `$2b$` and `$2y$`; undefined where it is none of them. */
export function parseBcrypt(text: string): Bcrypt | undefined {
  const [, written, salt = '', digest = ''] = FORM.exec(text) ?? []
  const cost = Number(written)
  if (written === undefined || cost < 4 || cost > HIGHEST_COST) return undefined
  return { algorithm: 'bcrypt', cost, salt: decode(salt, 16), digest }
}

/** The digest of a password, as text. Takes a tenth of a second at cost 10, and twice as long with each one more. */
export async function bcryptDigest(
  { cost, salt }: Bcrypt,
  password: Uint8Array,
): Promise<string> {
  const key = new Uint8Array(Math.min(password.length + 1, LONGEST_KEY))
  key.set(password.subarray(0, key.length))
  const [keyWords, saltWords] = [wordsOf(key, 18), wordsOf(salt, 4)]
  const state = initialState()
  expand(state, keyWords, saltWords)
  const plain = new Int32Array(4)
  const saltAsKey = wordsOf(salt, 18)
  for (let round = 0; round < 2 ** cost; round++) {
    expand(state, keyWords, plain)
    expand(state, saltAsKey, plain)
    // What is done elsewhere ends in another turn of the event loop.
    if (round % AT_ONCE === 0) await crypto.subtle.digest('SHA-256', new Uint8Array(1))
  }
  return encode(magic(state))
}

/** "OrpheanBeholderScryDoubt", encrypted 64 times. */
function magic(state: BlowfishState): Uint8Array {
  const words = wordsOf(new TextEncoder().encode('OrpheanBeholderScryDoubt'), 6)
  for (let at = 0; at < 6; at += 2) {
    const block = words.subarray(at, at + 2)
    for (let round = 0; round < 64; round++) encipher(state, block)
  }
  const bytes = new Uint8Array(24)
  const view = new DataView(bytes.buffer)
  for (const [at, word] of words.entries()) view.setInt32(at * 4, word)
  return bytes.subarray(0, 23)
}

/** Niels Provos and David Mazières, A Future-Adaptable Password Scheme, 1999: ExpandKey. */
function expand(state: BlowfishState, key: Int32Array, salt: Int32Array): void {
  const { p, s } = state
  for (let at = 0; at < p.length; at++) p[at]! ^= key[at]!
  const block = new Int32Array(2)
  let turn = 0
  for (const words of [p, s]) {
    for (let at = 0; at < words.length; at += 2) {
      block[0]! ^= salt[turn]!
      block[1]! ^= salt[turn + 1]!
      turn ^= 2
      encipher(state, block)
      words[at] = block[0]!
      words[at + 1] = block[1]!
    }
  }
}

/** Bytes over and over, four a word, the highest first. */
function wordsOf(bytes: Uint8Array, count: number): Int32Array {
  let at = 0
  return Int32Array.from({ length: count }, () => {
    let word = 0
    for (let n = 0; n < 4; n++) word = word << 8 | bytes[at++ % bytes.length]!
    return word
  })
}

function encode(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 3) {
    const word = bytes[at]! << 16 | (bytes[at + 1] ?? 0) << 8 | (bytes[at + 2] ?? 0)
    const left = Math.min(3, bytes.length - at)
    for (let n = 0; n <= left; n++) text += ALPHABET[word >> 18 - 6 * n & 63]
  }
  return text
}

function decode(text: string, length: number): Uint8Array {
  const bytes = new Uint8Array(length)
  for (let at = 0, bits = 0, held = 0, out = 0; out < length; at++) {
    held = held << 6 | ALPHABET.indexOf(text.charAt(at))
    bits += 6
    if (bits < 8) continue
    bits -= 8
    bytes[out++] = held >> bits & 255
    held &= (1 << bits) - 1
  }
  return bytes
}
