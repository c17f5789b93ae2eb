import { byteName, COLON, CR, FIELD_BYTE, HTAB, LF, quote, SP, TCHAR } from './characters.ts'
import { type Role, wireError } from './errors.ts'
import { type Lines, lineText } from './lines.ts'
import type { HeaderList, WireError } from './types.ts'

const HOST = codes('host')
const EXPECT = codes('expect')
const UPGRADE = codes('upgrade')
const CONNECTION = codes('connection')
const CONTENT_LENGTH = codes('content-length')
const TRANSFER_ENCODING = codes('transfer-encoding')

/** A field that came `count` times: its values joined as RFC 9110 section 5.3 says, and where the first one's value stands in the list. */
export interface KnownField {
  count: number
  value: string
  index: number
}

/** Reads field lines (RFC 9112 section 5) one by one, as strictly as the grammar, and notes those that framing depends on. */
export class FieldReader {
  readonly #role: Role
  readonly #maxCount: number
  headers: HeaderList = []
  /** The empty line after the last field was read. */
  complete = false
  readonly host: KnownField = noField()
  readonly expect: KnownField = noField()
  readonly upgrade: KnownField = noField()
  readonly connection: KnownField = noField()
  readonly contentLength: KnownField = noField()
  readonly transferEncoding: KnownField = noField()

  constructor(role: Role, maxCount: number) {
    this.#role = role
    this.#maxCount = maxCount
  }

  reset(): void {
    this.headers = []
    this.complete = false
    this.host.count = 0
    this.expect.count = 0
    this.upgrade.count = 0
    this.connection.count = 0
    this.contentLength.count = 0
    this.transferEncoding.count = 0
  }

  /**
   * Reads lines from index `from` of `lines.bytes` on, to their end or to the empty line.
   * Returns the index after the last one read, or what is wrong.
   */
  read(lines: Lines, from: number): number | WireError {
    const { bytes, text, start, end } = lines
    const view = new DataView(bytes.buffer, bytes.byteOffset, end)
    const lastWord = end - 4
    const headers = this.headers
    const limit = this.#maxCount * 2
    let at = from
    while (at < end) {
      const nameAt = at
      while (TCHAR[bytes[at]!] === 1) at++
      const nameEnd = at
      if (nameEnd === nameAt || bytes[at] !== COLON) return this.#withoutName(lines, nameAt, at)
      at++
      while (bytes[at] === SP || bytes[at] === HTAB) at++
      const valueAt = at
      while (at <= lastWord && isPlainWord(view.getInt32(at, true))) at += 4
      while (FIELD_BYTE[bytes[at]!] === 1) at++
      if (bytes[at] !== CR || bytes[at + 1] !== LF) return this.#badValue(lines, nameAt, at)
      let valueEnd = at
      while (valueEnd > valueAt && isBlank(bytes[valueEnd - 1]!)) valueEnd--
      headers.push(
        text.slice(nameAt - start, nameEnd - start),
        text.slice(valueAt - start, valueEnd - start),
      )
      if (headers.length > limit) return this.#tooMany()
      this.#note(bytes, nameAt, nameEnd)
      at += 2
    }
    return at
  }

  #note(bytes: Uint8Array, from: number, to: number): void {
    switch (to - from) {
      case 4:
        if (isName(bytes, from, HOST)) this.#add(this.host)
        return
      case 6:
        if (isName(bytes, from, EXPECT)) this.#add(this.expect)
        return
      case 7:
        if (isName(bytes, from, UPGRADE)) this.#add(this.upgrade)
        return
      case 10:
        if (isName(bytes, from, CONNECTION)) this.#add(this.connection)
        return
      case 14:
        if (isName(bytes, from, CONTENT_LENGTH)) this.#add(this.contentLength)
        return
      case 17:
        if (isName(bytes, from, TRANSFER_ENCODING)) this.#add(this.transferEncoding)
    }
  }

  #add(field: KnownField): void {
    const index = this.headers.length - 1
    const value = this.headers[index]!
    if (field.count === 0) {
      field.value = value
      field.index = index
    } else field.value += `, ${value}`
    field.count++
  }

  #withoutName(lines: Lines, lineAt: number, at: number): number | WireError {
    const { bytes } = lines
    if (at === lineAt && bytes[at] === CR && bytes[at + 1] === LF) {
      this.complete = true
      return at + 2
    }
    const line = quote(lineText(lines, lineAt))
    if (at === lineAt && isBlank(bytes[at]!)) {
      const clause = 'RFC 9112 section 5.2'
      return wireError(this.#role.malformed, `Read field ${line}: line folding`, clause)
    }
    const found = bytes[at] === COLON ? 'no name' : `${byteName(bytes[at])} in the name`
    return wireError(this.#role.malformed, `Read field ${line}: ${found}`, 'RFC 9112 section 5.1')
  }

  #badValue(lines: Lines, lineAt: number, at: number): WireError {
    const line = quote(lineText(lines, lineAt))
    const found = `${byteName(lines.bytes[at])} in the value`
    return wireError(this.#role.malformed, `Read field ${line}: ${found}`, 'RFC 9110 section 5.5')
  }

  #tooMany(): WireError {
    const detail = `Read fields: more than ${this.#maxCount}`
    return wireError(this.#role.headTooLarge, detail, 'RFC 9110 section 5.4')
  }
}

function noField(): KnownField {
  return { count: 0, value: '', index: 0 }
}

function codes(name: string): Uint8Array {
  return Uint8Array.from(name, (character) => character.charCodeAt(0))
}

function isBlank(byte: number): boolean {
  return byte === SP || byte === HTAB
}

/** Among tchar, setting bit 5 maps letters to lower case and nothing else onto letters or `-`. */
function isName(bytes: Uint8Array, from: number, name: Uint8Array): boolean {
  for (let i = 0; i < name.length; i++) {
    if ((bytes[from + i]! | 0x20) !== name[i]) return false
  }
  return true
}

/** Whether none of four bytes is below 0x20 or 0x7f: no control character among them, all at once. */
function isPlainWord(word: number): boolean {
  const low = (word - 0x20202020) & ~word
  const delete_ = word ^ 0x7f7f7f7f
  return ((low | ((delete_ - 0x01010101) & ~delete_)) & 0x80808080) === 0
}
