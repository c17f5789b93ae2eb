/**
 * SHA-1 as hex: what nginx calls a certificate's fingerprint. Nothing here is trusted because of it; who a
 * certificate belongs to is found by SHA-256 alone.
 */
export function sha1Hex(data: Uint8Array): string {
  const state = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0]
  const padded = pad(data)
  const view = new DataView(padded.buffer)
  for (let at = 0; at < padded.length; at += 64) block(view, at, state)
  return state.map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('')
}

/** FIPS 180-4 section 5.1.1. */
function pad(data: Uint8Array): Uint8Array<ArrayBuffer> {
  const padded = new Uint8Array(Math.ceil((data.length + 9) / 64) * 64)
  padded.set(data)
  padded[data.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(padded.length - 8, Math.floor(data.length / 0x20000000))
  view.setUint32(padded.length - 4, data.length << 3)
  return padded
}

/** FIPS 180-4 section 6.1.2. */
function block(view: DataView, at: number, state: number[]): void {
  const words = new Int32Array(80)
  for (let i = 0; i < 16; i++) words[i] = view.getInt32(at + i * 4)
  for (let i = 16; i < 80; i++) {
    words[i] = rotate(words[i - 3]! ^ words[i - 8]! ^ words[i - 14]! ^ words[i - 16]!, 1)
  }
  let [a, b, c, d, e] = state as [number, number, number, number, number]
  for (let i = 0; i < 80; i++) {
    const [mixed, constant] = round(i, [b, c, d])
    const next = (rotate(a, 5) + mixed + e + constant + words[i]!) | 0
    ;[e, d, c, b, a] = [d, c, rotate(b, 30), a, next]
  }
  const sums = [a, b, c, d, e]
  for (let i = 0; i < 5; i++) state[i] = (state[i]! + sums[i]!) | 0
}

function round(
  i: number,
  [b, c, d]: readonly [number, number, number],
): readonly [number, number] {
  if (i < 20) return [b & c | ~b & d, 0x5a827999]
  if (i < 40) return [b ^ c ^ d, 0x6ed9eba1]
  return i < 60 ? [b & c | b & d | c & d, 0x8f1bbcdc] : [b ^ c ^ d, 0xca62c1d6]
}

function rotate(word: number, bits: number): number {
  return word << bits | word >>> (32 - bits)
}
