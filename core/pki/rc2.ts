import type { Bytes } from './bytes.ts'
import { removePadding } from './padding.ts'

/** RC2 in CBC mode, decryption only (RFC 2268), for old PKCS#12 files. The effective key length is the key's. */
export function decryptRc2(data: Uint8Array, key: Uint8Array, iv: Uint8Array): Bytes {
  const words = expandKey(key)
  const out = new Uint8Array(data.length)
  let previous = iv
  for (let at = 0; at + 8 <= data.length; at += 8) {
    const block = data.subarray(at, at + 8)
    const plain = decryptBlock(block, words)
    for (let i = 0; i < 8; i++) out[at + i] = (plain[i] as number) ^ (previous[i] as number)
    previous = block
  }
  return removePadding(out, 8)
}

/** The digits of pi that RFC 2268 section 2 permutes bytes by. */
const PITABLE = Uint8Array.from(
  ('d978f9c419ddb5ed28e9fd794aa0d89dc67e37832b76538e624c6488448bfba2' +
    '179a59f587b34f1361456d8d09817d32bd8f40eb86b77b0bf09521225c6b4e82' +
    '54d66593ce60b21c7356c014a78cf1dc1275ca1f3bbee4d1423dd430a33cb626' +
    '6fbf0eda4669075727f21d9bbc944303f811c7f690ef3ee706c3d52fc8661ed7' +
    '08e8eade8052eef784aa72ac354d6a2a961ad2715a1549744b9fd05e0418a4ec' +
    'c2e0416e0f51cbcc2491af50a1f47039997c3a8523b8b47afc02365b25559731' +
    '2d5dfa98e38a92ae05df2910676cbac9d300e6cfe19ea82c6316013f58e289a9' +
    '0d38341bab33ffb0bb480c5fb9b1cd2ec5f3db47e5a59c770aa62068fe7fc1ad')
    .match(/../g) ?? [],
  (hex) => parseInt(hex, 16),
)

function expandKey(key: Uint8Array): Uint16Array {
  const size = key.length
  const l = new Uint8Array(128)
  l.set(key)
  for (let i = size; i < 128; i++) {
    l[i] = PITABLE[((l[i - 1] as number) + (l[i - size] as number)) & 255] as number
  }
  l[128 - size] = PITABLE[l[128 - size] as number] as number
  for (let i = 127 - size; i >= 0; i--) {
    l[i] = PITABLE[(l[i + 1] as number) ^ (l[i + size] as number)] as number
  }
  return Uint16Array.from(
    { length: 64 },
    (_, i) => (l[2 * i] as number) + 256 * (l[2 * i + 1] as number),
  )
}

function decryptBlock(block: Uint8Array, k: Uint16Array): Bytes {
  const r = Uint16Array.from(
    { length: 4 },
    (_, i) => (block[2 * i] as number) + 256 * (block[2 * i + 1] as number),
  )
  for (let round = 15; round >= 0; round--) {
    unmix(r, k, round)
    // RFC 2268 section 4.3: mashing after the fifth and the eleventh round, here undone.
    if (round === 11 || round === 5) unmash(r, k)
  }
  return Uint8Array.from({ length: 8 }, (_, i) => ((r[i >> 1] as number) >> (8 * (i & 1))) & 255)
}

const ROTATIONS = [1, 2, 3, 5] as const

function unmix(r: Uint16Array, k: Uint16Array, round: number): void {
  for (let i = 3; i >= 0; i--) {
    const s = ROTATIONS[i] as number
    const value = r[i] as number
    const rotated = ((value >> s) | (value << (16 - s))) & 0xffff
    const [a, b, c] = [r[(i + 3) & 3] as number, r[(i + 2) & 3] as number, r[(i + 1) & 3] as number]
    r[i] = rotated - (k[4 * round + i] as number) - (a & b) - (~a & c)
  }
}

function unmash(r: Uint16Array, k: Uint16Array): void {
  for (let i = 3; i >= 0; i--) {
    r[i] = (r[i] as number) - (k[(r[(i + 3) & 3] as number) & 63] as number)
  }
}
