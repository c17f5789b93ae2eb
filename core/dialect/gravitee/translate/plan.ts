import type {
  IntrospectionConfig,
  JwtConfig,
  PlanConfig,
  PlanType,
  TokenKeysConfig,
} from '../../../snapshot/mod.ts'
import type { Json } from '../../../store/mod.ts'
import type { JsonMap, PlanDocument, SecurityType } from '../model.ts'
import { translateRule } from './selection-rule.ts'
import { mapAt, numberAt, textAt } from './settings.ts'

const TYPES: Readonly<Record<SecurityType, PlanType>> = {
  MTLS: 'mtls',
  JWT: 'jwt',
  OAUTH2: 'oauth2',
  API_KEY: 'api-key',
  KEY_LESS: 'keyless',
}

/** Gravitee's header for API keys. */
export const API_KEY_HEADER = 'x-gravitee-api-key'

/** Gravitee's query parameter for API keys. */
export const API_KEY_ARGUMENT = 'api-key'

/** A plan in the gateway's terms, and what cannot be done. */
export interface TranslatedPlan {
  readonly plan: PlanConfig
  readonly errors: readonly string[]
}

/** Turns a plan into the gateway's own; its name there is its id. `resources` are those of its API. */
export function translatePlan(
  { id, security, selectionRule }: PlanDocument,
  resources: Json | undefined,
): TranslatedPlan {
  const errors: string[] = []
  const rule = translateRule(selectionRule ?? '')
  if ('error' in rule) errors.push(rule.error)
  const type = TYPES[security.type]
  const plan: PlanConfig = {
    ...{ name: id, type, header: API_KEY_HEADER, allow: [] },
    ...(type === 'api-key' ? { argument: API_KEY_ARGUMENT } : {}),
    ...('conditions' in rule && rule.conditions.length > 0 ? { conditions: rule.conditions } : {}),
    ...(type === 'jwt' ? { jwt: jwtOf(security.configuration, errors) } : {}),
    ...(type === 'oauth2'
      ? { introspection: introspectionOf(security.configuration, resources, errors) }
      : {}),
  }
  return { plan, errors }
}

/** Gravitee's names of signatures, such as `RSA_RS256`. */
function algorithmOf(signature: string): string {
  return signature.replace(/^(RSA|HMAC|ECDSA)_/, '')
}

function jwtOf(configuration: JsonMap, errors: string[]): JwtConfig {
  const signature = textAt(configuration, 'signature') ?? 'RSA_RS256'
  const algorithm = algorithmOf(signature)
  if (!/^(RS|PS|ES|HS)(256|384|512)$/.test(algorithm)) {
    errors.push(
      `Could not use signature "${signature}": RSA_RS256, ECDSA_ES256, HMAC_HS256 and the like are supported`,
    )
  }
  return {
    keys: keysOf(configuration, { errors, hmac: algorithm.startsWith('HS') }),
    algorithms: [algorithm],
    issuer: textAt(configuration, 'issuer'),
    audience: textsAt(configuration, 'audience'),
    clockSkew: (numberAt(configuration, 'clockSkew') ?? 0) * 1000,
    clientClaim: textAt(configuration, 'clientIdClaim'),
    bound: isBound(configuration),
  }
}

function keysOf(
  configuration: JsonMap,
  { errors, hmac }: { readonly errors: string[]; readonly hmac: boolean },
): TokenKeysConfig {
  const resolver = textAt(configuration, 'publicKeyResolver') ?? 'GIVEN_KEY'
  const parameter = textAt(configuration, 'resolverParameter') ?? ''
  if (parameter === '') errors.push('A JWT plan needs resolverParameter: a key, or where keys are')
  if (resolver === 'JWKS_URL') {
    if (!/^https?:\/\/[^\s/]+/.test(parameter)) {
      errors.push(`Could not use JWKS_URL "${parameter}": it is no URL`)
    }
    return { url: parameter }
  }
  if (resolver !== 'GIVEN_KEY') {
    errors.push(
      `Could not use publicKeyResolver "${resolver}": GIVEN_KEY and JWKS_URL are supported`,
    )
  }
  if (hmac) return { secret: parameter }
  const pem = /BEGIN|^\s*\{/.test(parameter)
    ? parameter
    : `-----BEGIN PUBLIC KEY-----\n${parameter.replace(/\s+/g, '')}\n-----END PUBLIC KEY-----\n`
  return { key: { from: 'resolverParameter', data: new TextEncoder().encode(pem) } }
}

/** Whether tokens must be bound to the client's certificate: RFC 8705, as Gravitee has it. */
function isBound(configuration: JsonMap): boolean {
  const confirmation = mapAt(configuration, 'confirmationMethodValidation')
  const thumbprint = mapAt(confirmation, 'certificateBoundThumbprint')
  return thumbprint['enabled'] === true && confirmation['ignoreMissing'] !== true
}

function textsAt(map: JsonMap, name: string): string[] {
  const value = map[name]
  const all: readonly unknown[] = Array.isArray(value) ? value : [value]
  return all.filter((each): each is string => typeof each === 'string' && each !== '')
}

/** The authorization server is a resource of the API, which the plan names. */
function introspectionOf(
  configuration: JsonMap,
  resources: Json | undefined,
  errors: string[],
): IntrospectionConfig {
  const name = textAt(configuration, 'oauthResource')
  const all: readonly JsonMap[] = Array.isArray(resources) ? resources as readonly JsonMap[] : []
  const resource = all.find((each) => each['name'] === name && each['enabled'] !== false)
  if (resource === undefined) {
    errors.push(
      `An OAuth2 plan needs oauthResource, a resource of its API: there is no "${name ?? ''}"`,
    )
  } else if (resource['type'] !== 'oauth2') {
    errors.push(`Could not use resource "${name}": type oauth2 is supported`)
  }
  const settings = settingsOf(resource)
  const endpoint = textAt(settings, 'introspectionEndpoint') ?? '/oauth/check_token'
  const url = /^https?:/.test(endpoint)
    ? endpoint
    : (textAt(settings, 'authorizationServerUrl') ?? '').replace(/\/$/, '') + endpoint
  if (resource !== undefined && !/^https?:\/\/[^\s/]+/.test(url)) {
    errors.push(`Could not ask "${url}" about tokens: it is no URL`)
  }
  return {
    url,
    clientId: textAt(settings, 'clientId'),
    clientSecret: textAt(settings, 'clientSecret'),
    scopes: configuration['checkRequiredScopes'] === true
      ? textsAt(configuration, 'requiredScopes')
      : [],
    cache: 10_000,
    timeout: 5_000,
    bound: isBound(configuration),
  }
}

/** Gravitee's console sends a resource's settings as a map, older definitions as text. */
function settingsOf(resource: JsonMap | undefined): JsonMap {
  const settings = resource?.['configuration']
  if (typeof settings !== 'string') return mapAt(resource, 'configuration')
  try {
    return JSON.parse(settings) as JsonMap
  } catch {
    return {}
  }
}
