import { type ClassEscape, readBrackets, readClassEscape } from './classes.ts'
import { Cursor, PatternError } from './cursor.ts'
import { ANY, foldCase, negate, NEWLINE } from './ranges.ts'
import type { Node, Ranges, RegexOptions } from './types.ts'

/** A pattern that has been read. */
export interface Parsed {
  readonly node: Node
  readonly groups: number
  readonly names: ReadonlyMap<string, number>
}

/** The largest count in braces. */
const MOST = 1000
/** How deep groups may stand in groups: what is read by recursion must have an end. */
const DEPTH = 100

type Flags = { -readonly [K in keyof Required<RegexOptions>]: boolean }

/** Reads a pattern. Throws {@linkcode PatternError}. */
export function parsePattern(pattern: string, options: RegexOptions): Parsed {
  const { ignoreCase = false, multiline = false, dotAll = false } = options
  const reader = new Reader(new Cursor(pattern), { ignoreCase, multiline, dotAll })
  const node = reader.choice(0)
  reader.end()
  return { node, groups: reader.groups, names: reader.names }
}

class Reader {
  readonly #cursor: Cursor
  #flags: Flags
  groups = 0
  readonly names = new Map<string, number>()

  constructor(cursor: Cursor, flags: Flags) {
    this.#cursor = cursor
    this.#flags = flags
  }

  end(): void {
    if (!this.#cursor.done) throw new PatternError('a ")" closes nothing')
  }

  choice(depth: number): Node {
    if (depth > DEPTH) throw new PatternError(`groups stand deeper than ${DEPTH}`)
    const items = [this.#sequence(depth)]
    while (this.#cursor.take('|')) items.push(this.#sequence(depth))
    return items.length === 1 ? items[0]! : { kind: 'choice', items }
  }

  #sequence(depth: number): Node {
    const items: Node[] = []
    while (!this.#cursor.done && !this.#cursor.at('|') && !this.#cursor.at(')')) {
      const atom = this.#atom(depth)
      if (atom !== undefined) items.push(this.#repeated(atom))
    }
    return items.length === 1 ? items[0]! : { kind: 'sequence', items }
  }

  /** Undefined: something that stands for nothing, such as `(?i)`. */
  #atom(depth: number): Node | undefined {
    const cursor = this.#cursor
    const char = cursor.next()
    if (char === '(') return this.#group(depth)
    if (char === '[') return this.#class(readBrackets(cursor, this.#flags.ignoreCase))
    if (char === '\\') return this.#escape()
    if (char === '.') return this.#class(this.#flags.dotAll ? ANY : negate(NEWLINE))
    if (char === '^') return assertion(this.#flags.multiline ? 'line-start' : 'start')
    if (char === '$') return assertion(this.#flags.multiline ? 'line-end' : 'end')
    if (char === '*' || char === '+' || char === '?') {
      throw new PatternError(`nothing stands before "${char}"`)
    }
    return this.#literal(char.charCodeAt(0))
  }

  #literal(code: number): Node {
    const one: Ranges = [code, code]
    return this.#class(this.#flags.ignoreCase ? foldCase(one) : one)
  }

  #class(ranges: Ranges): Node {
    return { kind: 'class', ranges }
  }

  #escape(): Node {
    const cursor = this.#cursor
    if (cursor.take('b')) return assertion('word')
    if (cursor.take('B')) return assertion('no-word')
    if (cursor.take('A')) return assertion('start')
    if (cursor.take('z') || cursor.take('Z')) return assertion('end')
    if (cursor.take('Q')) return this.#quoted()
    if (/[1-9kgG]/.test(cursor.peek)) {
      throw new PatternError(`"\\${cursor.peek}" refers back, which cannot be done in linear time`)
    }
    const read: ClassEscape = readClassEscape(cursor)
    return 'ranges' in read ? this.#class(read.ranges) : this.#literal(read.code)
  }

  /** `\Q` to `\E`: as it stands. */
  #quoted(): Node {
    const items: Node[] = []
    while (!this.#cursor.done && !this.#cursor.takeText('\\E')) {
      items.push(this.#literal(this.#cursor.next().charCodeAt(0)))
    }
    return { kind: 'sequence', items }
  }

  #group(depth: number): Node | undefined {
    const before = { ...this.#flags }
    const index = this.#groupIndex()
    if (index === 'flags') return undefined
    const item = this.choice(depth + 1)
    if (!this.#cursor.take(')')) throw new PatternError('a "(" is not closed')
    this.#flags = before
    return index === undefined ? item : { kind: 'group', index, item }
  }

  /** The group's number; undefined where it has none, `flags` where there is no group. */
  #groupIndex(): number | 'flags' | undefined {
    const cursor = this.#cursor
    if (!cursor.take('?')) return ++this.groups
    if (cursor.take(':')) return undefined
    if (cursor.takeText('P<') || cursor.at('<') && !/^<[=!]/.test(cursor.rest)) {
      cursor.take('<')
      return this.#name()
    }
    const look = /^(<?[=!])/.exec(cursor.rest)
    if (look !== null) {
      throw new PatternError(`"(?${look[1]}" looks around, which cannot be done in linear time`)
    }
    if (cursor.at('>')) throw new PatternError('"(?>" groups cannot be done in linear time')
    return this.#inlineFlags()
  }

  #name(): number {
    const found = /^([A-Za-z_]\w{0,31})>/.exec(this.#cursor.rest)
    if (found === null) throw new PatternError('a group has no proper name')
    this.#cursor.skip(found[0].length)
    const name = found[1]!
    if (this.names.has(name)) throw new PatternError(`two groups have the name "${name}"`)
    this.names.set(name, ++this.groups)
    return this.groups
  }

  #inlineFlags(): 'flags' | undefined {
    const found = /^([ims]*)(?:-([ims]+))?([):])/.exec(this.#cursor.rest)
    if (found === null) throw new PatternError('a "(?" starts no known kind of group')
    this.#cursor.skip(found[0].length)
    this.#set(found[1]!, true)
    this.#set(found[2] ?? '', false)
    return found[3] === ')' ? 'flags' : undefined
  }

  #set(letters: string, on: boolean): void {
    for (const letter of letters) {
      if (letter === 'i') this.#flags.ignoreCase = on
      else if (letter === 'm') this.#flags.multiline = on
      else this.#flags.dotAll = on
    }
  }

  #repeated(item: Node): Node {
    const cursor = this.#cursor
    let node = item
    for (let times = 0;; times++) {
      const bounds = this.#bounds()
      if (bounds === undefined) return node
      if (times > 0) throw new PatternError('a quantifier stands behind a quantifier')
      if (cursor.at('+')) {
        throw new PatternError('possessive quantifiers cannot be done in linear time')
      }
      const greedy = !cursor.take('?')
      const [least, most] = bounds
      node = { kind: 'repeat', item: node, least, most, greedy }
    }
  }

  #bounds(): readonly [number, number] | undefined {
    const cursor = this.#cursor
    if (cursor.take('*')) return [0, Infinity]
    if (cursor.take('+')) return [1, Infinity]
    if (cursor.take('?')) return [0, 1]
    const found = /^\{(\d+)(?:(,)(\d*))?\}/.exec(cursor.rest)
    if (found === null) return undefined
    cursor.skip(found[0].length)
    const least = Number(found[1])
    const most = found[2] === undefined ? least : found[3] === '' ? Infinity : Number(found[3])
    if (least > MOST || most !== Infinity && most > MOST) {
      throw new PatternError(`a count is larger than ${MOST}`)
    }
    if (least > most) throw new PatternError(`the counts of "${found[0]}" are out of order`)
    return [least, most]
  }
}

function assertion(what: (Node & { readonly kind: 'assert' })['what']): Node {
  return { kind: 'assert', what }
}
