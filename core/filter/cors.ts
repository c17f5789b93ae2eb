import type { Regex } from '../regex/mod.ts'
import type { CorsFilterConfig } from '../snapshot/types.ts'
import type { Facts } from '../vars/mod.ts'
import { setField } from './headers.ts'
import { makeStrict } from './cors-strict.ts'
import type { Maker, Making } from './making.ts'
import { answer } from './stops.ts'
import type { ResponseInHand } from './types.ts'

const ALL_METHODS = 'GET,POST,PUT,DELETE,PATCH,HEAD,OPTIONS,CONNECT,TRACE'

/** What an origin is answered; undefined: it is not allowed. */
export type Allowed = (origin: string | undefined) => string | undefined

/** `cors`: who may use answers in a browser (the Fetch standard), and answers to OPTIONS. */
export const makeCors: Maker<CorsFilterConfig> = (config, making) => {
  const allowed = compileOrigins(
    [config.allowOrigins, config.allowOriginsByRegex],
    making,
    'allowOriginsByRegex',
  )
  const timing = compileOrigins(
    [config.timingAllowOrigins, config.timingAllowOriginsByRegex],
    making,
    'timingAllowOriginsByRegex',
  )
  if (config.strict === true) return makeStrict(config, allowed)
  const varies = config.allowOrigins.join(',') !== '*'
  return {
    onRequest: (passage) => {
      // As the client sent it, whatever becomes of it on the way.
      const { facts } = passage
      const origin = facts.header('origin')
      const asked = facts.header('access-control-request-headers')
      passage.onResponse.push((_, response) => {
        const found = allowed(origin)
        if (found !== undefined) write(response, config, { found, asked, varies })
        const timed = timing(origin)
        if (timed !== undefined) setField(response, 'Timing-Allow-Origin', timed)
      })
      return isPreflight(facts) ? answer(200, [], '') : undefined
    },
  }
}

function isPreflight({ head }: Facts): boolean {
  return head.method === 'OPTIONS'
}

function compileOrigins(
  [listed, patterns]: readonly [readonly string[], readonly string[]],
  making: Making,
  key: string,
): Allowed {
  const regexes: Regex[] = []
  for (const [index, pattern] of patterns.entries()) {
    const regex = making.regex(pattern, [key, index])
    if (regex !== undefined) regexes.push(regex)
  }
  const known = new Set(listed)
  return (origin) => {
    if (known.has('*')) return '*'
    if (known.has('**')) return origin ?? '*'
    if (origin === undefined) return undefined
    return known.has(origin) || regexes.some((regex) => regex.test(origin)) ? origin : undefined
  }
}

interface Found {
  readonly found: string
  readonly asked: string | undefined
  readonly varies: boolean
}

function write(
  response: ResponseInHand,
  config: CorsFilterConfig,
  { found, asked, varies }: Found,
): void {
  setField(response, 'Access-Control-Allow-Origin', found)
  if (varies) response.headers.push('Vary', 'Origin')
  const methods = config.allowMethods === '**' ? ALL_METHODS : config.allowMethods
  setField(response, 'Access-Control-Allow-Methods', methods)
  setField(response, 'Access-Control-Max-Age', String(config.maxAge))
  if (config.exposeHeaders !== '') {
    setField(response, 'Access-Control-Expose-Headers', config.exposeHeaders)
  }
  const headers = config.allowHeaders === '**' ? asked ?? '' : config.allowHeaders
  setField(response, 'Access-Control-Allow-Headers', headers)
  if (config.allowCredentials) setField(response, 'Access-Control-Allow-Credentials', 'true')
}
