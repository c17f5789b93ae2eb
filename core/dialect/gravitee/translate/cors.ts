import { type CorsFilterConfig, FILTER_DEFAULTS } from '../../../snapshot/mod.ts'
import { compileRegex } from '../../../regex/mod.ts'
import type { ApiDocument, JsonMap } from '../model.ts'
import { numberAt } from './settings.ts'

/** Who may use an API in browsers, as its first HTTP listener says; undefined: nobody asks. */
export function corsOf(
  { listeners }: Pick<ApiDocument, 'listeners'>,
): CorsFilterConfig | undefined {
  const written = listeners.find(({ type }) => type === 'HTTP')?.cors
  if (typeof written !== 'object' || written === null || Array.isArray(written)) return undefined
  const cors = written as JsonMap
  if (cors['enabled'] !== true) return undefined
  const origins = textsOf(cors['allowOrigin'])
  return {
    ...FILTER_DEFAULTS.cors,
    strict: true,
    allowOrigins: origins,
    allowOriginsByRegex: origins.filter(isPattern).map((pattern) => `^(?:${pattern})$`),
    allowMethods: textsOf(cors['allowMethods']).join(','),
    allowHeaders: textsOf(cors['allowHeaders']).join(','),
    exposeHeaders: textsOf(cors['exposeHeaders']).join(','),
    maxAge: numberAt(cors, 'maxAge') ?? -1,
    allowCredentials: cors['allowCredentials'] === true,
  }
}

/** What of the origins cannot be read, where one is a pattern. */
export function corsFaults(api: Pick<ApiDocument, 'listeners'>): string[] {
  return (corsOf(api)?.allowOriginsByRegex ?? []).flatMap((pattern) => {
    const compiled = compileRegex(pattern)
    if (!('problem' in compiled)) return []
    const written = pattern.slice('^(?:'.length, -')$'.length)
    return [`Could not use allowOrigin "${written}": ${compiled.problem}`]
  })
}

/** An origin with what means something in regular expressions alone is one. */
function isPattern(origin: string): boolean {
  return origin !== '*' && /[()[\]*+?^$|\\{}]/.test(origin)
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : []
}
