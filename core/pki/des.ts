import type { Bytes } from './bytes.ts'
import { removePadding } from './padding.ts'

/**
 * Triple DES in CBC mode, decryption only (FIPS 46-3), for old PKCS#12 files. Bits are looked up one by one, as the
 * standard's tables are printed: it is slow, clear, and used once for each file that is read.
 */
export function decryptTripleDes(data: Uint8Array, key: Uint8Array, iv: Uint8Array): Bytes {
  const [first, second, third] = [0, 8, 16].map((at) => subkeys(key.subarray(at, at + 8)))
  if (first === undefined || second === undefined || third === undefined || iv.length !== 8) {
    throw new Error('A key or IV has another length')
  }
  const out = new Uint8Array(data.length)
  let previous = iv
  for (let at = 0; at + 8 <= data.length; at += 8) {
    const block = data.subarray(at, at + 8)
    const plain = crypt(crypt(crypt(block, third.toReversed()), second), first.toReversed())
    for (let i = 0; i < 8; i++) out[at + i] = (plain[i] as number) ^ (previous[i] as number)
    previous = block
  }
  return removePadding(out, 8)
}

// deno-fmt-ignore
const IP = [58,50,42,34,26,18,10,2,60,52,44,36,28,20,12,4,62,54,46,38,30,22,14,6,64,56,48,40,32,24,16,8,
  57,49,41,33,25,17,9,1,59,51,43,35,27,19,11,3,61,53,45,37,29,21,13,5,63,55,47,39,31,23,15,7]
// deno-fmt-ignore
const FP = [40,8,48,16,56,24,64,32,39,7,47,15,55,23,63,31,38,6,46,14,54,22,62,30,37,5,45,13,53,21,61,29,
  36,4,44,12,52,20,60,28,35,3,43,11,51,19,59,27,34,2,42,10,50,18,58,26,33,1,41,9,49,17,57,25]
// deno-fmt-ignore
const E = [32,1,2,3,4,5,4,5,6,7,8,9,8,9,10,11,12,13,12,13,14,15,16,17,16,17,18,19,20,21,20,21,
  22,23,24,25,24,25,26,27,28,29,28,29,30,31,32,1]
// deno-fmt-ignore
const P = [16,7,20,21,29,12,28,17,1,15,23,26,5,18,31,10,2,8,24,14,32,27,3,9,19,13,30,6,22,11,4,25]
// deno-fmt-ignore
const PC1 = [57,49,41,33,25,17,9,1,58,50,42,34,26,18,10,2,59,51,43,35,27,19,11,3,60,52,44,36,
  63,55,47,39,31,23,15,7,62,54,46,38,30,22,14,6,61,53,45,37,29,21,13,5,28,20,12,4]
// deno-fmt-ignore
const PC2 = [14,17,11,24,1,5,3,28,15,6,21,10,23,19,12,4,26,8,16,7,27,20,13,2,41,52,31,37,47,55,30,40,
  51,45,33,48,44,49,39,56,34,53,46,42,50,36,29,32]
const SHIFTS = [1, 1, 2, 2, 2, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2, 1]
/** Each S-box as 64 hex digits, row by row. */
const S = [
  'e4d12fb83a6c59070f74e2d1a6cb953841e8d62bfc973a50fc8249175b3ea06d',
  'f18e6b34972dc05a3d47f28ec01a69b50e7ba4d158c6932fd8a13f42b67c05e9',
  'a09e63f51dc7b428d709346a285ecbf1d6498f30b12c5ae71ad069874fe3b52c',
  '7de3069a1285bc4fd8b56f03472c1ae9a690cb7df13e52843f06a1d8945bc72e',
  '2c417ab6853fd0e9eb2c47d150fa3986421bad78f9c5630eb8c71e2d6f09a453',
  'c1af92680d34e75baf427c9561de0b389ef528c3704a1db6432c95fabe17608d',
  '4b2ef08d3c975a61d0b7491ae35c2f8614bdc37eaf6805926bd814a7950fe23c',
  'd2846fb1a93e50c71fd8a374c56b0e927b419ce206adf35821e74a8dfc90356b',
]

type Bits = readonly number[]

function toBits(bytes: Uint8Array): number[] {
  return Array.from(
    { length: bytes.length * 8 },
    (_, i) => ((bytes[i >> 3] as number) >> (7 - (i & 7))) & 1,
  )
}

function permute(bits: Bits, table: readonly number[]): number[] {
  return table.map((position) => bits[position - 1] as number)
}

function subkeys(key: Uint8Array): Bits[] {
  const selected = permute(toBits(key), PC1)
  let [c, d] = [selected.slice(0, 28), selected.slice(28)]
  return SHIFTS.map((shift) => {
    c = [...c.slice(shift), ...c.slice(0, shift)]
    d = [...d.slice(shift), ...d.slice(0, shift)]
    return permute([...c, ...d], PC2)
  })
}

function crypt(block: Uint8Array, keys: readonly Bits[]): Bytes {
  const bits = permute(toBits(block), IP)
  let [left, right] = [bits.slice(0, 32), bits.slice(32)]
  for (const key of keys) {
    const mixed = cipher(right, key)
    ;[left, right] = [right, left.map((bit, i) => bit ^ (mixed[i] as number))]
  }
  const final = permute([...right, ...left], FP)
  return Uint8Array.from(
    { length: 8 },
    (_, i) => final.slice(i * 8, i * 8 + 8).reduce((byte, bit) => byte * 2 + bit, 0),
  )
}

function cipher(right: Bits, key: Bits): number[] {
  const mixed = permute(right, E).map((bit, i) => bit ^ (key[i] as number))
  const out: number[] = []
  for (const [i, box] of BOXES.entries()) {
    const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = mixed.slice(i * 6, i * 6 + 6)
    const value = box[(a * 2 + f) * 16 + b * 8 + c * 4 + d * 2 + e] as number
    out.push(value >> 3, (value >> 2) & 1, (value >> 1) & 1, value & 1)
  }
  return permute(out, P)
}

const BOXES: readonly (readonly number[])[] = S.map((box) =>
  [...box].map((digit) => parseInt(digit, 16))
)
