import { refusal } from '../decide/mod.ts'
import type { CompiledEndpoint, CompiledUpstream, Refusal, RefusalCode } from '../decide/mod.ts'
import { pick, reportFailure, reportSuccess } from '../upstream/mod.ts'

/** The endpoints of one exchange, one after the other, each at most once. */
export class Picker {
  readonly upstream: CompiledUpstream
  readonly #now: number
  readonly #tried: CompiledEndpoint[] = []
  #stopped = false
  #fault: { readonly code: RefusalCode; readonly detail: string } | undefined

  constructor(upstream: CompiledUpstream, now: number) {
    this.upstream = upstream
    this.#now = now
  }

  /** The endpoint to try next; undefined: enough has been tried. */
  next(): CompiledEndpoint | undefined {
    if (this.#stopped || this.#tried.length > this.upstream.retries) return undefined
    const endpoint = pick(this.upstream.balancer, this.#now, this.#tried)
    if (endpoint !== undefined) this.#tried.push(endpoint)
    return endpoint
  }

  /** The last endpoint could not be used. */
  failed(fault: { readonly code: RefusalCode; readonly detail: string }): void {
    this.#fault = fault
    const endpoint = this.#tried.at(-1)
    if (endpoint !== undefined) reportFailure(this.upstream.balancer, endpoint, this.#now)
  }

  /** No further endpoint may be tried. */
  stop(): void {
    this.#stopped = true
  }

  /** The last endpoint is to be asked once more. */
  again(): void {
    this.#tried.pop()
  }

  succeeded(): void {
    const endpoint = this.#tried.at(-1)
    if (endpoint !== undefined) reportSuccess(this.upstream.balancer, endpoint)
  }

  /** What to say when `next` has nothing more. */
  exhausted(): Refusal {
    const { code, detail } = this.#fault ??
      {
        code: 'NO_ENDPOINT',
        detail: `Upstream "${this.upstream.name}" has no endpoint with weight`,
      }
    return refusal(code, detail)
  }
}
