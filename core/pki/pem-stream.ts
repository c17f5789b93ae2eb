import type { Bytes } from './bytes.ts'
import { PkiFault } from './problem.ts'

const encoder = new TextEncoder()
const DASH = 0x2d
/** What each byte means in base64; 64 is white space, 255 nothing. */
const VALUES = new Uint8Array(256).fill(255)
for (let i = 0; i < 64; i++) {
  VALUES['ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'.charCodeAt(i)] = i
}
for (const space of [9, 10, 11, 12, 13, 32]) VALUES[space] = 64

/**
 * Decodes the PEM blocks with a label, part by part, without making a string of them: for lists of many megabytes.
 * Text around the blocks and blocks with other labels are passed over.
 */
export class PemDecoder {
  readonly #label: string
  readonly #open: Uint8Array
  readonly #close: Uint8Array
  readonly #out: Bytes
  readonly #ends: number[] = []
  #length = 0
  /** Bytes of the line that is looked for, the opening or the closing one, that stood there. */
  #matched = 0
  #inside = false
  #buffer = 0
  #bits = 0
  #padded = false

  /** `size` is the length of the whole text, in bytes. */
  constructor(label: string, size: number) {
    this.#label = label
    this.#open = encoder.encode(`-----BEGIN ${label}-----`)
    this.#close = encoder.encode(`-----END ${label}-----`)
    this.#out = new Uint8Array(Math.floor(size * 0.75) + 3)
  }

  /** Takes the next part of the text. Throws {@linkcode PkiFault}. */
  add(part: Uint8Array): void {
    for (let at = 0; at < part.length;) {
      at = !this.#inside
        ? this.#seek(part, at)
        : this.#matched > 0
        ? this.#end(part, at)
        : this.#decode(part, at)
    }
  }

  /** All contents after one another, and where each ends. Throws {@linkcode PkiFault} within a block. */
  finish(): { readonly bytes: Bytes; readonly ends: readonly number[] } {
    if (this.#inside) throw this.#fault('it is cut short')
    return { bytes: this.#out.subarray(0, this.#length), ends: this.#ends }
  }

  #seek(part: Uint8Array, start: number): number {
    const open = this.#open
    let at = this.#matched > 0 ? start : part.indexOf(DASH, start)
    if (at < 0) return part.length
    while (at < part.length && this.#matched < open.length) {
      const byte = part[at++]
      if (byte === open[this.#matched]) this.#matched++
      // Of six dashes the last five may begin the line.
      else if (byte !== DASH) this.#matched = 0
      else if (this.#matched !== 5) this.#matched = 1
      if (this.#matched === 0) return at
    }
    if (this.#matched < open.length) return at
    this.#inside = true
    this.#padded = false
    this.#matched = this.#buffer = this.#bits = 0
    return at
  }

  #end(part: Uint8Array, start: number): number {
    const close = this.#close
    let at = start
    while (at < part.length && this.#matched < close.length) {
      if (part[at++] !== close[this.#matched++]) throw this.#fault('it ends as another')
    }
    if (this.#matched < close.length) return at
    this.#ends.push(this.#length)
    this.#inside = false
    this.#matched = 0
    return at
  }

  #decode(part: Uint8Array, start: number): number {
    const out = this.#out
    let [length, buffer, bits] = [this.#length, this.#buffer, this.#bits]
    let at = start
    for (; at < part.length; at++) {
      const byte = part[at] as number
      const value = VALUES[byte] as number
      if (value < 64 && !this.#padded) {
        buffer = ((buffer << 6) | value) & 0xffffff
        bits += 6
        if (bits >= 8) {
          bits -= 8
          out[length++] = buffer >> bits
        }
      } else if (byte === DASH) {
        this.#matched = 1
        at++
        break
      } else if (byte === 0x3d) this.#padded = true
      else if (value !== 64) throw this.#fault('it is not base64')
    }
    this.#length = length
    this.#buffer = buffer
    this.#bits = bits
    return at
  }

  #fault(state: string): PkiFault {
    return new PkiFault('malformed', `Could not read PEM block "${this.#label}": ${state}`)
  }
}
