import type { FilterConfig, FilterType, Path } from '../snapshot/types.ts'
import { makeAddresses, makeRealAddress } from './addresses.ts'
import { makeBasicAuth, makeKeyAuth } from './auth.ts'
import { makeCallerId } from './caller-id.ts'
import { makeConsumers } from './consumers.ts'
import { makeCors } from './cors.ts'
import { makeBodySize, makeCountLimit, makeRateLimit } from './limits.ts'
import { type Fail, type Made, type Maker, Making } from './making.ts'
import { makeRedirect, makeRespond } from './redirect.ts'
import { makeRequestId } from './request-id.ts'
import { makeResponse } from './response.ts'
import { makeRewrite } from './rewrite.ts'
import type { CompiledFilter, FilterPhase, OnRequest } from './types.ts'

interface Kind {
  readonly phase: FilterPhase
  /** Higher ones run first: those of APISIX's plugins. */
  readonly priority: number
  // deno-lint-ignore no-explicit-any
  readonly make: Maker<any>
}

const KINDS: Readonly<Record<FilterType, Kind>> = {
  'real-address': { phase: 'rewrite', priority: 23_000, make: makeRealAddress },
  'body-size': { phase: 'rewrite', priority: 22_000, make: makeBodySize },
  'request-id': { phase: 'rewrite', priority: 12_015, make: makeRequestId },
  'caller-id': { phase: 'rewrite', priority: 12_010, make: makeCallerId },
  'respond': { phase: 'access', priority: 10_900, make: makeRespond },
  'cors': { phase: 'rewrite', priority: 4000, make: makeCors },
  'addresses': { phase: 'access', priority: 3000, make: makeAddresses },
  'basic-auth': { phase: 'rewrite', priority: 2520, make: makeBasicAuth },
  'key-auth': { phase: 'rewrite', priority: 2500, make: makeKeyAuth },
  'consumers': { phase: 'access', priority: 2400, make: makeConsumers },
  'rewrite': { phase: 'rewrite', priority: 1008, make: makeRewrite },
  'count-limit': { phase: 'access', priority: 1002, make: makeCountLimit },
  'rate-limit': { phase: 'access', priority: 1001, make: makeRateLimit },
  'redirect': { phase: 'rewrite', priority: 900, make: makeRedirect },
  'response': { phase: 'rewrite', priority: 899, make: makeResponse },
}

/** Whose filters are compiled, and where what is wrong with them is told. */
export interface FilterOwner {
  /** What their counts are kept under, such as a route's name. */
  readonly name: string
  readonly path: Path
  readonly fail: Fail
}

/** Compiles filters, in the order in which they run; equals stay in the configuration's order. */
export function compileFilters(
  configs: readonly FilterConfig[],
  { name, path, fail }: FilterOwner,
): readonly CompiledFilter[] {
  return configs.map((config, index) => {
    const at = [...path, index]
    const making = new Making(
      `${name} ${config.type} ${index}`,
      (rest, message) => fail([...at, ...rest], message),
    )
    return compileFilter(config, making)
  }).sort((a, b) => b.priority - a.priority)
}

function compileFilter(config: FilterConfig, making: Making): CompiledFilter {
  const { phase, priority, make } = KINDS[config.type]
  const made: Made = make(config, making)
  return {
    type: config.type,
    config,
    phase,
    priority: config.priority ?? priority,
    when: making.conditions(config.when, ['when']),
    onRequest: config.errorBody === undefined
      ? made.onRequest
      : withErrorBody(made.onRequest, config.errorBody),
    onResponse: made.onResponse,
  }
}

/** Whatever a filter says where it turns a request away, clients are told this. */
function withErrorBody(onRequest: OnRequest | undefined, text: string): OnRequest | undefined {
  if (onRequest === undefined) return undefined
  const body = new TextEncoder().encode(text)
  return (passage) => {
    const stop = onRequest(passage)
    return stop === undefined || stop.status < 400 ? stop : { ...stop, body }
  }
}
