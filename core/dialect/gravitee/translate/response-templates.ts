import {
  type CompareConfig,
  type ConditionConfig,
  FILTER_DEFAULTS,
  type FilterConfig,
  type HeaderConfig,
} from '../../../snapshot/mod.ts'
import type { ApiDocument, JsonMap } from '../model.ts'
import { mapAt, numberAt, textAt } from './settings.ts'

/** The gateway's own answers that Gravitee has names for, by their status. */
const STATUSES: Readonly<Record<string, number>> = {
  GATEWAY_PLAN_UNRESOLVABLE: 401,
  GATEWAY_CLIENT_CONNECTION_ERROR: 502,
  GATEWAY_PLAN_RESOLUTION_FAILURE: 503,
  REQUEST_TIMEOUT: 504,
}
const ANY = '*/*'

/** What an API's `responseTemplates` put in place of the gateway's own answers. */
export function templatesOf({ extra }: Pick<ApiDocument, 'extra'>): FilterConfig[] {
  const all = mapAt(extra, 'responseTemplates')
  const usual = mapAt(all, 'DEFAULT')
  return Object.entries(STATUSES).flatMap(([key, status]) => {
    const own = mapAt(all, key)
    return ofStatus(Object.keys(own).length > 0 ? own : usual, status)
  })
}

/** One template for each type that is accepted, and one for all others. */
function ofStatus(templates: JsonMap, status: number): FilterConfig[] {
  const types = Object.keys(templates).filter((type) => type.includes('/') && type !== ANY)
  const accepts = (type: string): CompareConfig => {
    return { variable: 'http_accept', operator: 'contains', value: type }
  }
  const before = (at: number): ConditionConfig[] =>
    types.slice(0, at).map((type) => ({ not: accepts(type) }))
  const rest = [ANY, 'DEFAULT'].find((name) => templates[name] !== undefined)
  return [
    ...types.map((type, at) =>
      filterOf(mapAt(templates, type), { status, type, when: [accepts(type), ...before(at)] })
    ),
    ...(rest === undefined ? [] : [
      filterOf(mapAt(templates, rest), { status, type: undefined, when: before(types.length) }),
    ]),
  ]
}

function filterOf(
  template: JsonMap,
  { status, type, when }: {
    readonly status: number
    readonly type: string | undefined
    readonly when: readonly ConditionConfig[]
  },
): FilterConfig {
  const { response } = FILTER_DEFAULTS
  const written = Object.entries(mapAt(template, 'headers')).filter(([, value]) =>
    typeof value === 'string'
  ).map(([name, value]): HeaderConfig => ({ name, value: String(value) }))
  const own = type === undefined ? [] : [{ name: 'Content-Type', value: type }]
  const asked = numberAt(template, 'statusCode') ?? numberAt(template, 'status')
  return {
    ...response,
    when: [
      { variable: 'status', operator: 'equals', value: status },
      // The endpoint's own answers stay as they are.
      { variable: 'upstream_status', operator: 'equals', value: null },
      ...when,
    ],
    status: asked !== undefined && asked >= 200 && asked <= 599 ? asked : undefined,
    body: textAt(template, 'body') ?? '',
    headers: { ...response.headers, set: [...own, ...written] },
  }
}
