import type { Instruction } from './program.ts'
import { contains, WORD } from './ranges.ts'
import type { Starts } from './starts.ts'
import type { Assertion, Groups } from './types.ts'

const NO_SLOTS: readonly number[] = []

/** The threads that stand at one place of the text, the preferred ones first. */
class Threads {
  /** Where each thread stands in the program. */
  readonly at: Int32Array
  readonly slots: (readonly number[])[]
  /** For each instruction the step at which a thread came there last. */
  readonly #seen: Int32Array
  length = 0

  constructor(size: number) {
    this.at = new Int32Array(size)
    this.slots = new Array<readonly number[]>(size).fill(NO_SLOTS)
    this.#seen = new Int32Array(size).fill(-1)
  }

  /** Whether no thread came here at this step before. */
  enter(instruction: number, step: number): boolean {
    if (this.#seen[instruction] === step) return false
    this.#seen[instruction] = step
    return true
  }

  add(instruction: number, slots: readonly number[]): void {
    this.at[this.length] = instruction
    this.slots[this.length++] = slots
  }
}

/** Where a thread has come to in the text. */
interface Reached {
  readonly at: number
  readonly place: number
  readonly slots: readonly number[]
}

/** A program, with the characters that a match may begin with. */
export interface Runnable {
  readonly program: readonly Instruction[]
  readonly starts: Starts
}

/**
 * Runs all threads of a program side by side, one character after the other (Thompson, Pike): of two that come to
 * the same place at once the preferred one stays, so there are never more than instructions.
 */
export class Machine {
  readonly #program: readonly Instruction[]
  readonly #capture: boolean
  readonly #starts: Starts
  readonly #text: string
  #current: Threads
  #next: Threads
  /** Counts places over all runs. */
  #place = 0

  constructor({ program, starts }: Runnable, text: string, capture: boolean) {
    this.#program = program
    this.#starts = starts
    this.#capture = capture
    this.#text = text
    this.#current = new Threads(program.length)
    this.#next = new Threads(program.length)
  }

  /** The slots of the leftmost match at or after `from`; undefined: there is none. */
  run(from: number, anchored: boolean): Groups | undefined {
    const text = this.#text
    let found: Groups | undefined
    this.#current.length = 0
    this.#next.length = 0
    this.#place += 2
    for (let at = from; at <= text.length; at++) {
      if (this.#current.length === 0 && found === undefined && !anchored) {
        at = this.#starts.next(text, at)
        if (at < 0) break
      }
      if (found === undefined && (!anchored || at === from)) {
        this.#follow(this.#current, 0, { at, place: this.#place, slots: NO_SLOTS })
      }
      if (this.#current.length === 0 && (found !== undefined || anchored)) break
      found = this.#step(at) ?? found
      if (found !== undefined && !this.#capture) return found
      this.#place++
      const spent = this.#current
      this.#current = this.#next
      this.#next = spent
      spent.length = 0
    }
    return found
  }

  /** Takes one character on all threads. A match ends those that are less preferred. */
  #step(at: number): Groups | undefined {
    const { at: places, slots, length } = this.#current
    const code = at < this.#text.length ? this.#text.charCodeAt(at) : -1
    for (let i = 0; i < length; i++) {
      const place = places[i]!
      const instruction = this.#program[place]!
      if (instruction.op === 'match') return slots[i]!
      if (instruction.op !== 'class' || code < 0 || !contains(instruction.ranges, code)) continue
      const reached = { at: at + 1, place: this.#place + 1, slots: slots[i]! }
      this.#follow(this.#next, place + 1, reached)
    }
    return undefined
  }

  /** Follows a thread until it waits for a character. A stack of our own, for patterns may nest deep. */
  #follow(
    threads: Threads,
    start: number,
    { at, place: step, slots: first }: Reached,
  ): void {
    const places: number[] = [start]
    const kept: (readonly number[])[] = [first]
    while (places.length > 0) {
      let place = places.pop()!
      let slots = kept.pop()!
      while (threads.enter(place, step)) {
        const instruction = this.#program[place]!
        if (instruction.op === 'jump') place = instruction.to
        else if (instruction.op === 'split') {
          places.push(instruction.second)
          kept.push(slots)
          place = instruction.first
        } else if (instruction.op === 'save') {
          if (this.#capture) slots = saved(slots, instruction.slot, at)
          place++
        } else if (instruction.op === 'assert') {
          if (!holds(instruction.what, this.#text, at)) break
          place++
        } else {
          threads.add(place, slots)
          break
        }
      }
    }
  }
}

function saved(slots: readonly number[], slot: number, at: number): readonly number[] {
  const changed = slots.slice()
  while (changed.length < slot) changed.push(-1)
  changed[slot] = at
  return changed
}

function holds(what: Assertion, text: string, at: number): boolean {
  switch (what) {
    case 'start':
      return at === 0
    case 'end':
      return at === text.length
    case 'line-start':
      return at === 0 || text.charCodeAt(at - 1) === 0x0a
    case 'line-end':
      return at === text.length || text.charCodeAt(at) === 0x0a
    case 'word':
      return isWord(text, at - 1) !== isWord(text, at)
    case 'no-word':
      return isWord(text, at - 1) === isWord(text, at)
  }
}

function isWord(text: string, at: number): boolean {
  return at >= 0 && at < text.length && contains(WORD, text.charCodeAt(at))
}
