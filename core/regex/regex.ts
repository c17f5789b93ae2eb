import { PatternError } from './cursor.ts'
import { Machine, type Runnable } from './machine.ts'
import { parsePattern } from './parse.ts'
import { assemble, type Instruction } from './program.ts'
import { Starts } from './starts.ts'
import type { Groups, Node, Regex, RegexOptions, RegexProblem } from './types.ts'

/** The longest pattern. */
const LONGEST = 4096

/**
 * Compiles a pattern in Perl's notation, without what cannot be done in linear time: references back, looking
 * around, possessive quantifiers and atomic groups. Characters are UTF-16 code units. `$` is the very end.
 */
export function compileRegex(pattern: string, options: RegexOptions = {}): Regex | RegexProblem {
  if (pattern.length > LONGEST) return { problem: `it is longer than ${LONGEST} characters` }
  try {
    const { node, groups, names } = parsePattern(pattern, options)
    const program = assemble(node)
    return new Compiled(pattern, { node, program, groups, names })
  } catch (error) {
    if (error instanceof PatternError) return { problem: error.message }
    throw error
  }
}

interface Parts extends Pick<Regex, 'groups' | 'names'> {
  readonly node: Node
  readonly program: readonly Instruction[]
}

class Compiled implements Regex {
  readonly source: string
  readonly groups: number
  readonly names: ReadonlyMap<string, number>
  readonly #runnable: Runnable
  readonly #anchored: boolean
  readonly #literal: string | undefined

  constructor(source: string, { node, program, groups, names }: Parts) {
    this.source = source
    this.groups = groups
    this.names = names
    this.#runnable = { program, starts: new Starts(program) }
    const items = node.kind === 'sequence' ? node.items : [node]
    this.#anchored = isStart(items[0])
    this.#literal = literalOf(this.#anchored ? items.slice(1) : items)
  }

  test(text: string): boolean {
    if (this.#literal !== undefined) {
      return this.#anchored ? text.startsWith(this.#literal) : text.includes(this.#literal)
    }
    return new Machine(this.#runnable, text, false).run(0, this.#anchored) !== undefined
  }

  find(text: string, from = 0): Groups | undefined {
    return this.search(text)(from)
  }

  search(text: string): (from: number) => Groups | undefined {
    const machine = new Machine(this.#runnable, text, true)
    return (from) => {
      if (this.#anchored && from > 0) return undefined
      const found = machine.run(from, this.#anchored)
      if (found === undefined) return undefined
      const all = [...found]
      while (all.length < this.groups * 2 + 2) all.push(-1)
      return all
    }
  }
}

function isStart(node: Node | undefined): boolean {
  return node?.kind === 'assert' && node.what === 'start'
}

/** The text that single characters alone stand for. */
function literalOf(items: readonly Node[]): string | undefined {
  let text = ''
  for (const item of items) {
    if (item.kind !== 'class') return undefined
    const [first, last, more] = item.ranges
    if (first === undefined || first !== last || more !== undefined) return undefined
    text += String.fromCharCode(first)
  }
  return text
}
