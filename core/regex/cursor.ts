/** What is wrong with a pattern. Thrown and caught within this room. */
export class PatternError extends Error {}

/** A place in a pattern. */
export class Cursor {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  get done(): boolean {
    return this.#at >= this.#text.length
  }

  /** The next character; empty at the end. */
  get peek(): string {
    return this.#text.charAt(this.#at)
  }

  get rest(): string {
    return this.#text.slice(this.#at)
  }

  at(char: string): boolean {
    return this.#text.charAt(this.#at) === char
  }

  /** Takes the next character, if it is this one. */
  take(char: string): boolean {
    if (!this.at(char)) return false
    this.#at++
    return true
  }

  takeText(text: string): boolean {
    if (!this.#text.startsWith(text, this.#at)) return false
    this.#at += text.length
    return true
  }

  /** The next character, which must be there. */
  next(): string {
    if (this.done) throw new PatternError('the pattern ends too early')
    return this.#text.charAt(this.#at++)
  }

  skip(count: number): void {
    this.#at += count
  }
}
