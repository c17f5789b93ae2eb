/** JWT and OAuth2 plans of the Management API on a running gateway. */
import { Buffer } from 'node:buffer'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { request } from 'node:https'
import type { AddressInfo } from 'node:net'
import { SignJWT } from 'jose'
import t from 'tap'
import { Gateway, V1, V2 } from '../../support/gravitee.ts'
import { type KeyPairFiles, Pki } from '../../support/pki.ts'
import { startUpstream } from '../../support/upstream.ts'

const SECRET = 'a secret of thirty-two bytes or more'
const pki = new Pki(t)
await pki.issue('server', { names: ['DNS:gw.test'], use: 'serverAuth' })
const client = await pki.issue('client', { use: 'clientAuth' })
const file = pki.path('gateway.yaml')
writeFileSync(
  file,
  `listeners:
  - name: secure
    address: 127.0.0.1:0
    style: gravitee
    tls: [{ certificate: { cert: server.crt, key: server.key }, clients: { mode: request } }]
admin:
  address: 127.0.0.1:0
  dialects: { apisix: false, gcore: false, gravitee: { users: [{ name: admin, password: admin }] } }
`,
)

const upstream = await startUpstream(t)
const server = createServer((incoming, response) => {
  let body = ''
  incoming.on('data', (chunk) => body += chunk).on('end', () => {
    const good = new URLSearchParams(body).get('token') === 'opaque'
    const answer = good ? { active: true, client_id: 'acme-client' } : { active: false }
    response.setHeader('content-type', 'application/json').end(JSON.stringify(answer))
  })
})
await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
t.teardown(() => server.close())
const gateway = await new Gateway(t, file).started('secure')
const port = gateway.port('secure')
const manage: Gateway['manage'] = (method, path, body) => gateway.manage(method, path, body)

function get(path: string, headers: Record<string, string>, shown?: KeyPairFiles): Promise<number> {
  return new Promise((resolve, reject) => {
    const own = shown === undefined ? {} : { cert: shown.chain, key: shown.key }
    request({
      ...{ host: '127.0.0.1', port, path, headers, agent: false, servername: 'gw.test' },
      ...{ rejectUnauthorized: false, ...own },
    }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0))
    }).on('error', reject).end()
  })
}

async function api(
  path: string,
  plans: readonly unknown[],
  more: object = {},
): Promise<{ plans: string[] }> {
  const { id } = await manage('POST', `${V2}/apis`, {
    ...{ name: path, apiVersion: '1', definitionVersion: 'V4', type: 'PROXY' },
    listeners: [{ type: 'HTTP', paths: [{ path }], entrypoints: [{ type: 'http-proxy' }] }],
    endpointGroups: [{
      ...{ name: 'g', type: 'http-proxy' },
      endpoints: [{
        name: 'e',
        type: 'http-proxy',
        configuration: { target: `http://${upstream.address}` },
      }],
    }],
    ...more,
  })
  const made: string[] = []
  for (const plan of plans) {
    const { id: planId } = await manage('POST', `${V2}/apis/${id}/plans`, {
      ...{
        definitionVersion: 'V4',
        name: `plan ${made.length}`,
        validation: 'AUTO',
        ...(plan as object),
      },
    })
    await manage('POST', `${V2}/apis/${id}/plans/${planId}/_publish`)
    made.push(planId)
  }
  await manage('POST', `${V2}/apis/${id}/_start`)
  return { plans: made }
}

const { id: application } = await manage('POST', `${V1}/applications`, {
  name: 'acme',
  description: 'x',
  settings: {
    app: { type: 'web', client_id: 'acme-client' },
    tls: { client_certificate: client.chain },
  },
})
const subscribe = (plan: string | undefined): Promise<unknown> =>
  manage('POST', `${V1}/applications/${application}/subscriptions?plan=${plan}`, {})
const token = (claims: Record<string, unknown>): Promise<string> =>
  new SignJWT({ azp: 'acme-client', ...claims }).setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(SECRET))
const bearer = (value: string): Record<string, string> => ({ authorization: `Bearer ${value}` })

t.test('a JWT plan', async (t) => {
  const { plans } = await api('/jwt', [{
    security: {
      type: 'JWT',
      configuration: {
        signature: 'HMAC_HS256',
        publicKeyResolver: 'GIVEN_KEY',
        resolverParameter: SECRET,
        issuer: 'me',
      },
    },
  }])
  t.equal(await get('/jwt', bearer(await token({ iss: 'me' }))), 401, 'not subscribed')
  await subscribe(plans[0])
  t.equal(await get('/jwt', bearer(await token({ iss: 'me' }))), 200)
  t.equal(await get('/jwt', {}), 401)
  t.equal(await get('/jwt', bearer(await token({ iss: 'you' }))), 401)
  t.equal(await get('/jwt', bearer(await token({ iss: 'me', exp: 1 }))), 401)
  t.equal(await get('/jwt', bearer(await token({ iss: 'me', azp: 'nobody' }))), 401)
  const thumbprint = Buffer.from(client.fingerprint, 'hex').toString('base64url')
  const bound = await token({ iss: 'me', cnf: { 'x5t#S256': thumbprint } })
  t.equal(await get('/jwt', bearer(bound)), 401, 'bound to a certificate that is not shown')
  t.equal(await get('/jwt', bearer(bound), client), 200)
})

t.test('an OAuth2 plan asks a resource of its API; a selection rule chooses', async (t) => {
  const { port } = server.address() as AddressInfo
  const resources = [{
    ...{ name: 'id server', type: 'oauth2', enabled: true },
    configuration: {
      authorizationServerUrl: `http://127.0.0.1:${port}`,
      introspectionEndpoint: '/introspect',
      ...{ clientId: 'gateway', clientSecret: 'secret' },
    },
  }]
  const { plans } = await api('/oauth2', [{
    security: { type: 'OAUTH2', configuration: { oauthResource: 'id server' } },
    selectionRule: "{#request.headers['x-tier'][0] == 'gold'}",
  }], { resources })
  await subscribe(plans[0])
  t.equal(await get('/oauth2', { ...bearer('opaque'), 'x-tier': 'gold' }), 200)
  t.equal(await get('/oauth2', bearer('opaque')), 401, 'the rule is not met')
  t.equal(await get('/oauth2', { ...bearer('other'), 'x-tier': 'gold' }), 401)
})

t.test('several plans of one API, in their order', async (t) => {
  const { plans } = await api('/both', [
    { security: { type: 'API_KEY' } },
    { security: { type: 'MTLS' } },
    { security: { type: 'KEY_LESS' } },
  ])
  t.equal(await get('/both', {}), 200, 'nobody brings anything: keyless')
  t.equal(
    await get('/both', {}, client),
    401,
    'a certificate without a subscription blocks keyless',
  )
  await subscribe(plans[0])
  const { data } = await manage(
    'GET',
    `${V1}/applications/${application}/subscriptions?plan=${plans[0]}`,
  )
  const [{ key }] = await manage(
    'GET',
    `${V1}/applications/${application}/subscriptions/${data[0].id}/apikeys`,
  )
  t.equal(
    await get('/both', { 'x-gravitee-api-key': key }, client),
    200,
    'an API key after it works',
  )
  t.equal(
    upstream.requests.at(-1)?.header('x-gravitee-api-key'),
    undefined,
    'and goes no further',
  )
  t.equal(await get('/both', { 'x-gravitee-api-key': 'wrong' }), 401)
  await subscribe(plans[1])
  t.equal(await get('/both', {}, client), 200)
})
