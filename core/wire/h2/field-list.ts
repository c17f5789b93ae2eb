import { quote } from '../characters.ts'
import type { KnownField } from '../fields.ts'
import type { FramingFields } from '../framing.ts'
import type { HeaderList } from '../types.ts'
import { checkField, type FieldProblem } from './field-checks.ts'

const COLON = 0x3a
const ABSENT: KnownField = { count: 0, value: '', index: 0 }

/** Which pseudo-fields a head may have. */
export type HeadKind = 'request' | 'extended-request' | 'response'

/** Reads the fields of a head: pseudo-fields apart, the others checked, and those noted that framing depends on. */
export class FieldList implements FramingFields {
  /** What is no pseudo-field, in order. */
  headers: HeaderList = []
  method: string | undefined
  scheme: string | undefined
  authority: string | undefined
  path: string | undefined
  protocol: string | undefined
  status: string | undefined
  /** Not among `headers`. */
  host: KnownField = ABSENT
  expect: KnownField = ABSENT
  contentLength: KnownField = ABSENT
  /** Never there: {@linkcode checkField} refuses it. */
  readonly transferEncoding: KnownField = ABSENT
  #cookie: KnownField = ABSENT
  readonly #kind: HeadKind

  constructor(kind: HeadKind) {
    this.#kind = kind
  }

  /** Reads all; what is wrong with the first wrong one. */
  read(fields: HeaderList): FieldProblem | undefined {
    let at = 0
    for (; at < fields.length && fields[at]!.charCodeAt(0) === COLON; at += 2) {
      const found = this.#readPseudo(fields[at]!, fields[at + 1]!)
      if (found !== undefined) return found
    }
    for (; at < fields.length; at += 2) {
      const name = fields[at]!
      const value = fields[at + 1]!
      const found = checkField(name, value)
      if (found !== undefined) return misplaced(name) ?? found
      this.#take(name, value)
    }
    if (this.#cookie.count > 1) this.headers[this.#cookie.index] = this.#cookie.value
    return undefined
  }

  #readPseudo(name: string, value: string): FieldProblem | undefined {
    let before: string | undefined
    const ofRequest = this.#kind !== 'response'
    if (name === ':method' && ofRequest) {
      before = this.method
      this.method = value
    } else if (name === ':scheme' && ofRequest) {
      before = this.scheme
      this.scheme = value
    } else if (name === ':authority' && ofRequest) {
      before = this.authority
      this.authority = value
    } else if (name === ':path' && ofRequest) {
      before = this.path
      this.path = value
    } else if (name === ':protocol' && this.#kind === 'extended-request') {
      before = this.protocol
      this.protocol = value
    } else if (name === ':status' && !ofRequest) {
      before = this.status
      this.status = value
    } else return pseudoProblem(name, 'unknown')
    return before === undefined ? undefined : pseudoProblem(name, 'more than one')
  }

  #take(name: string, value: string): void {
    switch (name) {
      case 'host':
        this.host = this.#note(this.host, value)
        return
      case 'cookie':
        // Crumbs of a cookie become one field again (RFC 9113 section 8.2.3).
        this.#cookie = this.#note(this.#cookie, value, '; ')
        if (this.#cookie.count > 1) return
        break
      case 'content-length':
        this.contentLength = this.#note(this.contentLength, value)
        break
      case 'expect':
        this.expect = this.#note(this.expect, value)
    }
    this.headers.push(name, value)
  }

  /** The field, with a value more. */
  #note(field: KnownField, value: string, comma = ', '): KnownField {
    if (field.count === 0) return { count: 1, value, index: this.headers.length + 1 }
    return { count: field.count + 1, value: field.value + comma + value, index: field.index }
  }
}

function misplaced(name: string): FieldProblem | undefined {
  return name.charCodeAt(0) === COLON ? pseudoProblem(name, 'behind other fields') : undefined
}

function pseudoProblem(name: string, found: string): FieldProblem {
  return { detail: `Read pseudo-field ${quote(name)}: ${found}`, section: '8.3' }
}
