import { PatternError } from './cursor.ts'
import type { Assertion, Node, Ranges } from './types.ts'

/** What the machine does, one step after the other. */
export type Instruction =
  | { readonly op: 'class'; readonly ranges: Ranges }
  | { readonly op: 'assert'; readonly what: Assertion }
  | { readonly op: 'save'; readonly slot: number }
  /** Goes on at either place; `first` is preferred. */
  | { op: 'split'; first: number; second: number }
  | { op: 'jump'; to: number }
  | { readonly op: 'match' }

/** A longer program would cost too much for each character of a text. */
const MOST = 5000

/** Makes a program of a pattern. Throws {@linkcode PatternError} where it would be too long. */
export function assemble(node: Node): readonly Instruction[] {
  const program: Instruction[] = []
  new Assembler(program).whole(node)
  return program
}

class Assembler {
  readonly #program: Instruction[]

  constructor(program: Instruction[]) {
    this.#program = program
  }

  whole(node: Node): void {
    this.#emit({ op: 'save', slot: 0 })
    this.#node(node)
    this.#emit({ op: 'save', slot: 1 })
    this.#emit({ op: 'match' })
  }

  #emit<T extends Instruction>(instruction: T): T {
    if (this.#program.length >= MOST) {
      throw new PatternError('it is too large: use smaller counts')
    }
    this.#program.push(instruction)
    return instruction
  }

  get #here(): number {
    return this.#program.length
  }

  #node(node: Node): void {
    switch (node.kind) {
      case 'class':
        this.#emit({ op: 'class', ranges: node.ranges })
        return
      case 'assert':
        this.#emit({ op: 'assert', what: node.what })
        return
      case 'sequence':
        for (const item of node.items) this.#node(item)
        return
      case 'group':
        this.#emit({ op: 'save', slot: node.index * 2 })
        this.#node(node.item)
        this.#emit({ op: 'save', slot: node.index * 2 + 1 })
        return
      case 'choice':
        return this.#choice(node.items)
      case 'repeat':
        return this.#repeat(node)
    }
  }

  #choice(items: readonly Node[]): void {
    const ends: { to: number }[] = []
    for (const [index, item] of items.entries()) {
      if (index === items.length - 1) {
        this.#node(item)
        break
      }
      const split = this.#emit({ op: 'split' as const, first: this.#here + 1, second: 0 })
      this.#node(item)
      ends.push(this.#emit({ op: 'jump' as const, to: 0 }))
      split.second = this.#here
    }
    for (const end of ends) end.to = this.#here
  }

  #repeat({ item, least, most, greedy }: Node & { readonly kind: 'repeat' }): void {
    for (let i = 0; i < least; i++) this.#node(item)
    if (most === Infinity) {
      // One that may be empty is tried once and then again, as Perl does: (x*)* is ((x*)+)?.
      if (!matchesEmpty(item)) return this.#star(item, greedy)
      return this.#optional(greedy, () => this.#loop(item, greedy))
    }
    this.#optionals(item, most - least, greedy)
  }

  /** Once or more. */
  #loop(item: Node, greedy: boolean): void {
    const start = this.#here
    this.#node(item)
    const split = this.#emit({ op: 'split' as const, first: 0, second: 0 })
    split.first = greedy ? start : this.#here
    split.second = greedy ? this.#here : start
  }

  #star(item: Node, greedy: boolean): void {
    const start = this.#here
    this.#optional(greedy, () => {
      this.#node(item)
      this.#emit({ op: 'jump', to: start })
    })
  }

  #optional(greedy: boolean, inner: () => void): void {
    const split = this.#emit({ op: 'split' as const, first: 0, second: 0 })
    const start = this.#here
    inner()
    split.first = greedy ? start : this.#here
    split.second = greedy ? this.#here : start
  }

  /** Up to `count` times, one within the other, so that leaving any ends them all. */
  #optionals(item: Node, count: number, greedy: boolean): void {
    const splits: { first: number; second: number; start: number }[] = []
    for (let i = 0; i < count; i++) {
      const split = this.#emit({ op: 'split' as const, first: 0, second: 0 })
      splits.push(Object.assign(split, { start: this.#here }))
      this.#node(item)
    }
    for (const split of splits) {
      split.first = greedy ? split.start : this.#here
      split.second = greedy ? this.#here : split.start
    }
  }
}

function matchesEmpty(node: Node): boolean {
  switch (node.kind) {
    case 'class':
      return false
    case 'assert':
      return true
    case 'sequence':
      return node.items.every(matchesEmpty)
    case 'choice':
      return node.items.some(matchesEmpty)
    case 'group':
      return matchesEmpty(node.item)
    case 'repeat':
      return node.least === 0 || matchesEmpty(node.item)
  }
}
