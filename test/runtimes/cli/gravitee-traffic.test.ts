/** What requests and answers of Gravitee's APIs carry, on a running gateway. */
import { createHash } from 'node:crypto'
import t from 'tap'
import { configuration, Gateway, V2 } from '../../support/gravitee.ts'
import { Pki } from '../../support/pki.ts'
import { startUpstream } from '../../support/upstream.ts'

const pki = new Pki(t)
await pki.issue('server', { names: ['DNS:gw.test'], use: 'serverAuth' })
const partner = await pki.issue('partner', { use: 'clientAuth' })

t.test('ids of requests and callers', async (t) => {
  const upstream = await startUpstream(t)
  const gateway = await new Gateway(t, configuration(pki, 'ids')).started('secure', 'plain')
  const { plan } = await gateway.api('/mtls', upstream)
  await gateway.api('/open', upstream, 'KEY_LESS')
  const { subscription } = await gateway.subscribed(plan, partner)
  const sent = (name: string): string | undefined => upstream.requests.at(-1)?.header(name)

  const first = await gateway.get('secure', '/mtls', partner)
  const id = first.headers['x-gravitee-request-id']
  t.match(id, /^[0-9a-f-]{36}$/)
  t.equal(first.headers['x-gravitee-transaction-id'], id, 'a transaction of its own')
  t.equal(sent('x-gravitee-request-id'), id)
  t.equal(sent('x-gravitee-transaction-id'), id)
  t.equal(first.headers['x-gravitee-client-identifier'], subscription)
  t.equal(sent('x-gravitee-client-identifier'), subscription)

  const named = await gateway.get('secure', '/mtls', partner, {
    'X-Gravitee-Transaction-Id': 'mine',
    'X-Gravitee-Request-Id': 'forged',
    'X-Gravitee-Client-Identifier': 'me',
  })
  t.equal(named.headers['x-gravitee-transaction-id'], 'mine')
  t.not(named.headers['x-gravitee-request-id'], 'forged')
  t.equal(named.headers['x-gravitee-client-identifier'], 'me')
  t.equal(sent('x-gravitee-client-identifier'), `me-${subscription}`)
  t.not(sent('x-gravitee-request-id'), 'forged')

  const open = await gateway.get('plain', '/open')
  const digest = createHash('sha256').update('127.0.0.1').digest('hex')
  t.equal(open.headers['x-gravitee-client-identifier'], digest)
  const refused = await gateway.get('secure', '/mtls')
  t.equal(refused.status, 401)
  t.match(refused.headers['x-gravitee-request-id'], /^[0-9a-f-]{36}$/, 'who is refused has one too')
  t.notOk(refused.headers['x-gravitee-client-identifier'])
})

t.test('API keys in header and query', async (t) => {
  const upstream = await startUpstream(t)
  const gateway = await new Gateway(t, configuration(pki, 'keys')).started('secure', 'plain')
  const { api, plan } = await gateway.api('/keys', upstream, 'API_KEY')
  const { subscription } = await gateway.subscribed(plan)
  const at = `${V2}/apis/${api}/subscriptions/${subscription}/api-keys`
  const [{ id, key }] = (await gateway.manage('GET', at)).data
  t.equal((await gateway.get('plain', '/keys')).status, 401)
  t.equal((await gateway.get('plain', '/keys?api-key=wrong')).status, 401)
  const byHeader = { 'X-Gravitee-Api-Key': key }
  t.equal((await gateway.get('plain', '/keys', undefined, byHeader)).status, 200)
  t.equal((await gateway.get('plain', `/keys/a?x=%41&api-key=${key}&y=b`)).status, 200)
  t.match(upstream.requests.at(-1)?.start, /^GET \/base\/a\?x=%41&y=b /, 'and goes no further')
  t.equal((await gateway.get('plain', `/keys/a?api-key=${key}`)).status, 200)
  t.match(upstream.requests.at(-1)?.start, /^GET \/base\/a /)
  t.notOk(upstream.requests.at(-1)?.header('x-gravitee-api-key'))
  await gateway.manage('POST', `${at}/${id}/_revoke`)
  t.equal((await gateway.get('plain', `/keys?api-key=${key}`)).status, 401, 'revoked')
  await gateway.manage('POST', `${at}/${id}/_reactivate`)
  t.equal((await gateway.get('plain', `/keys?api-key=${key}`)).status, 200, 'given back')
  const renewed = (await gateway.manage('POST', `${at}/_renew`, {})).key
  t.equal((await gateway.get('plain', `/keys?api-key=${renewed}`)).status, 200)
  t.equal((await gateway.get('plain', `/keys?api-key=${key}`)).status, 200, 'for two hours more')
})

t.test('browsers ask before they call', async (t) => {
  const upstream = await startUpstream(t)
  const gateway = await new Gateway(t, configuration(pki, 'cors')).started('secure', 'plain')
  const cors = {
    enabled: true,
    allowOrigin: ['https://shop.example', 'https://[a-z]+\\.partner\\.example'],
    allowMethods: ['GET', 'POST'],
    allowHeaders: ['X-Shop'],
    exposeHeaders: ['X-Total'],
    maxAge: 600,
    allowCredentials: true,
  }
  const { plan } = await gateway.api('/cors', upstream, 'MTLS', {
    listeners: [{
      type: 'HTTP',
      paths: [{ path: '/cors' }],
      entrypoints: [{ type: 'http-proxy' }],
      cors,
    }],
  })
  await gateway.subscribed(plan, partner)
  const ask = (
    origin: string,
    method: string,
    headers = 'x-shop',
  ): ReturnType<Gateway['get']> =>
    gateway.get('secure', '/cors', undefined, {
      'Origin': origin,
      'Access-Control-Request-Method': method,
      'Access-Control-Request-Headers': headers,
    }, 'OPTIONS')
  const allowed = await ask('https://shop.example', 'POST')
  t.match(allowed, {
    status: 200,
    headers: {
      'access-control-allow-origin': 'https://shop.example',
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': 'X-Shop',
      'access-control-allow-credentials': 'true',
      'access-control-max-age': '600',
      'vary': 'Origin',
    },
  }, 'without a certificate')
  t.equal((await ask('https://one.partner.example', 'GET')).status, 200)
  for (
    const [origin, method, headers] of [
      ['https://evil.example', 'GET', 'x-shop'],
      ['https://one.partner.example.evil.example', 'GET', 'x-shop'],
      ['https://shop.example', 'DELETE', 'x-shop'],
      ['https://shop.example', 'GET', 'x-other'],
    ] as const
  ) {
    const refused = await ask(origin, method, headers)
    t.equal(refused.status, 400, `${origin} ${method} ${headers}`)
    t.notOk(refused.headers['access-control-allow-origin'])
  }
  t.equal(upstream.requests.length, 0, 'nobody else was asked')
  const origin = { Origin: 'https://shop.example' }
  const told = {
    'access-control-allow-origin': 'https://shop.example',
    'access-control-allow-credentials': 'true',
    'access-control-expose-headers': 'X-Total',
  }
  t.match(await gateway.get('secure', '/cors', partner, origin), { status: 200, headers: told })
  t.match(await gateway.get('secure', '/cors', undefined, origin), { status: 401, headers: told })
  const other = await gateway.get('secure', '/cors', partner, { Origin: 'https://evil.example' })
  t.equal(other.status, 200)
  t.notOk(other.headers['access-control-allow-origin'])
  t.equal(
    (await gateway.get('secure', '/cors', undefined, {}, 'OPTIONS')).status,
    401,
    'no preflight',
  )
})

t.test('response templates take the place of what the gateway says', async (t) => {
  const upstream = await startUpstream(t)
  const gateway = await new Gateway(t, configuration(pki, 'templates')).started('secure', 'plain')
  const { plan } = await gateway.api('/templates', upstream, 'MTLS', {
    responseTemplates: {
      GATEWAY_PLAN_UNRESOLVABLE: {
        'application/json': {
          statusCode: 403,
          headers: { 'X-Reason': 'plan' },
          body: '{"error":"no plan"}',
        },
        '*/*': { statusCode: 418, body: 'short and stout' },
      },
    },
  })
  t.match(await gateway.get('secure', '/templates', undefined, { Accept: 'application/json' }), {
    status: 403,
    type: 'application/json',
    headers: { 'x-reason': 'plan', 'content-length': '19' },
    body: '{"error":"no plan"}',
  })
  t.match(await gateway.get('secure', '/templates'), { status: 418, body: 'short and stout' })
  t.match(await gateway.get('secure', '/templates', undefined, { Accept: 'text/html' }), {
    status: 418,
  })
  await gateway.subscribed(plan, partner)
  t.equal((await gateway.get('secure', '/templates', partner)).status, 200)
})

t.test('whose backend is away is told so, on a connection that ends', async (t) => {
  const upstream = await startUpstream(t)
  const gateway = await new Gateway(t, configuration(pki, 'away')).started('secure', 'plain')
  await gateway.api('/away', upstream, 'KEY_LESS', {
    endpointGroups: [{
      name: 'g',
      type: 'http-proxy',
      endpoints: [{
        name: 'e',
        type: 'http-proxy',
        configuration: { target: 'http://127.0.0.1:1' },
      }],
    }],
  })
  const kept = { Connection: 'keep-alive' }
  t.match(await gateway.get('plain', '/away', undefined, { ...kept, Accept: '*/*' }), {
    status: 502,
    headers: { connection: 'close' },
    body: '{"message":"Bad Gateway","http_status_code":502}',
  })
  const missing = await gateway.get('plain', '/nowhere', undefined, kept)
  t.equal(missing.status, 404)
  t.not(missing.headers.connection, 'close')
})
