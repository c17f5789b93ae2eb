import type { TokenChecker, TokenVerdict } from '../plan/mod.ts'
import type { Clock } from '../port/mod.ts'

/** What was found, and until when that is worth anything, epoch milliseconds; later than now. */
export interface Finding {
  readonly verdict: TokenVerdict
  readonly until: number
}

/** Finds out about one token. It may reject: then the token could not be checked. */
export interface Finder {
  find(token: string, now: number): Promise<Finding>
}

/** Verdicts that are kept, and the bytes of tokens that they are kept by. */
const MOST = 10_000
const MOST_BYTES = 16_777_216
/** The longest token that is looked at. */
const LONGEST = 16_384
/** How long nobody is asked again about a token that could not be checked. */
const REST_MS = 2_000

/** Remembers what was found about tokens, each as long as it holds, and asks once for those who ask at once. */
export class KeptVerdicts implements TokenChecker {
  readonly #finder: Finder
  readonly #clock: Pick<Clock, 'now'>
  readonly #kept = new Map<string, Finding>()
  readonly #asking = new Map<string, Promise<void>>()
  #bytes = 0

  constructor(finder: Finder, clock: Pick<Clock, 'now'>) {
    this.#finder = finder
    this.#clock = clock
  }

  known(token: string, now: number): TokenVerdict | undefined {
    if (token.length > LONGEST) {
      return { ok: false, code: 'TOKEN_INVALID', detail: 'the token is too long' }
    }
    const kept = this.#kept.get(token)
    return kept === undefined || kept.until <= now ? undefined : kept.verdict
  }

  check(token: string, now: number): Promise<void> {
    const asking = this.#asking.get(token)
    if (asking !== undefined) return asking
    const mine = this.#ask(token, now).finally(() => this.#asking.delete(token))
    this.#asking.set(token, mine)
    return mine
  }

  async #ask(token: string, now: number): Promise<void> {
    try {
      this.#keep(token, await this.#finder.find(token, now))
    } catch (error) {
      const detail = `the token could not be checked: ${
        error instanceof Error ? error.message : String(error)
      }`
      const until = this.#clock.now() + REST_MS
      this.#keep(token, { verdict: { ok: false, code: 'TOKEN_UNCHECKED', detail }, until })
    }
  }

  #keep(token: string, finding: Finding): void {
    if (!this.#kept.has(token)) this.#bytes += token.length
    this.#kept.set(token, finding)
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= MOST && this.#bytes <= MOST_BYTES) break
      this.#kept.delete(oldest)
      this.#bytes -= oldest.length
    }
  }
}
