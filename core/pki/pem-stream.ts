import type { Bytes } from './bytes.ts'
import { PkiFault } from './problem.ts'

const SLICE = 262_144
/** Bytes that are searched in one go. */
const SEARCHED = 4_194_304
const encoder = new TextEncoder()
/** What each byte means in base64; 64 is white space, 255 nothing. */
const VALUES = new Uint8Array(256).fill(255)
for (let i = 0; i < 64; i++) {
  VALUES['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'.charCodeAt(i)] = i
}
for (const space of [9, 10, 11, 12, 13, 32]) VALUES[space] = 64

/** The contents of the PEM blocks with a label, without making a string of them: for lists of many megabytes. */
export async function* decodePems(
  bytes: Uint8Array,
  label: string,
  pause: () => Promise<void>,
): AsyncGenerator<Bytes, void> {
  const open = encoder.encode(`-----BEGIN ${label}-----`)
  const close = encoder.encode(`-----END ${label}-----`)
  for (let at = 0;;) {
    const begin = await find(bytes, { wanted: open, from: at, pause })
    if (begin < 0) return
    const start = begin + open.length
    const end = await find(bytes, { wanted: close, from: start, pause })
    if (end < 0) {
      throw new PkiFault('malformed', `Could not read PEM block "${label}": it is cut short`)
    }
    yield await decodeBase64(bytes, { start, end, label, pause })
    at = end + close.length
  }
}

async function decodeBase64(
  bytes: Uint8Array,
  { start, end, label, pause }: {
    readonly start: number
    readonly end: number
    readonly label: string
    readonly pause: () => Promise<void>
  },
): Promise<Bytes> {
  const decoder = new Decoder(Math.floor((end - start) * 0.75) + 3)
  for (let at = start; at < end; at += SLICE) {
    if (!decoder.add(bytes.subarray(at, Math.min(at + SLICE, end)))) {
      throw new PkiFault('malformed', `Could not read PEM block "${label}": it is not base64`)
    }
    await pause()
  }
  return decoder.finish()
}

class Decoder {
  readonly #out: Bytes
  #length = 0
  #buffer = 0
  #bits = 0
  #padded = false

  constructor(size: number) {
    this.#out = new Uint8Array(size)
  }

  add(chunk: Uint8Array): boolean {
    const out = this.#out
    let [length, buffer, bits] = [this.#length, this.#buffer, this.#bits]
    for (let i = 0; i < chunk.length; i++) {
      const byte = chunk[i] as number
      const value = VALUES[byte] as number
      if (value === 64) continue
      if (byte === 0x3d) this.#padded = true
      else if (value === 255 || this.#padded) return false
      else {
        buffer = ((buffer << 6) | value) & 0xffffff
        bits += 6
        if (bits >= 8) {
          bits -= 8
          out[length++] = buffer >> bits
        }
      }
    }
    this.#length = length
    this.#buffer = buffer
    this.#bits = bits
    return true
  }

  finish(): Bytes {
    return this.#out.subarray(0, this.#length)
  }
}

/** Where `wanted`, which begins with a dash, stands from `from` on; -1 where it does not. */
async function find(
  bytes: Uint8Array,
  { wanted, from, pause }: {
    readonly wanted: Uint8Array
    readonly from: number
    readonly pause: () => Promise<void>
  },
): Promise<number> {
  for (let at = from; at < bytes.length; at += SEARCHED) {
    const found = indexOf(bytes.subarray(0, at + SEARCHED + wanted.length - 1), wanted, at)
    if (found >= 0) return found
    await pause()
  }
  return -1
}

function indexOf(bytes: Uint8Array, wanted: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(0x2d, from); at >= 0; at = bytes.indexOf(0x2d, at + 1)) {
    let i = 1
    while (i < wanted.length && bytes[at + i] === wanted[i]) i++
    if (i === wanted.length) return at
  }
  return -1
}
