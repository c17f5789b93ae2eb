import type {
  BodySizeFilterConfig,
  CountLimitFilterConfig,
  LimitFilterConfig,
  QuotaNamesConfig,
  RateLimitFilterConfig,
} from '../snapshot/types.ts'
import { QUOTA_NAMES } from '../snapshot/mod.ts'
import { asBytes, compileTemplate, compileVariable, type Facts } from '../vars/mod.ts'
import type { Maker } from './making.ts'
import { refuse } from './stops.ts'
import type { FilterRefusal } from './types.ts'

/** What requests are counted under; a request without the variables counts under its address. */
function compileKey({ key, keyType }: LimitFilterConfig): (facts: Facts) => string {
  if (keyType === 'constant') {
    const text = asBytes(key)
    return () => text
  }
  if (keyType === 'template') {
    const template = compileTemplate(key)
    return (facts) => template.renderAny(facts) ?? facts.address
  }
  const read = compileVariable(key)
  return (facts) => read(facts) ?? facts.address
}

function limited(
  { status, message }: LimitFilterConfig,
  detail: string,
  headers: string[] = [],
): FilterRefusal {
  return refuse('RATE_LIMITED', [status, detail], { message, key: 'error_msg', headers })
}

/** What a limit's amount is for a request; undefined: its template gives no whole number above 0. */
function compileAmount(
  amount: number | string,
  unit: number,
): (facts: Facts) => number | undefined {
  if (typeof amount === 'number') return () => amount
  const template = compileTemplate(amount)
  return (facts) => {
    const number = Number(template.render(facts) || 'none')
    return Number.isSafeInteger(number) && number > 0 ? number * unit : undefined
  }
}

/** `count-limit`: so many requests in each span of time, which begins with the first. */
export const makeCountLimit: Maker<CountLimitFilterConfig> = (config, { id }) => {
  const keyOf = compileKey(config)
  const { group, tell, names = QUOTA_NAMES, degrade = false } = config
  const countOf = compileAmount(config.count, 1)
  const windowOf = compileAmount(config.window, 1000)
  const owner = group === undefined ? `${id} ${config.count} ${config.window}` : `group ${group}`
  return {
    onRequest: ({ facts, now, means, told }) => {
      const count = countOf(facts)
      const window = windowOf(facts)
      if (count === undefined || window === undefined) {
        return degrade ? undefined : refuse('INTERNAL_ERROR', [500, 'The limit is no number'])
      }
      const key = `${owner} ${keyOf(facts)}`
      const before = means.limits.get(key)
      const running = before !== undefined && before.time > now
      const used = {
        amount: running ? before.amount : 0,
        time: running ? before.time : now + window,
      }
      const over = used.amount >= count
      if (!over) means.limits.set(key, { ...used, amount: used.amount + 1 })
      const rest = Math.max(0, count - used.amount - 1)
      const headers = tell ? quota(names, [count, over ? 0 : rest, used.time - now]) : []
      if (over) return limited(config, `More than ${count} requests in ${window} ms`, headers)
      told.push(...headers)
      return undefined
    },
  }
}

function quota(
  { limit, remaining, reset }: QuotaNamesConfig,
  [count, rest, ms]: readonly [number, number, number],
): string[] {
  return [limit, String(count), remaining, String(rest), reset, String(Math.ceil(ms / 1000))]
}

/** `rate-limit`: a bucket that leaks `rate` requests a second and holds `burst` of them back. */
export const makeRateLimit: Maker<RateLimitFilterConfig> = (config, { id }) => {
  const keyOf = compileKey(config)
  const { rate, burst, noDelay } = config
  return {
    onRequest: (passage) => {
      const { facts, now, means } = passage
      const key = `${id} ${rate} ${burst} ${keyOf(facts)}`
      const before = means.limits.get(key)
      const leaked = before === undefined ? 0 : rate * Math.abs(now - before.time) / 1000
      const amount = before === undefined ? 0 : Math.max(0, before.amount - leaked + 1)
      if (amount > burst) return limited(config, `More than ${rate} requests a second`)
      means.limits.set(key, { amount, time: now })
      if (!noDelay) passage.delay = Math.max(passage.delay, amount / rate * 1000)
      return undefined
    },
  }
}

/** `body-size`: the longest body of a request. */
export const makeBodySize: Maker<BodySizeFilterConfig> = ({ max }) => ({
  onRequest: (passage) => {
    passage.bodySize = max
    const length = Number(passage.facts.header('content-length'))
    if (max === 0 || !(length > max)) return undefined
    return refuse('BODY_TOO_LARGE', [413, `A body of ${length} bytes: ${max} are allowed`])
  },
})
