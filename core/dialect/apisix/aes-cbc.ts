/*
 * AES-128 in one direction (FIPS 197, section 5.3): documents are translated without waiting, and WebCrypto has
 * promises alone. It reads what APISIX wrote under keys that are public anyway, so its timing protects nothing.
 */
const BLOCK = 16
const ROUNDS = 10

const { box, inverse } = substitution()

/** The substitution box and its inverse, built from inverses in GF(2^8) (FIPS 197, section 5.1.1). */
function substitution(): { readonly box: Uint8Array; readonly inverse: Uint8Array } {
  const box = new Uint8Array(256)
  const inverse = new Uint8Array(256)
  let p = 1
  let q = 1
  do {
    p = p ^ times2(p)
    q ^= q << 1
    q ^= q << 2
    q ^= q << 4
    q &= 0xff
    if (q & 0x80) q ^= 0x09
    const turned = q ^ turn(q, 1) ^ turn(q, 2) ^ turn(q, 3) ^ turn(q, 4)
    box[p] = turned ^ 0x63
  } while (p !== 1)
  box[0] = 0x63
  for (let at = 0; at < 256; at++) inverse[box[at] as number] = at
  return { box, inverse }
}

function turn(byte: number, by: number): number {
  return ((byte << by) | (byte >> (8 - by))) & 0xff
}

function times2(byte: number): number {
  return ((byte << 1) ^ (byte & 0x80 ? 0x11b : 0)) & 0xff
}

function times(byte: number, factor: number): number {
  let product = 0
  for (let power = byte, rest = factor; rest > 0; rest >>= 1, power = times2(power)) {
    if (rest & 1) product ^= power
  }
  return product
}

/** The round keys, one after the other (FIPS 197, section 5.2). */
function expand(key: Uint8Array): Uint8Array {
  const all = new Uint8Array(BLOCK * (ROUNDS + 1))
  all.set(key)
  let constant = 1
  for (let at = BLOCK; at < all.length; at += 4) {
    let word = [...all.subarray(at - 4, at)]
    if (at % BLOCK === 0) {
      word = [...word.slice(1), word[0] as number].map((byte) => box[byte] as number)
      word[0] = (word[0] as number) ^ constant
      constant = times2(constant)
    }
    for (let i = 0; i < 4; i++) all[at + i] = (all[at + i - BLOCK] as number) ^ (word[i] as number)
  }
  return all
}

function addKey(state: Uint8Array, keys: Uint8Array, round: number): void {
  for (let at = 0; at < BLOCK; at++) {
    state[at] = (state[at] as number) ^ (keys[round * BLOCK + at] as number)
  }
}

/** Turns the rows back and substitutes back; the two may change places. */
function shiftAndSubstitute(state: Uint8Array): void {
  const old = state.slice()
  for (let column = 0; column < 4; column++) {
    for (let row = 0; row < 4; row++) {
      const from = ((column - row + 4) % 4) * 4 + row
      state[column * 4 + row] = inverse[old[from] as number] as number
    }
  }
}

function mixColumns(state: Uint8Array): void {
  for (let column = 0; column < BLOCK; column += 4) {
    const [a, b, c, d] = state.subarray(column, column + 4) as unknown as [
      number,
      number,
      number,
      number,
    ]
    state[column] = times(a, 14) ^ times(b, 11) ^ times(c, 13) ^ times(d, 9)
    state[column + 1] = times(a, 9) ^ times(b, 14) ^ times(c, 11) ^ times(d, 13)
    state[column + 2] = times(a, 13) ^ times(b, 9) ^ times(c, 14) ^ times(d, 11)
    state[column + 3] = times(a, 11) ^ times(b, 13) ^ times(c, 9) ^ times(d, 14)
  }
}

function decryptBlock(block: Uint8Array, keys: Uint8Array): Uint8Array {
  const state = block.slice()
  addKey(state, keys, ROUNDS)
  for (let round = ROUNDS - 1; round > 0; round--) {
    shiftAndSubstitute(state)
    addKey(state, keys, round)
    mixColumns(state)
  }
  shiftAndSubstitute(state)
  addKey(state, keys, 0)
  return state
}

/**
 * Decrypts AES-128-CBC with the padding of PKCS #7.
 * @returns undefined where the padding says that the key is another
 */
export function decryptCbc(
  bytes: Uint8Array,
  key: Uint8Array,
  vector: Uint8Array,
): Uint8Array<ArrayBuffer> | undefined {
  const keys = expand(key)
  const clear = new Uint8Array(bytes.length)
  let previous = vector
  for (let at = 0; at < bytes.length; at += BLOCK) {
    const block = bytes.subarray(at, at + BLOCK)
    const plain = decryptBlock(block, keys)
    for (let i = 0; i < BLOCK; i++) clear[at + i] = (plain[i] as number) ^ (previous[i] as number)
    previous = block
  }
  const padding = clear.at(-1) ?? 0
  const isPadded = padding >= 1 && padding <= BLOCK &&
    clear.subarray(-padding).every((byte) => byte === padding)
  return isPadded ? clear.slice(0, clear.length - padding) : undefined
}
