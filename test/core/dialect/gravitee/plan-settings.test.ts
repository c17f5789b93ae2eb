import t from 'tap'
import type { GraviteeGatewayConfig } from '../../../../core/mod.ts'
import { translatePlan } from '../../../../core/dialect/gravitee/translate/plan.ts'
import { apiBody, gravitee, planBody, V2 } from './scene.ts'

type PlanDocument = Parameters<typeof translatePlan>[0]
type ApiDocument = Parameters<typeof translatePlan>[1]['api']

function translated(
  type: string,
  configuration: unknown,
  { resources = [], properties = [], options = {} }: {
    resources?: unknown
    properties?: unknown
    options?: GraviteeGatewayConfig
  } = {},
): ReturnType<typeof translatePlan> {
  const plan = { id: 'p', security: { type, configuration } } as unknown as PlanDocument
  const api = { id: 'a', name: 'a', extra: { resources, properties } } as unknown as ApiDocument
  return translatePlan(plan, { api, options })
}

const given = { publicKeyResolver: 'GIVEN_KEY', resolverParameter: 'ssh-rsa AAAAB3NzaC1yc2E= me' }

t.test('JWT plans: every option', (t) => {
  const { plan, errors } = translated('JWT', {
    ...given,
    signature: 'RSA_RS512',
    clientIdClaim: 'act.client',
    propagateAuthHeader: false,
    extractClaims: true,
    userClaim: 'sub',
    connectTimeout: 2000,
    requestTimeout: 2000,
    useSystemProxy: false,
    tokenTypValidation: { enabled: true, expectedValues: ['at+jwt'], ignoreCase: true },
    confirmationMethodValidation: { certificateBoundThumbprint: { enabled: true } },
  })
  t.same(errors, [])
  t.match(plan, {
    ...{ type: 'jwt', hidesToken: true, decisive: true, argument: 'access_token' },
    jwt: {
      ...{ algorithms: ['RS512'], clientClaim: 'act.client', bound: true },
      types: { expected: ['at+jwt'], ignoreCase: true, ignoreMissing: false },
    },
  })
  t.match(translated('JWT', given).plan.jwt, {
    algorithms: ['RS256'],
    bound: false,
    types: { expected: ['JWT', 'at+jwt', 'application/at+jwt'], ignoreMissing: true },
  }, 'and its default')
  const ignoring = { ignoreMissing: true, certificateBoundThumbprint: { enabled: true } }
  const lenient = translated('JWT', { ...given, confirmationMethodValidation: ignoring })
  t.equal(lenient.plan.jwt?.bound, false)
  const headed = translated('JWT', {
    ...given,
    confirmationMethodValidation: {
      certificateBoundThumbprint: { enabled: true, extractCertificateFromHeader: true },
    },
  })
  t.match(headed.warnings, [/"ssl-client-cert"/])
  const url = { publicKeyResolver: 'JWKS_URL', resolverParameter: 'https://id.test/jwks' }
  t.match(translated('JWT', { ...url, requestTimeout: 300 }).plan.jwt?.keys, {
    url: 'https://id.test/jwks',
    timeout: 300,
  })
  const issuers = [{ name: 'me', keys: ['ssh-rsa AAAA'] }]
  const redirected = translated('JWT', {
    ...url,
    resolverParameter: "{#api.properties['jwks']}",
    followRedirects: true,
  }, { properties: [{ key: 'jwks', value: 'https://id.test/keys' }] })
  t.same(redirected.plan.jwt?.keys, { url: 'https://id.test/keys', followRedirects: true })
  const own = translated('JWT', { publicKeyResolver: 'GATEWAY_KEYS' }, { options: { issuers } })
  t.same([own.errors, own.plan.jwt?.keys], [[], { issuers }])
  t.end()
})

t.test('JWT plans: what cannot be is refused by name', (t) => {
  const cases: [Record<string, unknown>, RegExp][] = [
    [{ signature: 'RSA_RS1' }, /signature "RSA_RS1"/],
    [{ publicKeyResolver: 'GUESS' }, /publicKeyResolver "GUESS"/],
    [{ publicKeyResolver: 'GATEWAY_KEYS' }, /policy.jwt.issuer/],
    [{ publicKeyResolver: 'JWKS_URL', resolverParameter: 'id' }, /no URL/],
    [{ resolverParameter: "{#request.headers['k'][0]}" }, /asks for what a request says/],
    [{ resolverParameter: '{T(x)}' }, /not supported/],
    [{ resolverParameter: '' }, /needs resolverParameter/],
    [{ resolverParameter: 'n"o key' }, /no public key/],
    [{ revocationCheck: { enabled: true } }, /revocationCheck/],
    [{ useSystemProxy: true }, /useSystemProxy/],
    [{ signatur: 'RSA_RS256' }, /"signatur": A JWT plan has no such key/],
  ]
  for (const [more, error] of cases) {
    t.match(translated('JWT', { ...given, ...more }).errors, [error], JSON.stringify(more))
  }
  t.end()
})

const resources = [
  {
    ...{ name: 'id', type: 'oauth2', enabled: true },
    configuration: {
      ...{ authorizationServerUrl: 'https://id.test/', introspectionEndpoint: 'introspect' },
      ...{ introspectionEndpointMethod: 'GET', useClientAuthorizationHeader: true },
      ...{ clientAuthorizationHeaderName: 'X-Auth', clientAuthorizationHeaderScheme: 'Basic' },
      ...{ tokenIsSuppliedByQueryParam: true, tokenQueryParamName: 'tok', scopeSeparator: ',' },
      ...{ clientId: 'gw', clientSecret: 'secret', userClaim: 'sub' },
    },
  },
  { name: 'plain', type: 'oauth2', configuration: { authorizationServerUrl: 'https://id.test' } },
  { name: 'kept', type: 'cache', configuration: { timeToLiveSeconds: 60 } },
  {
    ...{ name: 'am', type: 'oauth2-am-resource' },
    configuration: {
      ...{ serverURL: 'https://am.test/base', version: 'V3_X', securityDomain: 'shop' },
      ...{ clientId: 'gw', clientSecret: 'secret' },
    },
  },
  {
    ...{ name: 'old am', type: 'oauth2-am-resource' },
    configuration: { serverURL: 'https://am.test', version: 'V1_X', securityDomain: 'shop' },
  },
  { name: 'cloak', type: 'oauth2-keycloak-resource', configuration: {} },
]

t.test('OAuth2 plans: every option', (t) => {
  const { plan, errors } = translated('OAUTH2', {
    ...{ oauthResource: 'id', oauthCacheResource: 'kept', extractPayload: true },
    ...{ checkRequiredScopes: true, requiredScopes: ['read', 'write'], modeStrict: false },
    propagateAuthHeader: false,
  }, { resources })
  t.same(errors, [])
  t.match(plan, {
    hidesToken: true,
    introspection: {
      ...{ url: 'https://id.test/introspect', scopes: ['read', 'write'], anyScope: true },
      ...{ scopeSeparator: ',', cache: 60_000 },
      request: {
        ...{ method: 'GET', argument: 'tok' },
        authorization: { header: 'X-Auth', scheme: 'Basic' },
      },
    },
  })
  const simple = translated('OAUTH2', { oauthResource: 'plain', requiredScopes: ['a'] }, {
    resources,
  })
  t.match(simple.plan.introspection, {
    url: 'https://id.test/oauth/check_token',
    scopes: [],
    anyScope: false,
    cache: 10_000,
  })
  t.equal(simple.plan.introspection?.request, undefined)
  const am = translated('OAUTH2', { oauthResource: 'am' }, { resources })
  t.same(am.errors, [])
  t.match(am.plan.introspection, {
    url: 'https://am.test/base/shop/oauth/introspect',
    clientId: 'gw',
    clientSecret: 'secret',
  })
  const old = translated('OAUTH2', { oauthResource: 'old am' }, { resources })
  t.match(old.plan.introspection, {
    url: 'https://am.test/shop/oauth/check_token',
    request: { method: 'POST', field: 'token', authorization: { header: 'Authorization' } },
  })
  const cases: [Record<string, unknown>, RegExp][] = [
    [{ oauthResource: 'nobody' }, /there is no "nobody"/],
    [{ oauthResource: 'cloak' }, /types oauth2 and oauth2-am-resource are supported/],
    [{ oauthCacheResource: 'nobody' }, /oauthCacheResource "nobody"/],
    [{ scopes: ['a'] }, /"scopes": An OAuth2 plan has no such key/],
  ]
  for (const [more, error] of cases) {
    const found = translated('OAUTH2', { oauthResource: 'id', ...more }, { resources }).errors[0]
    t.match(found, error, JSON.stringify(more))
  }
  t.end()
})

t.test('API keys come in where the gateway says', (t) => {
  t.match(translated('API_KEY', {}).plan, { header: 'x-gravitee-api-key', argument: 'api-key' })
  const options = { apiKeyHeader: 'X-Key', apiKeyArgument: '' }
  const { plan } = translated('API_KEY', {}, { options })
  t.equal(plan.header, 'x-key')
  t.equal(plan.argument, undefined)
  t.end()
})

t.test('what cannot be is refused when it is written', async (t) => {
  const { ask } = gravitee(t)
  const template = (body: string): Record<string, unknown> => ({
    responseTemplates: { DEFAULT: { '*/*': { statusCode: 400, body } } },
  })
  const refused = await ask(
    'POST',
    `${V2}/apis`,
    apiBody('/bad', template('{T(java.lang.Runtime)}')),
  )
  t.equal(refused.status, 400)
  t.match(refused.body.message, /Could not use response template "DEFAULT" for \*\/\*/)
  const made = await ask(
    'POST',
    `${V2}/apis`,
    apiBody('/good', template('{"m":"{#error.message}"}')),
  )
  t.equal(made.status, 201)
  const plan = planBody('JWT', { security: { type: 'JWT', configuration: { ...given, x: 1 } } })
  const bad = await ask('POST', `${V2}/apis/${made.body.id}/plans`, plan)
  t.equal(bad.status, 400)
  t.match(bad.body.message, /"x": A JWT plan has no such key/)
  const cors = { enabled: true, allowOrigin: ['https://(a'], allowMethods: ['GET'] }
  const listeners = [{
    ...{ type: 'HTTP', paths: [{ path: '/cors' }], entrypoints: [{ type: 'http-proxy' }], cors },
  }]
  const origin = await ask('POST', `${V2}/apis`, apiBody('/cors', { listeners }))
  t.equal(origin.status, 400)
  t.match(origin.body.message, /Could not use allowOrigin "https:\/\/\(a"/)
  const rule = planBody('KEY_LESS', { selectionRule: '{#dictionaries["a"]["b"] == 1}' })
  const ruled = await ask('POST', `${V2}/apis/${made.body.id}/plans`, rule)
  t.equal(ruled.status, 400)
  t.match(ruled.body.message, /Could not use selection rule/)
})

t.test('what is secret in settings does not come back', async (t) => {
  const { ask } = gravitee(t)
  const configuration = JSON.stringify({
    introspectionEndpoint: 'https://id.test/introspect',
    clientSecret: 's3cret',
  })
  const api = apiBody('/secret', { resources: [{ name: 'id', type: 'oauth2', configuration }] })
  const made = await ask('POST', `${V2}/apis`, api)
  t.equal(made.status, 201)
  t.notMatch(JSON.stringify(made.body), /s3cret/)
  const plan = async (type: string, settings: Record<string, unknown>): Promise<string> => {
    const body = planBody(type, { security: { type, configuration: settings } })
    const { status, body: told } = await ask('POST', `${V2}/apis/${made.body.id}/plans`, body)
    t.equal(status, 201)
    return JSON.stringify(told)
  }
  for (const signature of ['HMAC_HS256', 'HS256']) {
    t.notMatch(await plan('JWT', { signature, resolverParameter: 'hidden words' }), /hidden words/)
  }
  await plan('OAUTH2', { oauthResource: 'id' })
})
