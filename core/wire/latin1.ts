import type { Latin1 } from './types.ts'

/** As many arguments as every engine takes in one call. */
const PIECE = 4096

/** {@linkcode Latin1} with nothing but the language; platforms bring quicker ones. */
export const plainLatin1: Latin1 = (bytes, start, end) => {
  let text = ''
  for (let at = start; at < end; at += PIECE) {
    const piece = bytes.subarray(at, Math.min(end, at + PIECE))
    text += String.fromCharCode.apply(undefined, piece as unknown as number[])
  }
  return text
}

/** The bytes of Latin-1 text; characters beyond U+00FF lose their upper bits. */
export function latin1Bytes(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length)
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i)
  return bytes
}
