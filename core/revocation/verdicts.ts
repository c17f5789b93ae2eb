import {
  judge,
  type OnlineRules,
  type Presentation,
  type RevocationSource,
  type Truststore,
  type Verdict,
  VerdictCache,
  type Verdicts,
} from '../pki/mod.ts'
import type { Clock, Fetcher, Log } from '../port/mod.ts'
import { download } from './download.ts'
import { Holdings } from './holdings.ts'

/** What is needed to ask about revocation. */
export interface OnlineVerdictsOptions {
  readonly fetcher: Fetcher
  readonly clock: Clock
  readonly log: Log
  /** The bounds that hold now. */
  readonly limits: () => {
    /** How long the first sight of a certificate waits, in milliseconds. */
    readonly revocationTimeout: number
    /** In bytes. */
    readonly crlSize: number
  }
}

/** Rounds of asking for one verdict: responders first, lists next, then those of their signers. */
const MAX_ROUNDS = 8

/**
 * Verdicts that are kept, and that ask about revocation where a truststore wants it. The first sight of a certificate
 * waits for answers, as long as the limits allow; what is known is asked for again in the background.
 */
export class OnlineVerdicts implements Verdicts {
  readonly #options: OnlineVerdictsOptions
  readonly #holdings: Holdings
  readonly #kept: VerdictCache

  constructor(options: OnlineVerdictsOptions) {
    const { fetcher, clock, log, limits } = options
    this.#options = options
    this.#kept = new VerdictCache(undefined, (...asked) => this.#judge(...asked))
    this.#holdings = new Holdings({
      clock,
      log,
      download: (source, rules) => {
        const { revocationTimeout, crlSize } = limits()
        // Half the time, so that a list can be fetched where no responder answers.
        return download(source, { fetcher, rules, crlSize, ocspTimeout: revocationTimeout / 2 })
      },
      crlBytes: () => limits().crlSize * 4,
    })
  }

  judge(presentation: Presentation, truststore: Truststore, now: number): Promise<Verdict> {
    return this.#kept.judge(presentation, truststore, now)
  }

  /** Asks nobody any more. */
  close(): void {
    this.#holdings.close()
  }

  async #judge(presentation: Presentation, truststore: Truststore, now: number): Promise<Verdict> {
    const { online } = truststore
    if (online === undefined) return await judge(presentation, truststore, now)
    const { clock, limits } = this.#options
    const start = clock.monotonic()
    const patience = new Patience(clock, limits().revocationTimeout)
    try {
      for (let round = 1;; round++) {
        const then = now + (clock.monotonic() - start)
        const look = this.#holdings.look(online, then)
        const verdict = await judge(presentation, truststore, then, { material: look.material })
        const lacks = verdict.lacks ?? []
        if (lacks.length === 0 || verdict.code === 'revoked' || round > MAX_ROUNDS) {
          return { ...verdict, validUntil: Math.min(verdict.validUntil, look.until()) }
        }
        await this.#ask(lacks, online, patience)
      }
    } finally {
      patience.end()
    }
  }

  async #ask(
    lacks: readonly RevocationSource[],
    rules: OnlineRules,
    patience: Patience,
  ): Promise<void> {
    const asked = lacks.map((source) => this.#holdings.ask(source, rules))
    await patience.until(Promise.all(asked))
    if (patience.over) { for (const source of lacks) this.#holdings.late(source, rules) }
  }
}

/** A time-out for several steps together. */
class Patience {
  over = false
  readonly #end: Promise<void>
  readonly #cancel: () => void

  constructor(clock: Clock, ms: number) {
    let end = (): void => {}
    this.#end = new Promise((resolve) => end = resolve)
    this.#cancel = clock.after(ms, () => {
      this.over = true
      end()
    })
  }

  async until(work: Promise<unknown>): Promise<void> {
    await Promise.race([work, this.#end])
  }

  end(): void {
    this.#cancel()
  }
}
