/** DER as X.690 section 10 has it: one encoding for each value. Anything else is a {@linkcode DerFault}. */

/** Bytes that are not the DER that was looked for. Caught at the room's face; never crosses it. */
export class DerFault extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'DerFault'
  }
}

/** Tags of the universal class that certificates use. */
export const Tag = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  visibleString: 0x1a,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const

/** The tag of `[n]`, constructed or primitive. */
export function context(n: number, constructed = true): number {
  return (constructed ? 0xa0 : 0x80) | n
}

/** One tag-length-value. */
export class DerElement {
  readonly bytes: Uint8Array
  readonly tag: number
  /** Where the tag stands. */
  readonly start: number
  /** Where the value starts. */
  readonly body: number
  readonly end: number

  constructor(bytes: Uint8Array, tag: number, at: { start: number; body: number; end: number }) {
    this.bytes = bytes
    this.tag = tag
    this.start = at.start
    this.body = at.body
    this.end = at.end
  }

  /** Tag, length and value. */
  get der(): Uint8Array {
    return this.bytes.subarray(this.start, this.end)
  }

  get content(): Uint8Array {
    return this.bytes.subarray(this.body, this.end)
  }

  get length(): number {
    return this.end - this.body
  }

  /** A reader over the elements inside. */
  inside(): DerReader {
    if ((this.tag & 0x20) === 0) throw new DerFault('A primitive element has no parts')
    return new DerReader(this.bytes, this.body, this.end)
  }
}

/** Reads elements one after another. */
export class DerReader {
  readonly bytes: Uint8Array
  readonly end: number
  #offset: number

  constructor(bytes: Uint8Array, start = 0, end: number = bytes.length) {
    this.bytes = bytes
    this.#offset = start
    this.end = end
  }

  get done(): boolean {
    return this.#offset >= this.end
  }

  /** The next element's tag; -1 at the end. */
  get tag(): number {
    return this.done ? -1 : this.bytes[this.#offset] as number
  }

  /** The next element, which must have this tag, where one is given. */
  read(tag?: number): DerElement {
    const start = this.#offset
    const found = this.bytes[start]
    if (start >= this.end || found === undefined) throw new DerFault('An element is missing')
    if ((found & 0x1f) === 0x1f) throw new DerFault('A tag has more than one byte')
    if (tag !== undefined && found !== tag) {
      throw new DerFault(`Tag ${hexByte(found)} stands where ${hexByte(tag)} should`)
    }
    const { length, body } = this.#length(start + 1)
    if (body + length > this.end) throw new DerFault('An element is cut short')
    this.#offset = body + length
    return new DerElement(this.bytes, found, { start, body, end: this.#offset })
  }

  /** The next element, if it has this tag. */
  optional(tag: number): DerElement | undefined {
    return this.tag === tag ? this.read(tag) : undefined
  }

  /** All that is left, which must be elements of this tag; so many and no more, since each one costs. */
  rest(tag?: number, max = 256): DerElement[] {
    const elements: DerElement[] = []
    while (!this.done) {
      if (elements.length >= max) throw new DerFault(`A list has more than ${max} elements`)
      elements.push(this.read(tag))
    }
    return elements
  }

  /** Says that nothing may follow. */
  finish(): void {
    if (!this.done) throw new DerFault('Bytes follow where an element should end')
  }

  #length(at: number): { length: number; body: number } {
    const first = at < this.end ? this.bytes[at] : undefined
    if (first === undefined) throw new DerFault('A length is missing')
    if (first < 0x80) return { length: first, body: at + 1 }
    const count = first & 0x7f
    // X.690 sections 10.1 and 8.1.3.5: definite form, with as few bytes as possible.
    if (count === 0) throw new DerFault('A length is indefinite')
    if (count > 4 || at + count >= this.end) throw new DerFault('A length is too long')
    let length = 0
    for (let i = 1; i <= count; i++) length = length * 256 + (this.bytes[at + i] as number)
    if (length < 0x80 || this.bytes[at + 1] === 0) throw new DerFault('A length is not minimal')
    return { length, body: at + 1 + count }
  }
}

/** The only element of `bytes`. */
export function readWhole(bytes: Uint8Array, tag?: number): DerElement {
  const reader = new DerReader(bytes)
  const element = reader.read(tag)
  reader.finish()
  return element
}

function hexByte(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`
}
