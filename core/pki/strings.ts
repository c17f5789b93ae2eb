import { type DerElement, DerFault, Tag } from './der.ts'
import { toLatin1 } from './bytes.ts'

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** The text of a DER string; undefined for types that hold none. Bytes outside the type are a fault. */
export function readString(element: DerElement): string | undefined {
  switch (element.tag) {
    case Tag.utf8String:
      return decodeUtf8(element.content)
    case Tag.printableString:
    case Tag.ia5String:
    case Tag.visibleString:
      return decodeAscii(element.content)
    case Tag.teletexString:
      return toLatin1(element.content)
    case Tag.bmpString:
      return decodeWide(element.content, 2)
    case Tag.universalString:
      return decodeWide(element.content, 4)
    default:
      return undefined
  }
}

/** An IA5String's content: 7-bit only. */
export function decodeAscii(bytes: Uint8Array): string {
  for (const byte of bytes) if (byte > 0x7f) throw new DerFault('A string has bytes beyond ASCII')
  return toLatin1(bytes)
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes)
  } catch {
    throw new DerFault('A string is not UTF-8')
  }
}

function decodeWide(bytes: Uint8Array, width: 2 | 4): string {
  if (bytes.length % width !== 0) throw new DerFault('A wide string is cut short')
  let text = ''
  for (let i = 0; i < bytes.length; i += width) {
    let point = 0
    for (let k = 0; k < width; k++) point = point * 256 + (bytes[i + k] as number)
    if (point > 0x10ffff) throw new DerFault('A wide string has no such character')
    text += width === 2 ? String.fromCharCode(point) : String.fromCodePoint(point)
  }
  return text
}
