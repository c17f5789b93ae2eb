import type { PlanConfig, PlanType } from '../../../snapshot/mod.ts'
import type { PlanDocument, SecurityType } from '../model.ts'

const TYPES: Readonly<Record<SecurityType, PlanType>> = {
  MTLS: 'mtls',
  JWT: 'jwt',
  OAUTH2: 'oauth2',
  API_KEY: 'api-key',
  KEY_LESS: 'keyless',
}

/** Gravitee's header for API keys. */
const API_KEY_HEADER = 'x-gravitee-api-key'

/** A plan in the gateway's terms, and what cannot be done. */
export interface TranslatedPlan {
  readonly plan: PlanConfig
  readonly errors: readonly string[]
}

/** Turns a plan into the gateway's own; its name there is its id. */
export function translatePlan({ id, security }: PlanDocument): TranslatedPlan {
  const plan: PlanConfig = {
    name: id,
    type: TYPES[security.type],
    header: API_KEY_HEADER,
    allow: [],
  }
  return { plan, errors: [] }
}
