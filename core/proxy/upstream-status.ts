import type { LookOptions } from '../decide/mod.ts'
import type { HeaderList } from '../wire/mod.ts'

const NOTHING: HeaderList = []

/**
 * APISIX's `X-APISIX-Upstream-Status`: what endpoints answered, where the last of them failed. An endpoint that could
 * not be reached counts as 502, as in nginx's `$upstream_status`.
 * @param status of the last answer, the gateway's own where no endpoint gave one
 */
export function upstreamStatus(
  style: LookOptions['style'],
  status: number,
  asked: { readonly fails: number; readonly answered: boolean } | undefined,
): HeaderList {
  if (style !== 'apisix' || status < 500 || status > 599 || asked === undefined) return NOTHING
  const { fails, answered } = asked
  if (fails === 0 && !answered) return NOTHING
  const before = new Array<number>(answered ? fails : fails - 1).fill(502)
  return ['X-APISIX-Upstream-Status', [...before, status].join(', ')]
}
