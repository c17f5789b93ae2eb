import type { Clock } from '../../../port/mod.ts'
import type { DocumentProblem, InForce } from '../../types.ts'

/** The longest that an answer to a write waits. */
const LONGEST_WAIT_MS = 1000
/** So many writes that follow each other within this time are a flood. */
const FLOOD_MS = 250
const FLOOD = 300
/** A flood that halts for less than this goes on: whoever writes may have been held up. */
const PAUSE_MS = 2000
/** In a flood, waits that are longer than this on average are left out. */
const PATIENCE_MS = 5

/**
 * Waits until a write is in force before it is answered: who opens a connection after the answer meets what was
 * written. In a flood of writes, each of which would wait for a rest that leaves time to traffic, answers come once
 * the write is kept, as APISIX's do; what comes after the flood waits again.
 */
export class Pace {
  readonly #clock: Clock
  readonly #inForce: (revision: number) => Promise<InForce>
  /** How long it took of late until a write was in force. */
  #usual = 0
  #last = -Infinity
  /** Writes that followed each other. */
  #row = 0

  constructor(clock: Clock, inForce: (revision: number) => Promise<InForce>) {
    this.#clock = clock
    this.#inForce = inForce
  }

  /** @returns what is wrong with documents because of the write, as far as it is known */
  async wait(revision: number): Promise<readonly DocumentProblem[]> {
    const from = this.#clock.monotonic()
    const gap = from - this.#last
    if (gap < FLOOD_MS) this.#row++
    else if (gap >= PAUSE_MS) this.#row = 0
    this.#last = from
    const found = this.#inForce(revision).then((state) => {
      this.#usual += (this.#clock.monotonic() - from - this.#usual) / 4
      return state.ok ? [] : state.problems
    })
    if (this.#row > FLOOD && this.#usual > PATIENCE_MS) return []
    const { promise: late, cancel } = this.#late()
    const problems = await Promise.race([found, late])
    cancel()
    this.#last = this.#clock.monotonic()
    return problems
  }

  #late(): { readonly promise: Promise<readonly DocumentProblem[]>; readonly cancel: () => void } {
    let cancel = (): void => {}
    const promise = new Promise<readonly DocumentProblem[]>((resolve) => {
      cancel = this.#clock.after(LONGEST_WAIT_MS, () => resolve([]))
    })
    return { promise, cancel }
  }
}
