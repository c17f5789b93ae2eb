type TokenName =
  | 'T_OBJ_BEGIN'
  | 'T_OBJ_END'
  | 'T_ARR_BEGIN'
  | 'T_ARR_END'
  | 'T_STRING'
  | 'T_NUMBER'
  | 'T_BOOLEAN'
  | 'T_NULL'
  | 'T_COLON'
  | 'T_COMMA'
  | 'T_END'
  | 'invalid token'
  | 'unexpected end of string'
  | 'invalid escape code'
  | 'invalid unicode escape code'

const PUNCTUATION: Readonly<Record<string, TokenName>> = {
  '{': 'T_OBJ_BEGIN',
  '}': 'T_OBJ_END',
  '[': 'T_ARR_BEGIN',
  ']': 'T_ARR_END',
  ':': 'T_COLON',
  ',': 'T_COMMA',
}
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y

/** Tells the first fault of a text that is no JSON, in the words of lua-cjson. */
export function diagnose(text: string): string {
  return new Diagnosis(text).run()
}

class Diagnosis {
  readonly #text: string
  #at = 0
  /** Where the present token begins. */
  #begin = 0
  #token: TokenName = 'T_END'
  #wrong: string | undefined

  constructor(text: string) {
    this.#text = text
  }

  run(): string {
    this.#next()
    this.#value()
    if (this.#token !== 'T_END') this.#fail('the end')
    return this.#wrong ?? 'Expected value but found invalid token at character 1'
  }

  #fail(expected: string): void {
    const bytes = new TextEncoder().encode(this.#text.slice(0, this.#begin)).length
    this.#wrong ??= `Expected ${expected} but found ${this.#token} at character ${bytes + 1}`
  }

  #value(): void {
    switch (this.#token) {
      case 'T_OBJ_BEGIN':
        return this.#object()
      case 'T_ARR_BEGIN':
        return this.#array()
      case 'T_STRING':
      case 'T_NUMBER':
      case 'T_BOOLEAN':
      case 'T_NULL':
        return this.#next()
      default:
        return this.#fail('value')
    }
  }

  #object(): void {
    this.#next()
    if (this.#token === 'T_OBJ_END') return this.#next()
    while (this.#wrong === undefined) {
      this.#expect('T_STRING', 'object key string')
      this.#expect('T_COLON', 'colon')
      if (this.#wrong !== undefined) return
      this.#value()
      if (this.#goesOn('T_OBJ_END', 'comma or object end')) continue
      return
    }
  }

  #array(): void {
    this.#next()
    if (this.#token === 'T_ARR_END') return this.#next()
    while (this.#wrong === undefined) {
      this.#value()
      if (this.#goesOn('T_ARR_END', 'comma or array end')) continue
      return
    }
  }

  #expect(token: TokenName, expected: string): void {
    if (this.#token !== token) this.#fail(expected)
    else if (this.#wrong === undefined) this.#next()
  }

  /** Whether another item follows. */
  #goesOn(end: TokenName, expected: string): boolean {
    if (this.#wrong !== undefined) return false
    const token = this.#token
    if (token === end || token === 'T_COMMA') this.#next()
    else this.#fail(expected)
    return token === 'T_COMMA'
  }

  #next(): void {
    while (' \t\r\n'.includes(this.#text[this.#at] ?? 'x')) this.#at++
    this.#begin = this.#at
    this.#token = this.#read()
  }

  #read(): TokenName {
    const first = this.#text[this.#at]
    if (first === undefined) return 'T_END'
    const mark = PUNCTUATION[first]
    if (mark !== undefined) {
      this.#at++
      return mark
    }
    if (first === '"') return this.#string()
    NUMBER.lastIndex = this.#at
    const number = NUMBER.exec(this.#text)
    if (number === null) return this.#word()
    this.#at += number[0].length
    return 'T_NUMBER'
  }

  #word(): TokenName {
    for (const word of ['true', 'false', 'null']) {
      if (!this.#text.startsWith(word, this.#at)) continue
      this.#at += word.length
      return word === 'null' ? 'T_NULL' : 'T_BOOLEAN'
    }
    return 'invalid token'
  }

  #string(): TokenName {
    for (let at = this.#at + 1; at < this.#text.length; at++) {
      const character = this.#text[at]
      if (character === '"') {
        this.#at = at + 1
        return 'T_STRING'
      }
      if (character !== '\\') continue
      const escape = this.#text[++at] ?? ''
      if (escape === 'u' && !/^[0-9a-fA-F]{4}/.test(this.#text.slice(at + 1, at + 5))) {
        return 'invalid unicode escape code'
      }
      if (escape === '' || !'"\\/bfnrtu'.includes(escape)) return 'invalid escape code'
    }
    this.#begin = this.#text.length
    return 'unexpected end of string'
  }
}
