/** Bruce Schneier, Description of a New Variable-Length Key, 64-Bit Block Cipher (Blowfish), 1994. */

/** Subkeys, which are changed while they are made. */
export interface BlowfishState {
  /** 18 words. */
  readonly p: Int32Array
  /** Four boxes of 256 words, one after the other. */
  readonly s: Int32Array
}

const SUBKEYS = 18
const BOXES = 4 * 256

let fresh: BlowfishState | undefined

/** The state that everyone begins with: the fraction of pi, 32 bits a word. */
export function initialState(): BlowfishState {
  fresh ??= digitsOfPi()
  return { p: fresh.p.slice(), s: fresh.s.slice() }
}

/** Encrypts one block in place, which stands in two words. */
export function encipher({ p, s }: BlowfishState, block: Int32Array): void {
  let left = block[0]! ^ p[0]!
  let right = block[1]!
  for (let round = 1; round <= 16; round += 2) {
    right ^= f(s, left) ^ p[round]!
    left ^= f(s, right) ^ p[round + 1]!
  }
  block[0] = right ^ p[17]!
  block[1] = left
}

function f(s: Int32Array, word: number): number {
  const sum = (s[word >>> 24]! + s[256 + (word >>> 16 & 255)]!) ^ s[512 + (word >>> 8 & 255)]!
  return sum + s[768 + (word & 255)]! | 0
}

/** Thousands of digits are sooner worked out than written down: pi = 16 atan(1/5) - 4 atan(1/239), by Machin. */
function digitsOfPi(): BlowfishState {
  const words = SUBKEYS + BOXES
  const guard = 64n
  const one = 1n << (BigInt(words) * 32n + guard)
  let fraction = (16n * arctangent(one, 5n) - 4n * arctangent(one, 239n) - 3n * one) >> guard
  const all = new Int32Array(words)
  for (let at = words - 1; at >= 0; at--) {
    all[at] = Number(fraction & 0xffff_ffffn)
    fraction >>= 32n
  }
  return { p: all.slice(0, SUBKEYS), s: all.slice(SUBKEYS) }
}

/** The arctangent of 1/x, times `one`. */
function arctangent(one: bigint, x: bigint): bigint {
  const square = x * x
  let power = one / x
  let sum = power
  for (let n = 3n, sign = -1n; power !== 0n; n += 2n, sign = -sign) {
    power /= square
    sum += sign * (power / n)
  }
  return sum
}
