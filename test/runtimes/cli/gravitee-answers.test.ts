/** What Gravitee's gateway answers, and its gravitee.yml says of that, on a running gateway. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SignJWT } from 'jose'
import t, { type Test } from 'tap'
import { Gateway, V1, V2 } from '../../support/gravitee.ts'
import { Pki } from '../../support/pki.ts'
import { startUpstream, type TestUpstream } from '../../support/upstream.ts'

const SECRET = btoa('a secret of thirty-two bytes or more')
const pki = new Pki(t)
const partner = await pki.issue('partner', { use: 'clientAuth' })

async function start(t: Test, name: string, more: string): Promise<Gateway> {
  mkdirSync(pki.path(name))
  const file = pki.path(`${name}/gravitee.yml`)
  writeFileSync(
    file,
    `${more}
management: { http: { port: 0 } }
security:
  providers:
    - type: memory
      users: [{ username: admin, password: admin, roles: "ORGANIZATION:ADMIN" }]
`,
  )
  return await new Gateway(t, file).started('http')
}

const http = (more = ''): string =>
  `http:
  port: 0
  host: 127.0.0.1
  ssl: { clientAuthHeader: { name: X-Gravitee-Client-Cert } }
${more}`
const shown = { 'x-gravitee-client-cert': encodeURIComponent(partner.chain) }
const target = (upstream: TestUpstream): object => ({ target: `http://${upstream.address}/base` })

interface Plan {
  readonly type: string
  readonly configuration?: object
  readonly selectionRule?: string
}

/** An API with these plans; the application `acme` with the certificate is subscribed where it says so. */
async function serve(
  gateway: Gateway,
  { path, upstream, plans, subscribed = [], more = {} }: {
    readonly path: string
    readonly upstream: TestUpstream
    readonly plans: readonly Plan[]
    readonly subscribed?: readonly number[]
    readonly more?: object
  },
): Promise<string[]> {
  const { id } = await gateway.manage('POST', `${V2}/apis`, {
    ...{ name: path, apiVersion: '1', definitionVersion: 'V4', type: 'PROXY' },
    listeners: [{ type: 'HTTP', paths: [{ path }], entrypoints: [{ type: 'http-proxy' }] }],
    endpointGroups: [{
      ...{ name: 'g', type: 'http-proxy' },
      endpoints: [{ name: 'e', type: 'http-proxy', configuration: target(upstream) }],
    }],
    ...more,
  })
  const ids: string[] = []
  for (const { type, configuration = {}, ...rest } of plans) {
    const plan = await gateway.manage('POST', `${V2}/apis/${id}/plans`, {
      ...{ definitionVersion: 'V4', name: `${type} ${ids.length}`, validation: 'AUTO' },
      ...{ security: { type, configuration }, ...rest },
    })
    await gateway.manage('POST', `${V2}/apis/${id}/plans/${plan.id}/_publish`)
    ids.push(plan.id)
  }
  await gateway.manage('POST', `${V2}/apis/${id}/_start`)
  const acme = await application(gateway)
  for (const at of subscribed) {
    await gateway.manage('POST', `${V1}/applications/${acme}/subscriptions?plan=${ids[at]}`, {})
  }
  return ids
}

const made = new WeakMap<Gateway, string>()

async function application(gateway: Gateway): Promise<string> {
  const known = made.get(gateway)
  if (known !== undefined) return known
  const { id } = await gateway.manage('POST', `${V1}/applications`, {
    ...{ name: 'acme', description: 'x' },
    settings: {
      app: { type: 'web', client_id: 'acme' },
      tls: { client_certificate: partner.chain },
    },
  })
  made.set(gateway, id)
  return id
}

const jwtPlan: Plan = {
  type: 'JWT',
  configuration: {
    ...{ signature: 'HMAC_HS256', publicKeyResolver: 'GIVEN_KEY', resolverParameter: SECRET },
    propagateAuthHeader: false,
  },
}

const sign = (claims: Record<string, unknown>, secret = atob(SECRET)): Promise<string> =>
  new SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .sign(new TextEncoder().encode(secret))

t.test('with verbose401, in the order of reasons, over all plans', async (t) => {
  const upstream = await startUpstream(t)
  const gateway = await start(t, 'verbose', http('api: { security: { verbose401: true } }'))
  const rule = "{#request.headers['x-tier'][0] == 'gold'}"
  await serve(gateway, {
    ...{ path: '/v', upstream },
    plans: [{ type: 'MTLS', selectionRule: rule }, jwtPlan, { type: 'API_KEY' }],
  })
  const told = async (headers: Record<string, string>): Promise<string> => {
    const { status, body } = await gateway.get('http', '/v', undefined, headers)
    t.equal(status, 401)
    return body
  }
  const token = await sign({ client_id: 'acme' })
  t.equal(await told({}), 'The request did not include an authentication token')
  t.equal(await told(shown), 'No plan matched the request', 'a rule before no token')
  t.equal(
    await told({ ...shown, 'x-tier': 'gold' }),
    'The provided credentials are not authorized',
  )
  t.equal(
    await told({ ...shown, authorization: `Bearer ${token}` }),
    'The provided credentials are not authorized',
    'no subscription before a rule',
  )
  t.equal(
    await told({ 'x-gravitee-api-key': 'k', authorization: 'Bearer nonsense' }),
    'The provided authentication token is invalid',
    'an invalid token before all',
  )
  t.equal(await told({ authorization: 'Bearer' }), 'The provided authentication token is invalid')
  t.match(
    await gateway.get('http', '/v', undefined, { Accept: 'text/html, */*' }),
    {
      type: 'application/json',
      body:
        '{"message":"The request did not include an authentication token","http_status_code":401}',
    },
  )
})

t.test('a plan that is chosen has the last word', async (t) => {
  const upstream = await startUpstream(t)
  const gateway = await start(t, 'chosen', http('api: { security: { verbose401: true } }'))
  await serve(gateway, {
    ...{ path: '/jwt', upstream, subscribed: [0] },
    plans: [jwtPlan, { type: 'KEY_LESS' }],
    more: {
      responseTemplates: {
        JWT_INVALID_TOKEN: {
          'application/json': { statusCode: 403, body: '{"why":"{#error.key} {#error.message}"}' },
        },
      },
    },
  })
  const ask = async (
    token: string,
    more: Record<string, string> = {},
  ): ReturnType<Gateway['get']> =>
    await gateway.get('http', '/jwt/a', undefined, { authorization: `Bearer ${token}`, ...more })
  t.equal((await ask(await sign({ azp: 'acme' }))).status, 200)
  t.equal(upstream.requests.at(-1)?.header('authorization'), undefined, 'the token stays here')
  const forged = await sign({ azp: 'acme' }, 'another secret of thirty-two bytes!!')
  t.match(await ask(forged), { status: 401, body: 'Unauthorized' }, 'whatever verbose says')
  t.match(await ask(forged, { Accept: 'application/json' }), {
    status: 403,
    type: 'application/json',
    body: '{"why":"JWT_INVALID_TOKEN Unauthorized"}',
  })
  t.match(await ask(await sign({ azp: 'acme', exp: 1 })), { status: 401, body: 'Unauthorized' })
  t.equal((await ask(await sign({ azp: 'nobody' }))).status, 401, 'keyless is not for tokens')
  t.equal((await gateway.get('http', '/jwt')).status, 200, 'without one it is')
  const inQuery = await gateway.get('http', `/jwt?access_token=${await sign({ azp: 'acme' })}`)
  t.equal(inQuery.status, 200)
})

t.test('OAuth2: scopes, and an authorization server that is away', async (t) => {
  const upstream = await startUpstream(t)
  const server = createServer((request, response) => {
    const token = new URL(request.url ?? '', 'http://x').searchParams.get('token')
    if (token === 'down') response.writeHead(500).end()
    else response.end(JSON.stringify({ active: token === 'ok', client_id: 'acme', scope: 'read' }))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const gateway = await start(t, 'oauth2', http('api: { security: { verbose401: true } }'))
  const resources = [{
    ...{ name: 'id', type: 'oauth2', enabled: true },
    configuration: {
      ...{ authorizationServerUrl: `http://127.0.0.1:${port}`, introspectionEndpoint: '/check' },
      ...{ introspectionEndpointMethod: 'GET', tokenIsSuppliedByQueryParam: true },
      tokenQueryParamName: 'token',
    },
  }]
  const plan = (requiredScopes: string[], modeStrict: boolean): Plan => ({
    type: 'OAUTH2',
    configuration: { oauthResource: 'id', checkRequiredScopes: true, requiredScopes, modeStrict },
  })
  await serve(gateway, {
    ...{ path: '/strict', upstream, subscribed: [0] },
    plans: [plan(['read', 'write'], true)],
    more: { resources },
  })
  await serve(gateway, {
    ...{ path: '/any', upstream, subscribed: [0] },
    plans: [plan(['read', 'write'], false)],
    more: { resources },
  })
  const ask = (path: string, token: string): ReturnType<Gateway['get']> =>
    gateway.get('http', path, undefined, { authorization: `Bearer ${token}` })
  t.match(await ask('/strict', 'ok'), {
    status: 401,
    body: 'Unauthorized',
    headers: { 'www-authenticate': 'Bearer realm="gravitee.io"' },
  })
  t.equal((await ask('/any', 'ok')).status, 200)
  const invalid = await ask('/any', 'other')
  t.match(invalid, { status: 401, body: 'The provided authentication token is invalid' })
  t.notOk(invalid.headers['www-authenticate'], 'no plan was chosen')
  await serve(gateway, {
    ...{ path: '/told', upstream, more: { resources } },
    plans: [{
      type: 'OAUTH2',
      configuration: { oauthResource: 'id', addWwwAuthenticateHeader: true },
    }],
  })
  const base = `http://127.0.0.1:${gateway.port('http')}/told`
  const metadata = `${base}/.well-known/oauth-protected-resource`
  t.match((await gateway.get('http', '/told')).headers, {
    'www-authenticate': `Bearer resource_metadata="${metadata}"`,
  })
  const { status, type, body } = await gateway.get('http', new URL(metadata).pathname)
  t.same([status, type], [200, 'application/json'])
  t.same(JSON.parse(body), {
    resource: base,
    authorization_servers: [`http://127.0.0.1:${port}`],
  })
  t.match(await ask('/any', 'down'), {
    status: 503,
    body: 'Temporarily Unavailable',
    headers: { connection: 'close' },
  })
})

t.test('rules may ask what a token says', async (t) => {
  const upstream = await startUpstream(t)
  const gateway = await start(t, 'rules', http())
  const rule = (iss: string): string => `{#context.attributes['jwt'].claims['iss'] == '${iss}'}`
  await serve(gateway, {
    ...{ path: '/r', upstream, subscribed: [1] },
    plans: [
      { ...jwtPlan, selectionRule: rule('a') },
      { ...jwtPlan, selectionRule: rule('b') },
      { type: 'KEY_LESS', selectionRule: "{#request.pathInfo == '/open'}" },
    ],
  })
  const ask = async (iss: string, path = '/r/x'): Promise<number> => {
    const authorization = `Bearer ${await sign({ iss, client_id: 'acme' })}`
    return (await gateway.get('http', path, undefined, { authorization })).status
  }
  t.equal(await ask('b'), 200)
  t.equal(await ask('a'), 401, 'its plan is not subscribed to')
  t.equal(await ask('c', '/r/open'), 200, 'no rule takes the token: as if there were none')
  t.equal(await ask('c'), 401)
})

t.test('keys that the gateway itself has, by who issued a token', async (t) => {
  const upstream = await startUpstream(t)
  const more = `policy: { jwt: { issuer: { id.example.com: { main: "${SECRET}" } } } }`
  const gateway = await start(t, 'issuers', http(more))
  await serve(gateway, {
    ...{ path: '/k', upstream, subscribed: [0] },
    plans: [{
      type: 'JWT',
      configuration: { signature: 'HMAC_HS256', publicKeyResolver: 'GATEWAY_KEYS' },
    }],
  })
  const ask = async (iss: string): Promise<number> => {
    const authorization = `Bearer ${await sign({ iss, client_id: 'acme' })}`
    return (await gateway.get('http', '/k', undefined, { authorization })).status
  }
  t.equal(await ask('id.example.com'), 200)
  t.equal(await ask('other.example.com'), 401)
})

t.test('ids: names, forms, and what becomes of those of endpoints', async (t) => {
  const upstream = await startUpstream(t, {
    answer: () => 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nX-Tx: theirs\r\nX-Rq: theirs\r\n\r\n',
  })
  const handlers = (mode: string): string =>
    `handlers:
  request:
    format: hex
    headers: { x-forwarded-prefix: true }
    transaction: { header: X-Tx, overrideMode: ${mode} }
    request: { header: X-Rq, overrideMode: ${mode} }
policy: { api-key: { header: X-Key, param: "" } }`
  const cases: [string, RegExp][] = [
    ['override', /^mine$/],
    ['merge', /^theirs, mine$/],
    ['keep', /^theirs$/],
  ]
  for (const [mode, expected] of cases) {
    const gateway = await start(t, `ids-${mode}`, http(handlers(mode)))
    await serve(gateway, { path: '/ids', upstream, plans: [{ type: 'KEY_LESS' }] })
    const { headers } = await gateway.get('http', '/ids', undefined, { 'X-Tx': 'mine' })
    t.match(headers['x-tx'], expected, mode)
    const sent = upstream.requests.at(-1)
    t.equal(sent?.header('x-tx'), 'mine')
    t.match(sent?.header('x-rq'), /^[0-9a-f]{32}$/)
    t.equal(sent?.header('x-forwarded-prefix'), '/ids')
    if (mode !== 'override') continue
    await serve(gateway, {
      ...{ path: '/keys', upstream, plans: [{ type: 'API_KEY' }], subscribed: [0] },
      more: {
        responseTemplates: {
          DEFAULT: { '*/*': { statusCode: 401, body: '{#request.transactionId}' } },
        },
      },
    })
    const told = await gateway.get('http', '/keys', undefined, { 'X-Tx': 'mine too' })
    t.equal(told.body, 'mine too', 'and in what is said of it')
    const acme = await application(gateway)
    const { data } = await gateway.manage('GET', `${V1}/applications/${acme}/subscriptions`)
    const [{ key }] = await gateway.manage(
      'GET',
      `${V1}/applications/${acme}/subscriptions/${data[0].id}/apikeys`,
    )
    const by = async (path: string, headers: Record<string, string> = {}): Promise<number> =>
      (await gateway.get('http', path, undefined, headers)).status
    t.equal(await by('/keys', { 'X-Key': key }), 200)
    t.equal(upstream.requests.at(-1)?.header('x-key'), undefined)
    t.equal(await by('/keys', { 'X-Gravitee-Api-Key': key }), 401)
    t.equal(await by(`/keys?api-key=${key}`), 401, 'an empty name forbids it')
  }
})

t.test('requestTimeout ends what takes too long', async (t) => {
  const upstream = await startUpstream(t, { answer: () => undefined })
  const gateway = await start(t, 'slow', http('  requestTimeout: 300'))
  await serve(gateway, {
    ...{ path: '/slow', upstream, plans: [{ type: 'KEY_LESS' }] },
    more: {
      responseTemplates: {
        REQUEST_TIMEOUT: {
          'text/html': {
            statusCode: 504,
            headers: { 'X-Why': '$late' },
            body: '<p>{#error.key}</p>',
          },
          'application/json': { statusCode: 599, body: 'never' },
        },
      },
    },
  })
  t.match(await gateway.get('http', '/slow'), {
    status: 504,
    body: 'Request timeout',
    headers: { connection: 'close' },
  })
  const Accept = 'application/json;q=0.1, text/html'
  t.match(await gateway.get('http', '/slow', undefined, { Accept }), {
    status: 504,
    type: 'text/html',
    headers: { 'x-why': '$late' },
    body: '<p>REQUEST_TIMEOUT</p>',
  })
})

t.test('templates: of preflights, of all others, by what is accepted best', async (t) => {
  const upstream = await startUpstream(t)
  const gateway = await start(t, 'templates', http())
  const page = (statusCode: number, body: string): object => ({
    ...{ statusCode, body },
    headers: { 'X-Custom': 'yes' },
  })
  await serve(gateway, {
    ...{ path: '/t', upstream, plans: [{ type: 'API_KEY' }] },
    more: {
      listeners: [{
        ...{ type: 'HTTP', paths: [{ path: '/t' }], entrypoints: [{ type: 'http-proxy' }] },
        cors: { enabled: true, allowOrigin: ['https://a.test'], allowMethods: ['GET'] },
      }],
      responseTemplates: {
        CORS_PREFLIGHT_FAILED: { 'text/html': page(412, 'no preflight'), '*/*': page(413, 'any') },
        DEFAULT: {
          'application/json': page(400, '{"who":"{#request.headers[\'X-Who\'][0]}"}'),
          'application/xml': page(402, "<a>{#context.attributes['organization']}</a>"),
        },
      },
    },
  })
  const preflight = (accept: Record<string, string>): ReturnType<Gateway['get']> =>
    gateway.get('http', '/t', undefined, {
      ...{ 'Origin': 'https://b.test', 'Access-Control-Request-Method': 'GET' },
      ...accept,
    }, 'OPTIONS')
  const custom = { 'x-custom': 'yes' }
  t.match(await preflight({ Accept: 'text/html' }), {
    ...{ status: 412, type: 'text/html', body: 'no preflight' },
    headers: custom,
  })
  t.match(await preflight({}), { status: 413, body: 'any', headers: custom })
  const ask = (accept?: string): ReturnType<Gateway['get']> =>
    gateway.get('http', '/t', undefined, {
      'X-Who': 'me',
      ...(accept === undefined ? {} : { Accept: accept }),
    })
  t.match(await ask('application/json'), { status: 400, body: '{"who":"me"}', headers: custom })
  t.match(await ask('application/json;q=0.5, application/xml'), {
    ...{ status: 402, type: 'application/xml', body: '<a>DEFAULT</a>' },
  })
  t.match(await ask(), { status: 401, type: 'text/plain', body: 'Unauthorized' }, 'none fits')
  t.match(await ask('text/csv'), { status: 401, body: 'Unauthorized' })
})
