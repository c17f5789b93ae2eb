import type { RefusalStyle } from '../snapshot/types.ts'
import type { HeaderList } from '../wire/types.ts'
import { apisixLook } from './look-apisix.ts'
import { gcoreLook } from './look-gcore.ts'
import { graviteeLook } from './look-gravitee.ts'
import { refusalBody } from './refusal-body.ts'
import type { Refusal } from './types.ts'

/** How a refusal looks on the wire. */
export interface RefusalLook {
  readonly status: number
  readonly headers: HeaderList
  readonly body: string
}

/** What the look of a refusal depends on besides the refusal. */
export interface LookOptions {
  /** The value of the request's Accept header; undefined: it has none. */
  readonly accept: string | undefined
  readonly style: RefusalStyle
}

/** Renders a refusal for a client, in the gateway's own style or that of the system that configured the route. */
export function refusalLook(refusal: Refusal, { accept, style }: LookOptions): RefusalLook {
  if (style === 'apisix') return apisixLook(refusal)
  if (style === 'gravitee') return graviteeLook(refusal, accept)
  if (style === 'gcore') return gcoreLook(refusal)
  const { contentType, body } = refusalBody(refusal, accept)
  return { status: refusal.status, headers: ['Content-Type', contentType], body }
}

/** The page that a style shows for a status that came without a body; undefined: none. */
export function statusPage(status: number, style: RefusalStyle): RefusalLook | undefined {
  if (status < 300) return undefined
  const bare = { code: 'INTERNAL_ERROR', status, detail: '', verbose: false } as const
  if (style === 'apisix') return apisixLook(bare)
  return style === 'gcore' && status >= 400 ? gcoreLook(bare) : undefined
}
