import { type Certificate, parseCertificate } from '../pki/mod.ts'
import type { Verdict } from '../pki/mod.ts'

/** How many issuers are kept. */
const KEPT = 1000
/** How many certificates of one name are tried, and how long a chain is made. */
const SAME_NAME = 4
const LONGEST = 8
/** How long an issuer is waited for that another process may know, in milliseconds. */
const PATIENCE_MS = 250

/** How issuers reach the other processes that share the listeners. */
export interface IssuerExchange {
  /** Called with each issuer met here for the first time, as DER. */
  readonly tell: (der: Uint8Array) => void
  /** Calls back after so many milliseconds. */
  readonly after: (ms: number, task: () => void) => () => void
}

/**
 * Intermediates of chains that were found trusted.
 *
 * OpenSSL keeps of a client's chain the leaf alone in a session ticket, so whoever takes up a session would seem to
 * have sent no intermediates. What was met in full handshakes completes the chain again, and the verdict is asked
 * as for any other chain.
 */
export class KnownIssuers {
  /** By fingerprint, in the order of last use. */
  readonly #kept = new Map<string, Certificate>()
  #exchange: IssuerExchange | undefined
  #waiting: (() => void)[] = []

  /** Shares what is met with other processes. */
  share(exchange: IssuerExchange): void {
    this.#exchange = exchange
  }

  /** Remembers the intermediates of a trusted path. */
  learn({ ok, path }: Verdict): void {
    if (!ok) return
    for (const issuer of path.slice(1, -1)) {
      if (!this.#keep(issuer)) continue
      this.#exchange?.tell(issuer.der)
    }
  }

  /** Takes an issuer that another process has met. What is no certificate is passed over. */
  async take(der: Uint8Array): Promise<void> {
    const issuer = await parseCertificate(der)
    if ('problem' in issuer) return
    this.#keep(issuer)
    for (const wake of this.#waiting.splice(0)) wake()
  }

  /** All that are kept, as DER. */
  *[Symbol.iterator](): IterableIterator<Uint8Array> {
    for (const { der } of this.#kept.values()) yield der
  }

  /** The chain of a session that was taken up again, with its intermediates where they are known. */
  async complete(chain: readonly Uint8Array[]): Promise<readonly Uint8Array[]> {
    const [der] = chain
    if (der === undefined || chain.length > 1) return chain
    const leaf = await parseCertificate(der)
    if ('problem' in leaf || leaf.issuer === leaf.subject) return chain
    const found: Certificate[] = []
    const open: Certificate[] = [leaf]
    for (let next = open.pop(); next !== undefined && found.length < LONGEST; next = open.pop()) {
      for (const issuer of this.#issuersOf(next)) {
        if (found.includes(issuer)) continue
        found.push(issuer)
        open.push(issuer)
      }
    }
    return found.length === 0 ? chain : [der, ...found.map((issuer) => issuer.der)]
  }

  /** Whether another process told of an issuer in due time: it may have made the session only just now. */
  news(): Promise<boolean> {
    const exchange = this.#exchange
    if (exchange === undefined) return Promise.resolve(false)
    return new Promise((resolve) => {
      const cancel = exchange.after(PATIENCE_MS, () => resolve(false))
      this.#waiting.push(() => {
        cancel()
        resolve(true)
      })
    })
  }

  #issuersOf({ issuer }: Certificate): Certificate[] {
    const all = [...this.#kept.values()].filter(({ subject }) => subject === issuer)
    return all.slice(-SAME_NAME)
  }

  /** Whether it was new. */
  #keep(issuer: Certificate): boolean {
    const fresh = !this.#kept.delete(issuer.sha256)
    this.#kept.set(issuer.sha256, issuer)
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= KEPT) break
      this.#kept.delete(oldest)
    }
    return fresh
  }
}
