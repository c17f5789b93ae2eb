/** FIPS 180-4 section 4.2.2: the first 32 bits of the fractions of the cube roots of the first 64 primes. */
const K = roots(64, 1 / 3)
/** Section 5.3.3: those of the square roots of the first 8. */
const H = roots(8, 1 / 2)

function roots(count: number, power: number): Int32Array {
  const words: number[] = []
  for (let n = 2; words.length < count; n++) {
    let prime = true
    for (let divisor = 2; divisor * divisor <= n; divisor++) prime &&= n % divisor !== 0
    if (prime) words.push(Math.floor((n ** power % 1) * 2 ** 32) | 0)
  }
  return Int32Array.from(words)
}

/** SHA-256 of short text, at once, in hex: what WebCrypto has is for those who can wait. */
export function sha256Hex(text: string): string {
  const state = H.slice()
  const message = padded(new TextEncoder().encode(text))
  for (let at = 0; at < message.byteLength; at += 64) block(state, message, at)
  return Array.from(state, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('')
}

/** Section 5.1.1. */
function padded(bytes: Uint8Array): DataView {
  const whole = new Uint8Array((bytes.length + 9 + 63) & ~63)
  whole.set(bytes)
  whole[bytes.length] = 0x80
  const view = new DataView(whole.buffer)
  view.setUint32(whole.length - 4, bytes.length * 8)
  return view
}

const turned = (word: number, by: number): number => word >>> by | word << 32 - by

/** Section 6.2.2. */
function block(state: Int32Array, message: DataView, at: number): void {
  const w = new Int32Array(64)
  for (let t = 0; t < 16; t++) w[t] = message.getInt32(at + 4 * t)
  for (let t = 16; t < 64; t++) {
    const [x, y] = [w[t - 15] as number, w[t - 2] as number]
    const low = turned(x, 7) ^ turned(x, 18) ^ x >>> 3
    const high = turned(y, 17) ^ turned(y, 19) ^ y >>> 10
    w[t] = (w[t - 16] as number) + low + (w[t - 7] as number) + high | 0
  }
  let [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = state
  for (let t = 0; t < 64; t++) {
    const upper = turned(e, 6) ^ turned(e, 11) ^ turned(e, 25)
    const one = h + upper + (e & f ^ ~e & g) + (K[t] as number) + (w[t] as number) | 0
    const lower = turned(a, 2) ^ turned(a, 13) ^ turned(a, 22)
    const two = lower + (a & b ^ a & c ^ b & c) | 0
    ;[h, g, f, e, d, c, b, a] = [g, f, e, d + one | 0, c, b, a, one + two | 0]
  }
  for (const [index, word] of [a, b, c, d, e, f, g, h].entries()) {
    state[index] = (state[index] as number) + word | 0
  }
}
