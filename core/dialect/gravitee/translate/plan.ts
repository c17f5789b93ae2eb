import type { GraviteeGatewayConfig, PlanConfig, PlanType } from '../../../snapshot/mod.ts'
import type { ApiDocument, PlanDocument, SecurityType } from '../model.ts'
import { jwtOf } from './jwt.ts'
import { introspectionOf } from './oauth2.ts'
import { apiKeyPlaces } from './options.ts'
import { translateRule } from './selection-rule.ts'

const TYPES: Readonly<Record<SecurityType, PlanType>> = {
  MTLS: 'mtls',
  JWT: 'jwt',
  OAUTH2: 'oauth2',
  API_KEY: 'api-key',
  KEY_LESS: 'keyless',
}

/** A plan in the gateway's terms, what cannot be done, and what is done otherwise. */
export interface TranslatedPlan {
  readonly plan: PlanConfig
  readonly errors: readonly string[]
  readonly warnings: readonly string[]
}

/** What a plan is translated beside: its API, and how APIs are served. */
export interface PlanContext {
  readonly api: ApiDocument
  readonly options: GraviteeGatewayConfig
}

/** Turns a plan into the gateway's own; its name there is its id. */
export function translatePlan(
  { id, security, selectionRule }: PlanDocument,
  { api, options }: PlanContext,
): TranslatedPlan {
  const errors: string[] = []
  const warnings: string[] = []
  const { configuration } = security
  const rule = translateRule(selectionRule ?? '', api)
  if ('error' in rule) errors.push(rule.error)
  const type = TYPES[security.type]
  const { header, argument } = apiKeyPlaces(options)
  const notes = { errors, warnings }
  const withToken = type === 'jwt' || type === 'oauth2'
  const plan: PlanConfig = {
    ...{ name: id, type, header, allow: [] },
    ...(type === 'api-key' ? { decisive: true, ...(argument === '' ? {} : { argument }) } : {}),
    ...(withToken ? { argument: 'access_token', decisive: true } : {}),
    ...(withToken && configuration['propagateAuthHeader'] === false ? { hidesToken: true } : {}),
    ...('conditions' in rule && rule.conditions.length > 0 ? { conditions: rule.conditions } : {}),
    ...(type === 'jwt' ? { jwt: jwtOf(configuration, { api, options }, notes) } : {}),
    ...(type === 'oauth2' ? { introspection: introspectionOf(configuration, api, notes) } : {}),
  }
  return { plan, errors, warnings }
}
