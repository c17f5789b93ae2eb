import { concatBytes, sha256Hex } from './bytes.ts'
import { judge } from './judge.ts'
import type { Presentation, Truststore, Verdict } from './types.ts'

/** Whoever judges chains. */
export interface Verdicts {
  /** Never rejects. `now` is in epoch milliseconds. */
  judge(presentation: Presentation, truststore: Truststore, now: number): Promise<Verdict>
}

/** Verdicts that were made once and hold for a while. */
export class VerdictCache implements Verdicts {
  readonly #capacity: number
  /** In the order of last use, the oldest first. */
  readonly #entries = new Map<string, Promise<Verdict>>()
  readonly #digests = new WeakMap<readonly Uint8Array[], Promise<string>>()

  readonly #judge: Verdicts['judge']

  /**
   * @param capacity how many verdicts are kept; the one not used for longest goes first
   * @param judgeAnew who makes verdicts that are not kept
   */
  constructor(capacity = 10_000, judgeAnew: Verdicts['judge'] = judge) {
    this.#capacity = Math.max(1, capacity)
    this.#judge = judgeAnew
  }

  /** How many verdicts are kept. */
  get size(): number {
    return this.#entries.size
  }

  /**
   * As `judge`; asks for the same chain, truststore, purpose, name and depth share one verdict while it holds.
   * The arrays of a chain must not be changed after they were presented.
   * @param now epoch milliseconds
   */
  async judge(presentation: Presentation, truststore: Truststore, now: number): Promise<Verdict> {
    const key = await this.#key(presentation, truststore)
    const known = this.#entries.get(key)
    if (known !== undefined) {
      const verdict = await known
      if (now >= verdict.validFrom && now < verdict.validUntil) {
        this.#touch(key, known)
        return verdict
      }
    }
    // Another ask may have replaced what is out of date in the meantime.
    const current = this.#entries.get(key)
    if (current !== undefined && current !== known) return await current
    const fresh = this.#judge(presentation, truststore, now)
    this.#touch(key, fresh)
    return await fresh
  }

  /** Forgets everything. */
  clear(): void {
    this.#entries.clear()
  }

  #touch(key: string, entry: Promise<Verdict>): void {
    this.#entries.delete(key)
    this.#entries.set(key, entry)
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#capacity) break
      this.#entries.delete(oldest)
    }
  }

  async #key(presentation: Presentation, truststore: Truststore): Promise<string> {
    const { chain, purpose, name = '', depth } = presentation
    let digest = this.#digests.get(chain)
    if (digest === undefined) this.#digests.set(chain, digest = chainDigest(chain))
    return `${truststore.id} ${purpose} ${depth} ${await digest} ${name}`
  }
}

function chainDigest(chain: readonly Uint8Array[]): Promise<string> {
  const lengths = new TextEncoder().encode(chain.map((der) => der.length).join(','))
  return sha256Hex(concatBytes(lengths, new Uint8Array([0]), ...chain))
}
