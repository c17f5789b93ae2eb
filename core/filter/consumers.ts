import type { ConsumerFilterConfig } from '../snapshot/types.ts'
import { compileVariable } from '../vars/mod.ts'
import type { Maker } from './making.ts'
import { refuse } from './stops.ts'

/** `consumers`: who may come, by what a filter before found out. */
export const makeConsumers: Maker<ConsumerFilterConfig> = (config) => {
  const read = compileVariable(config.variable)
  const allow = new Set(config.allow)
  const deny = new Set(config.deny)
  const byName = new Map(config.allowMethods.map(({ name, methods }) => [name, methods]))
  const message = config.message ?? `The ${config.variable} is forbidden.`
  return {
    onRequest: ({ facts }) => {
      const value = read(facts)
      if (value === undefined) {
        const text = 'Missing authentication or identity verification.'
        return refuse('CREDENTIAL_MISSING', [401, text], { message: text })
      }
      const listed = allow.has(value)
      const methods = listed ? undefined : byName.get(value)
      const allowed = !deny.has(value) && (listed || allow.size === 0) &&
        (methods?.includes(facts.head.method) ?? true)
      if (allowed) return undefined
      const detail = `${config.variable} "${value}" is not allowed`
      return refuse('CONSUMER_NOT_ALLOWED', [config.status, detail], { message })
    },
  }
}
