import { FILTER_DEFAULTS, type FilterConfig } from '../../../snapshot/mod.ts'
import type { ApiDocument, PlanDocument } from '../model.ts'
import { resourceSettings } from './oauth2.ts'
import { flagAt, textAt } from './settings.ts'

const WELL_KNOWN = '/.well-known/oauth-protected-resource'
const BASE = '$scheme://$http_host$context_path'

/**
 * What clients are told that look for a token (RFC 9728), where an OAuth2 plan has `addWwwAuthenticateHeader`: whoever
 * is refused by all plans learns where to read which servers give tokens.
 */
export function metadataOf(api: ApiDocument, plans: readonly PlanDocument[]): FilterConfig[] {
  const telling = plans.find(({ security }) =>
    security.type === 'OAUTH2' && flagAt(security.configuration, 'addWwwAuthenticateHeader')
  )
  if (telling === undefined) return []
  const name = textAt(telling.security.configuration, 'oauthResource')
  const server = textAt(resourceSettings(api, name), 'authorizationServerUrl')
  const { respond, response } = FILTER_DEFAULTS
  const servers = JSON.stringify(server === undefined ? [] : [server]).replaceAll('$', '%24')
  const value = `Bearer resource_metadata="${BASE}${WELL_KNOWN}"`
  return [{
    ...respond,
    when: [{ variable: 'uri', operator: 'ends-with', value: WELL_KNOWN }],
    headers: [{ name: 'Content-Type', value: 'application/json' }],
    body: `{"resource":"${BASE}","authorization_servers":${servers}}`,
  }, {
    ...response,
    when: [{ variable: 'error_key', operator: 'equals', value: 'GATEWAY_PLAN_UNRESOLVABLE' }],
    headers: { ...response.headers, set: [{ name: 'WWW-Authenticate', value }] },
  }]
}
