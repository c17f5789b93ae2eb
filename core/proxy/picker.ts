import { givenCookie, refusal } from '../decide/mod.ts'
import type {
  AffinityFacts,
  CompiledEndpoint,
  CompiledUpstream,
  Refusal,
  RefusalCode,
} from '../decide/mod.ts'
import {
  type Choice,
  type EndpointState,
  isUp,
  pick,
  reportFailure,
  reportLatency,
  reportOutcome,
  reportSuccess,
  stateOf,
} from '../upstream/mod.ts'
import type { HeaderList } from '../wire/mod.ts'

/** What an exchange picks endpoints with, besides their upstream. */
export interface PickerOptions {
  /** Epoch milliseconds. */
  readonly now: number
  /** What of the request may lead to an endpoint; asked where the upstream wants to know. */
  readonly facts?: () => AffinityFacts
  /** Told of endpoints whose health changed by what this exchange met. */
  readonly onHealth?: (upstream: CompiledUpstream, state: EndpointState<CompiledEndpoint>) => void
}

const NO_FIELDS: HeaderList = []

/** The endpoints of one exchange, one after the other, each at most once. */
export class Picker implements Choice<CompiledEndpoint> {
  readonly upstream: CompiledUpstream
  readonly now: number
  readonly tried: CompiledEndpoint[] = []
  key = ''
  readonly #options: PickerOptions
  /** The one in use: it counts as busy. */
  #state: EndpointState<CompiledEndpoint> | undefined
  /** What of the client's leads to an endpoint: a cookie's value, or its address. */
  #session: string | undefined
  #wanted: EndpointState<CompiledEndpoint> | undefined
  #secure = false
  #stopped = false
  /** How many endpoints were asked in vain. */
  fails = 0
  /** Whether one has answered. */
  answered = false
  #fault: { readonly code: RefusalCode; readonly detail: string } | undefined

  constructor(upstream: CompiledUpstream, options: PickerOptions) {
    this.upstream = upstream
    this.now = options.now
    this.#options = options
    if (upstream.affinity !== undefined) this.#seek()
  }

  /** For `random` and `ewma`. */
  random(): number {
    return Math.random()
  }

  /**
   * The endpoint to try next; undefined: enough has been tried.
   *
   * @param now epoch milliseconds, after which `retryTimeout` counts
   */
  next(now: number = this.now): CompiledEndpoint | undefined {
    this.over()
    const { config: { retries, retryTimeout }, balancer } = this.upstream
    const late = this.tried.length > 0 && retryTimeout > 0 && now - this.now > retryTimeout
    if (this.#stopped || late || this.tried.length > retries) return undefined
    const state = this.#wanted ?? pick(balancer, this)
    this.#wanted = undefined
    if (state === undefined) return undefined
    this.#state = state
    state.vitals.active++
    this.tried.push(state.endpoint)
    return state.endpoint
  }

  /** The last endpoint could not be used. */
  failed(fault: { readonly code: RefusalCode; readonly detail: string }): void {
    this.#fault = fault
    this.fails++
    const state = this.#state
    if (state === undefined) return
    reportFailure(state.vitals, this.now)
    this.#report(fault.code === 'UPSTREAM_TIMEOUT' ? 'timeout' : 'tcp', fault.detail)
    this.over()
  }

  /** No further endpoint may be tried. */
  stop(): void {
    this.#stopped = true
  }

  /** The last endpoint is to be asked once more. */
  again(): void {
    this.tried.pop()
    this.#wanted = this.#state
  }

  /**
   * The last endpoint has answered.
   *
   * @param status the answer's; 0: a connection stands, and that is all
   * @param took milliseconds
   */
  succeeded(status = 0, took = 0): void {
    const state = this.#state
    this.answered = status > 0
    if (state === undefined) return
    reportSuccess(state.vitals)
    if (this.upstream.config.balance === 'ewma') reportLatency(state.vitals, took, this.now + took)
    const passive = this.upstream.config.health.passive
    if (passive === undefined) return
    if (status === 0 || passive.healthy.statuses.includes(status)) this.#report('success', '')
    else if (passive.unhealthy.statuses.includes(status)) this.#report('http', `Answered ${status}`)
  }

  /** Fields that the answer gains so that the client comes back to the endpoint. */
  remember(headers: HeaderList): HeaderList {
    const { affinity, balancer } = this.upstream
    const persistence = affinity?.persistence
    const state = this.#state
    if (persistence === undefined || state === undefined) return NO_FIELDS
    const { by, name, lifetime } = persistence
    if (by === 'cookie') {
      const value = affinity?.cookies.get(state.id)
      if (value === undefined || value === this.#session) return NO_FIELDS
      const age = lifetime === 0 ? '' : `; Max-Age=${Math.ceil(lifetime / 1000)}`
      const secure = this.#secure ? '; Secure' : ''
      return ['Set-Cookie', `${name}=${value}; Path=/; HttpOnly${secure}${age}`]
    }
    const key = by === 'source-ip' ? this.#session : givenCookie(headers, name) ?? this.#session
    if (key !== undefined) balancer.sessions?.begin(key, state.id, this.now)
    return NO_FIELDS
  }

  /** The exchange with the last endpoint is over. */
  over(): void {
    if (this.#state === undefined) return
    this.#state.vitals.active--
    this.#state = undefined
  }

  /** What to say when `next` has nothing more. */
  exhausted(): Refusal {
    const { name, balancer } = this.upstream
    const state = balancer.weighted.length === 0 ? 'no endpoint with weight' : 'no healthy endpoint'
    const { code, detail } = this.#fault ??
      { code: 'NO_ENDPOINT', detail: `Upstream "${name}" has ${state}` }
    return refusal(code, detail)
  }

  /** Where the request, or its client, belongs. */
  #seek(): void {
    const { affinity, balancer } = this.upstream
    const facts = this.#options.facts?.()
    if (affinity === undefined || facts === undefined) return
    this.key = affinity.keyOf(facts)
    this.#secure = facts.client.secure
    const { persistence } = affinity
    if (persistence === undefined) return
    const { by, name } = persistence
    this.#session = by === 'source-ip' ? facts.address : facts.cookie(name)
    if (this.#session === undefined) return
    const id = by === 'cookie'
      ? affinity.byCookie.get(this.#session)
      : balancer.sessions?.use(this.#session, this.now)
    const state = id === undefined ? undefined : stateOf(balancer, id)
    if (state !== undefined && isUp(balancer, state, this.now)) this.#wanted = state
  }

  #report(outcome: 'success' | 'http' | 'tcp' | 'timeout', reason: string): void {
    const passive = this.upstream.config.health.passive
    const state = this.#state
    if (passive === undefined || state === undefined) return
    const thresholds = { ...passive.unhealthy, successes: passive.healthy.successes }
    const changed = reportOutcome(
      state.vitals.health,
      { outcome, now: this.now, reason },
      thresholds,
    )
    if (changed) this.#options.onHealth?.(this.upstream, state)
  }
}
