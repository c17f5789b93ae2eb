import { setField } from './headers.ts'
import type { Passage } from './passage.ts'
import type { CompiledFilter, FilterPhase, ResponseInHand, Stop } from './types.ts'

/** The filters that a request meets. */
export interface FilterChain {
  /** Met by every request, with all their phases before those of the route. */
  readonly global: readonly CompiledFilter[]
  readonly route: readonly CompiledFilter[]
}

/**
 * Sends a request through its filters: the first that stops it has the last word. What they do to the answer is kept
 * in the passage.
 */
export function runRequest({ global, route }: FilterChain, passage: Passage): Stop | undefined {
  const chain = new Run(passage)
  const stop = chain.phase(global, 'rewrite') ?? chain.phase(global, 'access') ??
    chain.phase(route, 'rewrite') ?? chain.consumer(route)
  chain.collect(global)
  chain.collect(chain.ofRoute ?? route)
  return stop
}

class Run {
  readonly #passage: Passage
  ofRoute: readonly CompiledFilter[] | undefined

  constructor(passage: Passage) {
    this.#passage = passage
  }

  phase(filters: readonly CompiledFilter[], phase: FilterPhase): Stop | undefined {
    for (const filter of filters) {
      if (filter.phase !== phase || filter.onRequest === undefined) continue
      if (filter.when?.holds(this.#passage.facts) === false) continue
      const stop = filter.onRequest(this.#passage)
      if (stop !== undefined) return stop
    }
    return undefined
  }

  /** The rest of the way, with the filters of whoever calls in place of the route's of the same types. */
  consumer(route: readonly CompiledFilter[]): Stop | undefined {
    const own = this.#passage.consumer?.filters ?? []
    if (own.length === 0) return this.phase(route, 'access')
    const types = new Set(own.map(({ type }) => type))
    const merged = [...route.filter(({ type }) => !types.has(type)), ...own]
      .sort((a, b) => b.priority - a.priority)
    this.ofRoute = merged
    return this.phase(own, 'rewrite') ?? this.phase(merged, 'access')
  }

  /** Notes what is to be done to the answer by filters that have nothing to do with the request. */
  collect(filters: readonly CompiledFilter[]): void {
    for (const { onResponse, when } of filters) {
      if (onResponse === undefined) continue
      this.#passage.onResponse.push((passage, response) => {
        if (when?.holds(passage.facts) !== false) onResponse(passage, response)
      })
    }
  }
}

/** Sends an answer's head back through the filters. */
export function runResponse(passage: Passage, response: ResponseInHand): void {
  const { facts, onResponse, told } = passage
  for (let i = 0; i + 1 < told.length; i += 2) {
    setField(response, told[i] as string, told[i + 1] as string)
  }
  for (const change of onResponse) {
    const { status, headers, upstream } = response
    facts.response = { status, headers, upstream }
    change(passage, response)
  }
}

/** Whether the answer is to be sent back through the filters at all. */
export function changesResponse({ onResponse, told }: Passage): boolean {
  return onResponse.length > 0 || told.length > 0
}
