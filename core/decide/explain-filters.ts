import type { CompiledFilter } from '../filter/mod.ts'
import type { Filtering } from './types.ts'

/** Which filters a request meets, in order, each as a sentence. What they say is known when they run alone. */
export function filterNotes({ chain, facts }: Filtering): string[] {
  const told = (filters: readonly CompiledFilter[], whose: string): string[] =>
    inOrder(filters).map(({ type, when }) => {
      const name = `Filter "${type}" of ${whose}`
      if (when === undefined) return `${name} is met`
      return when.holds(facts)
        ? `${name} is met: ${when.explain(facts)}`
        : `${name} is passed over: it asks for ${when.explain(facts)}`
    })
  return [...told(chain.global, 'the configuration'), ...told(chain.route, 'the route')]
}

function inOrder(filters: readonly CompiledFilter[]): readonly CompiledFilter[] {
  const first = filters.filter(({ phase }) => phase === 'rewrite')
  return [...first, ...filters.filter(({ phase }) => phase === 'access')]
}
