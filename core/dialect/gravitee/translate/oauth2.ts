import type { IntrospectionConfig, IntrospectionRequestConfig } from '../../../snapshot/mod.ts'
import type { Json } from '../../../store/mod.ts'
import type { ApiDocument, JsonMap } from '../model.ts'
import { isBound } from './jwt.ts'
import { constantAt } from './response-templates.ts'
import { flagAt, mapAt, type Notes, numberAt, refuseKeys, textAt, textsAt } from './settings.ts'

/** What an OAuth2 plan may say; the last is ours. */
const KEYS: readonly string[] = [
  ...['oauthResource', 'oauthCacheResource', 'extractPayload', 'checkRequiredScopes'],
  ...['requiredScopes', 'modeStrict', 'propagateAuthHeader', 'addWwwAuthenticateHeader'],
  'confirmationMethodValidation',
]

/** How long an answer counts, in milliseconds, where no cache says otherwise. */
const CACHE = 10_000

/** The authorization server is a resource of the API, which the plan names. */
export function introspectionOf(
  configuration: JsonMap,
  api: ApiDocument,
  notes: Notes,
): IntrospectionConfig {
  const resources = api.extra['resources']
  refuseKeys(configuration, { whose: 'An OAuth2 plan', known: KEYS, notes })
  const name = constantAt(configuration, 'oauthResource', { api, notes })
  const resource = resourceOf(resources, name)
  if (resource === undefined) {
    notes.errors.push(
      `An OAuth2 plan needs oauthResource, a resource of its API: there is no "${name}"`,
    )
  } else if (resource['type'] !== 'oauth2' && resource['type'] !== AM) {
    notes.errors.push(`Could not use resource "${name}": types oauth2 and ${AM} are supported`)
  }
  const settings = resourceSettings(api, name)
  const url = endpointOf(settings)
  if (resource !== undefined && !/^https?:\/\/[^\s/]+/.test(url)) {
    notes.errors.push(`Could not ask "${url}" about tokens: it is no URL`)
  }
  const separator = textAt(settings, 'scopeSeparator')
  return {
    url,
    clientId: textAt(settings, 'clientId'),
    clientSecret: textAt(settings, 'clientSecret'),
    scopes: flagAt(configuration, 'checkRequiredScopes')
      ? textsAt(configuration, 'requiredScopes')
      : [],
    anyScope: configuration['modeStrict'] === false,
    ...(separator === undefined || separator === ' ' ? {} : { scopeSeparator: separator }),
    request: requestOf(settings, notes),
    cache: cacheOf(configuration, resources, notes),
    timeout: 5_000,
    bound: isBound(configuration, notes),
  }
}

/** What a resource of an API says, as one of type `oauth2` does; empty where there is none. */
export function resourceSettings(api: ApiDocument, name: string | undefined): JsonMap {
  const resource = resourceOf(api.extra['resources'], name)
  const settings = settingsOf(resource)
  return resource?.['type'] === AM ? settingsOfAm(settings) : settings
}

/** A resource that names a server of Gravitee's Access Management. */
const AM = 'oauth2-am-resource'

/** What it says, as a resource of type `oauth2` would. */
function settingsOfAm(settings: JsonMap): JsonMap {
  const domain = textAt(settings, 'securityDomain') ?? ''
  const own = {
    ...settings,
    authorizationServerUrl: textAt(settings, 'serverURL') ?? '',
    introspectionEndpoint: `/${domain}/oauth/introspect`,
  }
  if (textAt(settings, 'version') !== 'V1_X') return own
  return {
    ...own,
    introspectionEndpoint: `/${domain}/oauth/check_token`,
    introspectionEndpointMethod: 'POST',
    tokenIsSuppliedByFormUrlEncoded: true,
    useClientAuthorizationHeader: true,
  }
}

function resourceOf(resources: Json | undefined, name: string | undefined): JsonMap | undefined {
  const all: readonly JsonMap[] = Array.isArray(resources) ? resources as readonly JsonMap[] : []
  return all.find((each) => each['name'] === name && each['enabled'] !== false)
}

function endpointOf(settings: JsonMap): string {
  const endpoint = textAt(settings, 'introspectionEndpoint') ?? '/oauth/check_token'
  const server = textAt(settings, 'authorizationServerUrl')
  if (server === undefined || /^https?:/.test(endpoint)) return endpoint
  return `${server.replace(/\/+$/, '')}/${endpoint.replace(/^\/+/, '')}`
}

/** How the resource wants to be asked; undefined where it does not say: by a form, as RFC 7662 has it. */
function requestOf(settings: JsonMap, { errors }: Notes): IntrospectionRequestConfig | undefined {
  if (flagAt(settings, 'useSystemProxy') || flagAt(mapAt(settings, 'proxy'), 'enabled')) {
    errors.push('Could not use useSystemProxy of the resource: servers are asked without a proxy')
  }
  const named = ['QueryParam', 'HttpHeader', 'FormUrlEncoded']
    .some((each) => settings[`tokenIsSuppliedBy${each}`] !== undefined)
  const method = (textAt(settings, 'introspectionEndpointMethod') ?? (named ? 'GET' : 'POST'))
    .toUpperCase()
  if (method !== 'GET' && method !== 'POST') {
    errors.push(`Could not use introspectionEndpointMethod "${method}": GET or POST is expected`)
    return undefined
  }
  if (!named) return undefined
  const place = (by: string, name: string, usual: string): string | undefined =>
    flagAt(settings, `tokenIsSuppliedBy${by}`) ? textAt(settings, name) ?? usual : undefined
  return {
    method,
    argument: place('QueryParam', 'tokenQueryParamName', 'token'),
    header: place('HttpHeader', 'tokenHeaderName', 'Authorization'),
    field: place('FormUrlEncoded', 'tokenFormUrlEncodedName', 'token'),
    authorization: flagAt(settings, 'useClientAuthorizationHeader')
      ? {
        header: textAt(settings, 'clientAuthorizationHeaderName') ?? 'Authorization',
        scheme: textAt(settings, 'clientAuthorizationHeaderScheme') ?? 'Basic',
      }
      : undefined,
  }
}

/** A cache of the API keeps answers for as long as it keeps anything, and no longer than the token lives. */
function cacheOf(configuration: JsonMap, resources: Json | undefined, { errors }: Notes): number {
  const name = textAt(configuration, 'oauthCacheResource')
  if (name === undefined) return CACHE
  const cache = resourceOf(resources, name)
  if (cache === undefined) {
    errors.push(`Could not use oauthCacheResource "${name}": its API has no such resource`)
    return CACHE
  }
  const seconds = numberAt(settingsOf(cache), 'timeToLiveSeconds') ?? 0
  return seconds > 0 ? seconds * 1000 : CACHE
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
