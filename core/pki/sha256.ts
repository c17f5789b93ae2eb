/*
 * SHA-256 (FIPS 180-4, section 6.2) without waiting. A snapshot of thousands of parts needs as many digests of a few
 * hundred bytes each, and handing one to WebCrypto costs more than all the rest.
 */
const K = roundConstants()

/** The first 32 bits of the fractional parts of the cube roots of the first 64 primes (section 4.2.2). */
function roundConstants(): Int32Array {
  const constants = new Int32Array(64)
  for (let at = 0, n = 2; at < 64; n++) {
    if (isPrime(n)) constants[at++] = fraction(Math.cbrt(n))
  }
  return constants
}

function isPrime(n: number): boolean {
  for (let d = 2; d * d <= n; d++) if (n % d === 0) return false
  return true
}

function fraction(x: number): number {
  return ((x - Math.floor(x)) * 2 ** 32) | 0
}

/** Square roots of the first eight primes (section 5.3.3). */
const START = [2, 3, 5, 7, 11, 13, 17, 19].map((n) => fraction(Math.sqrt(n)))

/** What a digest is worked out in; thousands are, one after the other. */
const WORDS = new Int32Array(64)
const LAST = new Uint8Array(128)
const LAST_VIEW = new DataView(LAST.buffer)
const TEXT = new Uint8Array(16_384)
const utf8 = new TextEncoder()

/** The digest of bytes, in hex. */
export function sha256(bytes: Uint8Array): string {
  return wordsHex(digestWords(bytes))
}

/** The digest of a text in UTF-8, in hex. */
export function sha256OfText(text: string): string {
  // A code unit of UTF-16 takes three bytes at most.
  if (text.length * 3 > TEXT.length) return sha256(utf8.encode(text))
  return sha256(TEXT.subarray(0, utf8.encodeInto(text, TEXT).written))
}

const HEX: number[] = Array.from({ length: 64 }, () => 0)
const DIGITS = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0))

/** Made of one piece: a text that is put together of pieces keeps them all. */
function wordsHex(words: Int32Array): string {
  for (let at = 0; at < HEX.length; at++) {
    HEX[at] = DIGITS[(words[at >> 3]! >>> (28 - 4 * (at & 7))) & 15]!
  }
  return String.fromCharCode(...HEX)
}

/** The digest of bytes that come part by part. */
export class Sha256 {
  readonly #state: Int32Array = Int32Array.from(START)
  /** What does not fill a block yet. */
  readonly #rest = new Uint8Array(64)
  #held = 0
  #length = 0

  /** Takes the next part. */
  add(part: Uint8Array): void {
    this.#length += part.length
    let at = 0
    if (this.#held > 0) {
      at = Math.min(64 - this.#held, part.length)
      this.#rest.set(part.subarray(0, at), this.#held)
      this.#held += at
      if (this.#held < 64) return
      digestBlock(this.#state, this.#rest, 0)
    }
    for (; at + 64 <= part.length; at += 64) digestBlock(this.#state, part, at)
    this.#rest.set(part.subarray(at))
    this.#held = part.length - at
  }

  /** The digest of all parts, in hex. Nothing may be added after that. */
  hex(): string {
    digestLast(this.#state, this.#rest.subarray(0, this.#held), this.#length)
    return wordsHex(this.#state)
  }
}

/** HMAC-SHA-256 (RFC 2104) with a key of 64 bytes at most. */
export function hmacSha256(key: Uint8Array, message: Uint8Array): Uint8Array<ArrayBuffer> {
  const inner = digestBytes(joined(key, 0x36, message))
  return digestBytes(joined(key, 0x5c, inner))
}

function joined(key: Uint8Array, mask: number, message: Uint8Array): Uint8Array {
  const all = new Uint8Array(64 + message.length)
  all.set(key)
  for (let at = 0; at < 64; at++) all[at] = all[at]! ^ mask
  all.set(message, 64)
  return all
}

function digestBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new DataView(new ArrayBuffer(32))
  for (const [at, word] of digestWords(bytes).entries()) out.setInt32(at * 4, word)
  return new Uint8Array(out.buffer)
}

function digestWords(bytes: Uint8Array): Int32Array {
  const state = Int32Array.from(START)
  const whole = bytes.length - (bytes.length % 64)
  for (let at = 0; at < whole; at += 64) digestBlock(state, bytes, at)
  digestLast(state, bytes.subarray(whole), bytes.length)
  return state
}

/** The rest of the message, a one bit, zeros, and the length in bits (section 5.1.1). */
function digestLast(state: Int32Array, rest: Uint8Array, length: number): void {
  const end = rest.length < 56 ? 64 : 128
  LAST.fill(0)
  LAST.set(rest)
  LAST[rest.length] = 0x80
  LAST_VIEW.setUint32(end - 8, Math.floor(length / 2 ** 29))
  LAST_VIEW.setUint32(end - 4, (length << 3) >>> 0)
  for (let at = 0; at < end; at += 64) digestBlock(state, LAST, at)
}

function digestBlock(state: Int32Array, bytes: Uint8Array, from: number): void {
  const w = WORDS
  for (let i = 0, at = from; i < 16; i++, at += 4) {
    w[i] = (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
  }
  for (let i = 16; i < 64; i++) {
    const x = w[i - 15]!
    const y = w[i - 2]!
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3)
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10)
    w[i] = (w[i - 16]! + s0 + w[i - 7]! + s1) | 0
  }
  let a = state[0]!
  let b = state[1]!
  let c = state[2]!
  let d = state[3]!
  let e = state[4]!
  let f = state[5]!
  let g = state[6]!
  let h = state[7]!
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))
    const one = (h + s1 + ((e & f) ^ (~e & g)) + K[i]! + w[i]!) | 0
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))
    const two = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
    h = g
    g = f
    f = e
    e = (d + one) | 0
    d = c
    c = b
    b = a
    a = (one + two) | 0
  }
  state[0] = state[0]! + a
  state[1] = state[1]! + b
  state[2] = state[2]! + c
  state[3] = state[3]! + d
  state[4] = state[4]! + e
  state[5] = state[5]! + f
  state[6] = state[6]! + g
  state[7] = state[7]! + h
}
