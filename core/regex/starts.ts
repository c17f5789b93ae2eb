import type { Instruction } from './program.ts'
import { contains } from './ranges.ts'
import type { Ranges } from './types.ts'

const SMALL = 256

/** The characters that a match may begin with, so that a text can be skipped as far as none can. */
export class Starts {
  /** For each small code unit whether one may; undefined: a match may be empty. */
  readonly #small: Uint8Array | undefined
  readonly #classes: readonly Ranges[]

  constructor(program: readonly Instruction[]) {
    const classes = firstClasses(program)
    this.#classes = classes ?? []
    this.#small = classes && Uint8Array.from({ length: SMALL }, (_, code) => {
      return Number(classes.some((ranges) => contains(ranges, code)))
    })
  }

  /** The first place at or after `from` where a match may begin; -1: there is none. */
  next(text: string, from: number): number {
    const small = this.#small
    if (small === undefined) return from
    for (let at = from; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code < SMALL ? small[code] === 1 : this.#others(code)) return at
    }
    return -1
  }

  #others(code: number): boolean {
    return this.#classes.some((ranges) => contains(ranges, code))
  }
}

/** The classes of characters that come first; undefined where nothing need come. */
function firstClasses(program: readonly Instruction[]): readonly Ranges[] | undefined {
  const found: Ranges[] = []
  const seen = new Set<number>()
  const waiting = [0]
  while (waiting.length > 0) {
    const place = waiting.pop() as number
    if (seen.has(place)) continue
    seen.add(place)
    const instruction = program[place] as Instruction
    if (instruction.op === 'match') return undefined
    if (instruction.op === 'class') found.push(instruction.ranges)
    else if (instruction.op === 'jump') waiting.push(instruction.to)
    else if (instruction.op === 'split') waiting.push(instruction.first, instruction.second)
    else waiting.push(place + 1)
  }
  return found
}
