import type { CorsFilterConfig } from '../snapshot/types.ts'
import type { HeaderList } from '../wire/types.ts'
import type { Allowed } from './cors.ts'
import { setField } from './headers.ts'
import type { Made } from './making.ts'
import { without } from './passage.ts'
import { answer } from './stops.ts'
import type { ResponseInHand, Stop } from './types.ts'

/** What an answer to another origin must not say. */
const TOLD: readonly string[] = [
  'access-control-allow-credentials',
  'access-control-allow-origin',
  'access-control-expose-headers',
]

/** `cors` in Gravitee's ways: a preflight is answered or refused here, any other answer says who may read it. */
export function makeStrict(config: CorsFilterConfig, allowed: Allowed): Made {
  const policy: Policy = {
    config,
    methods: listOf(config.allowMethods).map((method) => method.toUpperCase()),
    headers: listOf(config.allowHeaders),
  }
  return {
    onRequest: (passage) => {
      const { facts } = passage
      const origin = facts.header('origin')
      const method = facts.header('access-control-request-method')
      const isAllowed = origin !== undefined && allowed(origin) !== undefined
      if (facts.head.method === 'OPTIONS' && origin !== undefined && method !== undefined) {
        const headers = facts.header('access-control-request-headers')
        const stop = isAllowed ? preflight(policy, { origin, method, headers }) : refused()
        if (stop.status >= 400) facts.named.set('error_key', 'CORS_PREFLIGHT_FAILED')
        return stop
      }
      passage.onResponse.push((_, response) => {
        tell(response, config, isAllowed ? origin : undefined)
      })
      return undefined
    },
  }
}

interface Policy {
  readonly config: CorsFilterConfig
  readonly methods: readonly string[]
  readonly headers: readonly string[]
}

function listOf(text: string): string[] {
  return text.split(',').map((each) => each.trim()).filter((each) => each !== '')
}

function refused(): Stop {
  return answer(400, ['Vary', 'Origin'], '')
}

/** https://fetch.spec.whatwg.org/#http-cors-protocol */
function preflight(
  { config, methods, headers }: Policy,
  asked: {
    readonly origin: string
    readonly method: string
    readonly headers: string | undefined
  },
): Stop {
  const wanted = listOf(asked.headers ?? '')
  const fits = isAmong([asked.method.trim()], methods) && isAmong(wanted, headers)
  if (!fits || methods.length === 0) return refused()
  const told: HeaderList = ['Access-Control-Allow-Origin', asked.origin, 'Vary', 'Origin']
  if (config.allowCredentials) told.push('Access-Control-Allow-Credentials', 'true')
  if (config.maxAge > -1) told.push('Access-Control-Max-Age', String(config.maxAge))
  told.push('Access-Control-Allow-Methods', methods.join(', '))
  if (headers.length > 0) told.push('Access-Control-Allow-Headers', headers.join(', '))
  return answer(200, told, '')
}

function isAmong(wanted: readonly string[], allowed: readonly string[]): boolean {
  if (allowed.length === 0 || allowed.includes('*')) return true
  const known = new Set(allowed.map((each) => each.toLowerCase()))
  return wanted.every((each) => known.has(each.toLowerCase()))
}

function tell(
  response: ResponseInHand,
  { allowCredentials, exposeHeaders }: CorsFilterConfig,
  origin: string | undefined,
): void {
  for (const name of TOLD) response.headers = without(response.headers, name)
  response.headers.push('Vary', 'Origin')
  if (origin === undefined) return
  setField(response, 'Access-Control-Allow-Origin', origin)
  if (allowCredentials) setField(response, 'Access-Control-Allow-Credentials', 'true')
  const exposed = listOf(exposeHeaders)
  if (exposed.length > 0) setField(response, 'Access-Control-Expose-Headers', exposed.join(', '))
}
