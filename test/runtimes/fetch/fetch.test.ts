/** Decisions inside hosts that speak `fetch`: the same as the gateway's. */
import t from 'tap'
import { Buffer } from 'node:buffer'
import { readFileSync } from 'node:fs'
import { certificateToHeader } from '../../../core/mod.ts'
import type { FetchClient } from '../../../runtimes/fetch/mod.ts'
import { Pki } from '../../support/pki.ts'
import { codeOf, json, type Scene, scene, statusOf, toAll, upstream } from './scene.ts'

const pki = new Pki(t)
const ca = await pki.authority('clients-ca')
const issuing = await pki.authority('issuing-ca', ca)
const acme = await pki.issue('acme', { ca, use: 'clientAuth' })
const other = await pki.issue('other', { ca, use: 'clientAuth' })
const far = await pki.issue('far', { ca: issuing, use: 'clientAuth' })
const stranger = await pki.issue('stranger', { use: 'clientAuth' })
const serial = { from: '20200101000000Z', until: '20200201000000Z' }
const expired = await pki.dated('expired', { ca, ...serial })

const base64 = (der: Uint8Array): string => Buffer.from(der).toString('base64')
const pem = (name: string): string => readFileSync(pki.path(`${name}.crt`), 'utf8')

/** An API with an mTLS plan and one with a key, and two routes. */
async function orders(policy?: Record<string, unknown>): Promise<Scene> {
  const backend = await upstream(t)
  const endpoints = [{ address: backend.address }]
  return scene({
    ...(policy === undefined ? {} : { clients: policy }),
    upstreams: { backend: { endpoints } },
    apis: [{
      name: 'orders',
      match: { paths: ['/orders/*'] },
      upstream: 'backend',
      plans: [{ name: 'partners', type: 'mtls' }, { name: 'keys', type: 'api-key' }],
    }],
    routes: [
      { name: 'open', match: { hosts: ['api.test'], paths: ['/open'] }, upstream: 'backend' },
      {
        name: 'closed',
        match: { paths: ['/closed'] },
        upstream: 'backend',
        requireCertificate: true,
      },
    ],
    applications: [{
      name: 'acme',
      certificates: ['acme', 'expired', 'far'].map((name) => ({ cert: pem(name) })),
      apiKeys: [{ key: 'k-e-y' }],
      subscriptions: [
        { api: 'orders', plan: 'partners' },
        { api: 'orders', plan: 'keys' },
      ],
    }],
  })
}

t.test('routes', async (t) => {
  const { ask, records } = await orders()
  const found = await ask('/open?a=1&b=%20')
  t.equal(found.status, 200)
  t.equal(await found.text(), 'GET /open?a=1&b=%20')
  t.equal(await (await ask('/%6fpen')).text(), 'GET /open')
  t.equal(await codeOf(await ask('/other', json)), '404 ROUTE_NOT_FOUND')
  t.equal(await codeOf(await ask('https://else.test/open', json)), '404 ROUTE_NOT_FOUND')
  t.equal(await statusOf(await ask('https://API.test.:8443/open')), 200)
  t.match(records[0], {
    listener: 'fetch',
    address: '203.0.113.7',
    method: 'GET',
    host: 'api.test',
    path: '/open',
    status: 200,
    route: 'open',
    responseBytes: 19,
    code: '',
  })
  t.match(records[2], { status: 404, code: 'ROUTE_NOT_FOUND', endpoint: '', upstreamDuration: -1 })
})

t.test('refusals are JSON where that is accepted, else text', async (t) => {
  const { ask } = await orders()
  const asJson = await ask('/none', json)
  t.equal(asJson.headers.get('content-type'), 'application/json')
  t.strictSame(await asJson.json(), {
    message: 'No route matches this request',
    http_status_code: 404,
    code: 'ROUTE_NOT_FOUND',
  })
  const asText = await ask('/none')
  t.equal(asText.headers.get('content-type'), 'text/plain; charset=utf-8')
  t.equal(await asText.text(), 'No route matches this request')
  const head = await ask('/none', { method: 'HEAD' })
  t.equal(head.status, 404)
  t.equal(await head.text(), '')
})

t.test('requests that no gateway would take', async (t) => {
  const { ask } = await orders()
  t.equal(await codeOf(await ask('/orders/%2e%2e%2fopen', json)), '400 MALFORMED_REQUEST')
  t.equal(await codeOf(await ask('https://a!b.test/open', json)), '400 MALFORMED_REQUEST')
  t.equal(await codeOf(await ask(`/${'a'.repeat(9000)}`, json)), '414 TARGET_TOO_LONG')
  const many = new Headers(json.headers)
  for (let i = 0; i < 120; i++) many.set(`x-${i}`, 'a')
  t.equal(await codeOf(await ask('/open', { headers: many })), '431 HEAD_TOO_LARGE')
  const large = { ...json.headers, 'x-large': 'a'.repeat(40_000) }
  t.equal(await codeOf(await ask('/open', { headers: large })), '431 HEAD_TOO_LARGE')
})

t.test('an mTLS plan takes a certificate in all its forms', async (t) => {
  const { ask, records } = await orders({ mode: 'request', ca: ca.chain })
  const forms = {
    'PEM': acme.chain,
    'base64 of the DER': base64(acme.der),
    'RFC 9440': certificateToHeader(acme.der),
    'DER': acme.der,
    'a chain': [acme.der],
    'a chain of texts': [certificateToHeader(acme.der), ` ${issuing.chain}`, ''],
  }
  for (const [form, clientCertificate] of Object.entries(forms)) {
    for (const time of ['at first', 'again']) {
      const response = await ask('/orders/1', {}, { clientCertificate })
      t.equal(response.status, 200, `${form}, ${time}`)
      await response.text()
    }
  }
  t.match(records.at(-1), { plan: 'partners', application: 'acme', certificate: acme.fingerprint })
})

t.test('intermediates come along in a chain', async (t) => {
  const { ask } = await orders({ mode: 'request', ca: ca.chain })
  const alone = await ask('/orders/1', json, { clientCertificate: far.der })
  t.equal(await codeOf(alone), '401 CERTIFICATE_UNTRUSTED')
  const chain = await ask('/orders/1', json, { clientCertificate: [far.der, issuing.der] })
  t.equal(await statusOf(chain), 200)
  const texts = [certificateToHeader(far.der), certificateToHeader(issuing.der)]
  t.equal(await statusOf(await ask('/orders/1', {}, { clientCertificate: texts })), 200)
})

t.test('an mTLS plan refuses what the gateway refuses', async (t) => {
  const { ask, records } = await orders({ mode: 'request', ca: ca.chain })
  const code = async (
    path: string,
    clientCertificate?: FetchClient['clientCertificate'],
  ): Promise<string> => await codeOf(await ask(path, json, { clientCertificate }))
  t.equal(await code('/orders/1', other.chain), '401 CERTIFICATE_UNKNOWN')
  t.equal(await code('/orders/1', expired.chain), '401 CERTIFICATE_EXPIRED')
  t.equal(await code('/orders/1', stranger.chain), '401 CERTIFICATE_UNTRUSTED')
  t.equal(await code('/orders/1', 'no certificate'), '401 CERTIFICATE_MALFORMED')
  t.equal(await code('/orders/1', new Uint8Array([1, 2, 3])), '401 CERTIFICATE_MALFORMED')
  t.equal(await code('/orders/1', new Uint8Array(0)), '401 CERTIFICATE_MALFORMED')
  t.equal(await code('/orders/1', ['none']), '401 CERTIFICATE_MALFORMED')
  t.equal(await code('/orders/1', ['']), '401 CERTIFICATE_MISSING')
  t.equal(await code('/orders/1'), '401 CERTIFICATE_MISSING')
  t.equal(await code('/orders/1', ''), '401 CERTIFICATE_MISSING')
  t.equal(await code('/closed'), '400 CERTIFICATE_MISSING')
  t.equal(await code('/closed', expired.der), '400 CERTIFICATE_EXPIRED')
  t.match(records[0], { certificate: other.fingerprint, detail: /./ })
})

t.test('policy none: a certificate is not looked at', async (t) => {
  const { ask } = await orders({ mode: 'none' })
  const found = await ask('/orders/1', json, { clientCertificate: acme.chain })
  t.equal(await codeOf(found), '401 CERTIFICATE_MISSING')
  t.equal(await statusOf(await ask('/open', json, { clientCertificate: stranger.chain })), 200)
})

t.test('policy request: routes and plans decide', async (t) => {
  const { ask } = await orders({ mode: 'request', ca: ca.chain })
  t.equal(await statusOf(await ask('/open')), 200)
  t.equal(await statusOf(await ask('/open', {}, { clientCertificate: stranger.chain })), 200)
  t.equal(await statusOf(await ask('/closed', {}, { clientCertificate: other.chain })), 200)
})

t.test('policy require: nothing goes on without a certificate that counts', async (t) => {
  const { ask } = await orders({ mode: 'require', ca: ca.chain })
  t.equal(await codeOf(await ask('/open', json)), '400 CERTIFICATE_MISSING')
  t.equal(await codeOf(await ask('/none', json)), '400 CERTIFICATE_MISSING')
  const untrusted = await ask('/open', json, { clientCertificate: stranger.chain })
  t.equal(await codeOf(untrusted), '400 CERTIFICATE_UNTRUSTED')
  t.equal(await statusOf(await ask('/open', json, { clientCertificate: other.chain })), 200)
})

t.test('no policy: applications are known by their own certificates', async (t) => {
  const { ask } = await orders()
  t.equal(await statusOf(await ask('/orders/1', json, { clientCertificate: acme.chain })), 200)
  const unknown = await ask('/orders/1', json, { clientCertificate: other.chain })
  t.equal(await codeOf(unknown), '401 CERTIFICATE_UNKNOWN')
})

t.test('an api-key plan', async (t) => {
  const { ask, records } = await orders()
  const withKey = (key: string) => ({ headers: { ...json.headers, 'X-Api-Key': key } })
  const known = await ask('/orders/1', withKey('k-e-y'))
  t.equal(known.status, 200)
  await known.text()
  t.match(records[0], { plan: 'keys', application: 'acme' })
  t.equal(await codeOf(await ask('/orders/1', withKey('guess'))), '401 API_KEY_UNKNOWN')
})

t.test('a certificate that expires is refused from then on', async (t) => {
  const backend = await upstream(t)
  let now = Date.now()
  const { ask } = scene({
    clients: { mode: 'require', ca: ca.chain },
    routes: [toAll([backend.address])],
  }, { now: () => now })
  const client = { clientCertificate: acme.chain }
  t.equal(await statusOf(await ask('/', json, client)), 200)
  now += 3651 * 86_400_000
  t.equal(await codeOf(await ask('/', json, client)), '400 CERTIFICATE_EXPIRED')
})
