import type { Latin1 } from '../types.ts'

/**
 * Lengths of the Huffman codes in bits, by symbol, EOS last (RFC 7541 appendix B). The code is canonical:
 * codes of equal length follow the order of their symbols, so the lengths say it all.
 */
const LENGTHS: Uint8Array = Uint8Array.of(
  ...[13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28],
  ...[28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28],
  ...[6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6],
  ...[5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10],
  ...[13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7],
  ...[7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6],
  ...[15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5],
  ...[6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28],
  ...[20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23],
  ...[24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24],
  ...[22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23],
  ...[21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23],
  ...[26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25],
  ...[19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27],
  ...[20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23],
  ...[26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26],
  30,
)

const EOS = 256
/** Marks in the decoding table: no symbol ends here, or what is read is no code. */
const NOTHING = -1
const BROKEN = -2

const CODES: Uint32Array = canonicalCodes()
const { next: NEXT, symbols: SYMBOLS, mayEnd: MAY_END } = decodingTable()

function canonicalCodes(): Uint32Array {
  const codes = new Uint32Array(LENGTHS.length)
  const order = Array.from(LENGTHS, (length, symbol) => ({ length, symbol }))
    .sort((a, b) => a.length - b.length || a.symbol - b.symbol)
  let code = 0
  let length = 0
  for (const each of order) {
    code *= 2 ** (each.length - length)
    length = each.length
    codes[each.symbol] = code
    code++
  }
  return codes
}

/**
 * A state for each inner node of the code's tree and a step for each four bits: since the shortest code
 * has five, a step ends at most one symbol.
 */
function decodingTable(): { next: Int16Array; symbols: Int16Array; mayEnd: Uint8Array } {
  const children: number[][] = [[NOTHING, NOTHING]]
  LENGTHS.forEach((length, symbol) => {
    let node = 0
    for (let bit = length - 1; bit > 0; bit--) {
      const pair = children[node]!
      const side = bitOf(CODES[symbol]!, bit)
      if (pair[side] === NOTHING) pair[side] = children.push([NOTHING, NOTHING]) - 1
      node = pair[side]!
    }
    // Leaves are written as numbers below the marks.
    children[node]![bitOf(CODES[symbol]!, 0)] = -10 - symbol
  })
  const next = new Int16Array(children.length * 16)
  const symbols = new Int16Array(children.length * 16).fill(NOTHING)
  for (let state = 0; state < children.length; state++) {
    for (let nibble = 0; nibble < 16; nibble++) step(state, nibble)
  }
  return { next, symbols, mayEnd: endings(children) }

  function step(state: number, nibble: number): void {
    let node = state
    for (let bit = 3; bit >= 0; bit--) {
      node = children[node]![bitOf(nibble, bit)]!
      if (node > NOTHING) continue
      const symbol = -10 - node
      symbols[state * 16 + nibble] = symbol === EOS ? BROKEN : symbol
      node = 0
    }
    next[state * 16 + nibble] = node
  }
}

/** Padding is at most seven one-bits, the beginning of EOS (RFC 7541 section 5.2). */
function endings(children: readonly number[][]): Uint8Array {
  const mayEnd = new Uint8Array(children.length)
  let node = 0
  for (let depth = 0; depth <= 7; depth++) {
    mayEnd[node] = 1
    node = children[node]![1]!
  }
  return mayEnd
}

function bitOf(value: number, bit: number): 0 | 1 {
  return Math.floor(value / 2 ** bit) % 2 as 0 | 1
}

/** Where a string is decoded to before it becomes text; the shortest code has five bits. */
const scratch: Uint8Array = new Uint8Array(1024)

/** Reads a Huffman-coded string as Latin-1 text; undefined where it is not one. */
export function huffmanDecode(
  bytes: Uint8Array,
  start: number,
  end: number,
  latin1: Latin1,
): string | undefined {
  const most = (end - start) * 2
  const target = most <= scratch.length ? scratch : new Uint8Array(most)
  let length = 0
  let state = 0
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!
    const high = state * 16 + (byte >> 4)
    const low = NEXT[high]! * 16 + (byte & 15)
    const first = SYMBOLS[high]!
    const second = SYMBOLS[low]!
    if (first === BROKEN || second === BROKEN) return undefined
    if (first !== NOTHING) target[length++] = first
    if (second !== NOTHING) target[length++] = second
    state = NEXT[low]!
  }
  return MAY_END[state] === 1 ? latin1(target, 0, length) : undefined
}

/** How many bytes a Latin-1 text takes Huffman-coded. */
export function huffmanLength(text: string): number {
  let bits = 0
  for (let i = 0; i < text.length; i++) bits += LENGTHS[text.charCodeAt(i) & 255]!
  return (bits + 7) >> 3
}

/** Writes a Latin-1 text Huffman-coded; returns the index after it. `target` must have the room. */
export function huffmanEncode(text: string, target: Uint8Array, offset: number): number {
  let at = offset
  let held = 0
  let bits = 0
  for (let i = 0; i < text.length; i++) {
    const symbol = text.charCodeAt(i) & 255
    let length = LENGTHS[symbol]!
    let code = CODES[symbol]!
    // With 7 bits held there is room for 24 more of 30: long codes are taken in two parts.
    if (length > 24) {
      held = (held << 16) | (code >>> (length - 16))
      bits += 16
      length -= 16
      code &= (1 << length) - 1
      for (; bits >= 8; bits -= 8) target[at++] = held >>> (bits - 8)
    }
    held = (held << length) | code
    bits += length
    for (; bits >= 8; bits -= 8) target[at++] = held >>> (bits - 8)
  }
  if (bits > 0) target[at++] = (held << (8 - bits)) | (0xff >> bits)
  return at
}
