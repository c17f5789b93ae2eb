import type { H2Limits } from './types.ts'

/** Limits on what may happen in a span of time. */
export type Counted = 'resets' | 'controls' | 'emptyData' | 'windowUpdates'

/** WINDOW_UPDATE frames that a DATA frame of ours explains: for stream and connection, by readers in small steps. */
const UPDATES_A_FRAME = 4
const UPDATE_STEP = 1024
const MAX_CREDIT = 65_536

/** Counts what costs us work and brings nothing. */
export class Guards {
  readonly #limits: H2Limits
  readonly #now: () => number
  readonly #counts: Record<Counted, number> = {
    resets: 0,
    controls: 0,
    emptyData: 0,
    windowUpdates: 0,
  }
  #since = -Infinity
  #credit = 0

  constructor(limits: H2Limits, now: () => number) {
    this.#limits = limits
    this.#now = now
  }

  /** Whether one more is too many. */
  passed(kind: Counted): boolean {
    if (kind === 'windowUpdates' && this.#credit > 0) {
      this.#credit--
      return false
    }
    const counts = this.#counts
    const now = this.#now()
    if (now - this.#since >= this.#limits.span) {
      this.#since = now
      counts.resets =
        counts.controls =
        counts.emptyData =
        counts.windowUpdates =
          0
    }
    return ++counts[kind] > this.#limits[kind]
  }

  /**
   * A stream was opened, or bytes of a body were carried. A PING that measures the line, a priority or a flush behind it
   * is no flood.
   */
  worked(): void {
    const counts = this.#counts
    if (counts.controls > 0) counts.controls--
    if (counts.emptyData > 0) counts.emptyData--
  }

  /** DATA with so many bytes was sent. */
  sent(bytes: number): void {
    this.worked()
    const explained = UPDATES_A_FRAME + Math.floor(bytes / UPDATE_STEP)
    this.#credit = Math.min(MAX_CREDIT, this.#credit + explained)
  }
}
