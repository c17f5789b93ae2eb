/** Gravitee's document, step by step, on a running gateway: by REST, then with a client certificate. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { connect } from 'node:tls'
import t from 'tap'
import { startNginx } from '../../support/nginx.ts'
import { type KeyPairFiles, Pki } from '../../support/pki.ts'
import {
  type Answer,
  collect,
  configuration as configured,
  Gateway,
  V1,
  V2,
} from '../../support/gravitee.ts'
import { startUpstream } from '../../support/upstream.ts'

const pki = new Pki(t)
const configuration = (name: string): string => configured(pki, name)
const ca = await pki.authority('Partners CA')
const server = await pki.issue('server', { names: ['DNS:gw.test'], use: 'serverAuth' })
const issued = await pki.issue('issued', { ca, use: 'clientAuth', key: 'RSA' })
const own = await pki.issue('own', { use: 'clientAuth' })
const another = await pki.issue('another', { ca, use: 'clientAuth' })
const revoked = await pki.issue('revoked', { ca, use: 'clientAuth' })
const stranger = await pki.issue('stranger', { ca, use: 'clientAuth' })
const past = await pki.dated('past', { ca, from: '20200101000000Z', until: '20210101000000Z' })

t.test('who has subscribed comes in, by the handshake', async (t) => {
  const upstream = await startUpstream(t)
  const gateway = await new Gateway(t, configuration('steps')).started('secure', 'plain')
  const { api, plan } = await gateway.api('/mtls-api', upstream)
  t.match(await gateway.get('secure', '/mtls-api', issued), { status: 401, body: 'Unauthorized' })
  const { subscription } = await gateway.subscribed(plan, issued, past)
  const { status } = await gateway.get('secure', '/mtls-api/orders?x=1', issued)
  t.equal(status, 200)
  t.match(upstream.requests.at(-1)?.start, /^GET \/base\/orders\?x=1 /)
  t.ok(upstream.requests.at(-1)?.header('x-gravitee-transaction-id'))
  t.equal((await gateway.get('secure', '/mtls-api', issued)).status, 200)
  t.match(upstream.requests.at(-1)?.start, /^GET \/base\/? /)
  await gateway.subscribed(plan, own)
  t.equal(
    (await gateway.get('secure', '/mtls-api', own)).status,
    200,
    'self-signed, without any truststore',
  )
  t.equal((await gateway.get('secure', '/mtls-api')).status, 401)
  t.equal((await gateway.get('secure', '/mtls-api', stranger)).status, 401)
  t.equal((await gateway.get('secure', '/mtls-api', past)).status, 401, 'expired')
  t.match(await gateway.get('secure', '/mtls-apix', issued), {
    status: 404,
    type: 'text/plain',
    body: 'No context-path matches the request URI.',
  })
  t.match(await gateway.get('secure', '/mtls-api', undefined, { accept: '*/*' }), {
    status: 401,
    body: '{"message":"Unauthorized","http_status_code":401}',
  })
  const at = `${V2}/apis/${api}/subscriptions/${subscription}`
  for (let round = 0; round < 5; round++) {
    await gateway.manage('POST', `${at}/_pause`)
    t.equal((await gateway.get('secure', '/mtls-api', issued)).status, 401, 'paused')
    await gateway.manage('POST', `${at}/_resume`)
    t.equal((await gateway.get('secure', '/mtls-api', issued)).status, 200, 'resumed')
  }
  await gateway.manage('POST', `${V2}/apis/${api}/_stop`)
  t.equal((await gateway.get('secure', '/mtls-api', issued)).status, 404)
})

t.test('under load nobody comes in after the answer to a pause, and rotation loses no request', async (t) => {
  const upstream = await startUpstream(t)
  const gateway = await new Gateway(t, configuration('races')).started('secure', 'plain')
  const { api, plan } = await gateway.api('/race', upstream)
  const { application, subscription } = await gateway.subscribed(plan, issued)
  const at = `${V2}/apis/${api}/subscriptions/${subscription}`
  /** The number of the pause that lasts; 0 while none does. */
  let paused = 0
  let over = false
  const wrong: string[] = []
  let served = 0
  const load = async (): Promise<void> => {
    while (!over) {
      const asked = paused
      const { status } = await gateway.get('secure', '/race', issued)
      if (asked > 0 && paused === asked && status === 200) wrong.push('let in while paused')
      if (status === 200) served++
    }
  }
  const callers = [load(), load(), load()]
  for (let round = 1; round <= 10; round++) {
    await gateway.manage('POST', `${at}/_pause`)
    paused = round
    await gateway.get('secure', '/race', issued)
    paused = 0
    await gateway.manage('POST', `${at}/_resume`)
  }
  over = true
  await Promise.all(callers)
  t.same(wrong, [])
  t.ok(served > 0)
  const certificates = `${V1}/applications/${application}/certificates`
  const lost: number[] = []
  over = false
  const client = { now: issued }
  const steady = (async () => {
    while (!over) {
      const { status } = await gateway.get('secure', '/race', client.now)
      if (status !== 200) lost.push(status)
    }
  })()
  await gateway.manage('POST', certificates, { name: 'next', certificate: own.chain })
  client.now = own
  t.equal((await gateway.get('secure', '/race', issued)).status, 200, 'both count')
  const { data } = await gateway.manage('GET', certificates)
  // The last request by the old certificate is over before that one goes.
  await gateway.get('secure', '/race', own)
  await gateway.get('secure', '/race', own)
  await gateway.manage('DELETE', `${certificates}/${data[0].id}`)
  t.equal((await gateway.get('secure', '/race', issued)).status, 401)
  over = true
  await steady
  t.same(lost, [])
})

t.test('behind nginx the certificate comes in the header, in both its forms', async (t) => {
  const upstream = await startUpstream(t)
  const gateway = await new Gateway(t, configuration('nginx')).started('secure', 'plain')
  const { plan } = await gateway.api('/mtls-api', upstream)
  await gateway.subscribed(plan, issued)
  for (const variable of ['$ssl_client_escaped_cert', '$ssl_client_cert']) {
    const nginx = await startNginx(
      t,
      `ssl_certificate ${server.certFile}; ssl_certificate_key ${server.keyFile};
       ssl_verify_client optional_no_ca;
       location / { proxy_pass http://127.0.0.1:${gateway.port('plain')};
         proxy_set_header X-Gravitee-Client-Cert ${variable}; }`,
    )
    const ask = (client?: KeyPairFiles): Promise<Answer> =>
      collect(request, {
        ...{ host: '127.0.0.1', port: nginx.port, path: '/mtls-api/x', agent: false },
        ...(client === undefined ? {} : { cert: client.chain, key: client.key }),
        ...{ servername: 'gw.test', rejectUnauthorized: false },
      })
    t.equal((await ask(issued)).status, 200, variable)
    t.equal((await ask(stranger)).status, 401, variable)
    t.equal((await ask()).status, 401, variable)
  }
  const escaped = encodeURIComponent(issued.chain)
  const header = { 'x-gravitee-client-cert': escaped }
  t.equal((await gateway.get('plain', '/mtls-api', undefined, header)).status, 200)
  t.equal(
    (await gateway.get('secure', '/mtls-api', undefined, header)).status,
    401,
    'ignored under TLS',
  )
})

t.test('gravitee.yml starts the gateway', async (t) => {
  const file = pki.path('gravitee.yml')
  writeFileSync(
    file,
    `http:
  port: 0
  host: 127.0.0.1
  ssl:
    clientAuthHeader:
      name: X-Gravitee-Client-Cert
management:
  http: { port: 0 }
api:
  security: { verbose401: true }
security:
  providers:
    - type: memory
      users: [{ user: { username: admin, password: admin, roles: "ORGANIZATION:ADMIN" } }]
`,
  )
  const upstream = await startUpstream(t)
  const gateway = await new Gateway(t, file).started('http')
  const { plan } = await gateway.api('/mtls-api', upstream)
  await gateway.subscribed(plan, issued)
  const header = { 'x-gravitee-client-cert': encodeURIComponent(issued.chain) }
  t.equal((await gateway.get('http', '/mtls-api', undefined, header)).status, 200)
  t.match(await gateway.get('http', '/mtls-api'), {
    status: 401,
    body: 'The request did not include an authentication token',
  })
  await gateway.program.stop()
})

t.test('gravitee.yml: a self-signed keystore, and the password as Gravitee has it hashed', async (t) => {
  mkdirSync(pki.path('fresh'))
  const file = pki.path('fresh/gravitee.yml')
  writeFileSync(
    file,
    `http:
  port: 0
  host: 127.0.0.1
  secured: true
  ssl: { clientAuth: request, keystore: { type: self-signed } }
management: { http: { port: 0 } }
security:
  providers:
    - type: memory
      users:
        - user:
          username: admin
          password: $2a$10$Ihk05VSds5rUSgMdsMVi9OKMIx2yUvMz7y9VP3rJmQeizZLrhLMyq
          roles: ORGANIZATION:ADMIN,ENVIRONMENT:ADMIN
`,
  )
  const upstream = await startUpstream(t)
  const gateway = await new Gateway(t, file).started('http')
  const { plan } = await gateway.api('/mtls-api', upstream)
  await gateway.subscribed(plan, issued)
  const answer = await collect(request, {
    ...{ host: '127.0.0.1', port: gateway.port('http'), path: '/mtls-api', agent: false },
    ...{ cert: issued.chain, key: issued.key, rejectUnauthorized: false },
  })
  t.equal(answer.status, 200)
  await gateway.program.stop()
})

t.test('gravitee.yml: each name has its certificate', async (t) => {
  for (const name of ['one', 'two']) {
    await pki.issue(name, { ca, names: [`DNS:${name}.test`], use: 'serverAuth', key: 'RSA' })
  }
  mkdirSync(pki.path('names'))
  const file = pki.path('names/gravitee.yml')
  writeFileSync(
    file,
    `http:
  port: 0
  host: 127.0.0.1
  secured: true
  ssl:
    sni: true
    keystore:
      type: pem
      certificates:
        - { cert: ../one.crt, key: ../one.key }
        - { cert: ../two.crt, key: ../two.key }
management: { http: { port: 0 } }
`,
  )
  const gateway = await new Gateway(t, file).started('http')
  const subjectFor = (servername: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const to = { host: '127.0.0.1', port: gateway.port('http'), servername }
      const socket = connect({ ...to, rejectUnauthorized: false }, () => {
        resolve(String(socket.getPeerCertificate().subject.CN))
        socket.destroy()
      }).on('error', reject)
    })
  t.equal(await subjectFor('one.test'), 'one')
  t.equal(await subjectFor('two.test'), 'two')
  t.equal(await subjectFor('other.test'), 'one')
  await gateway.program.stop()
})

t.test('gravitee.yml: TLS, with what the environment says', async (t) => {
  const file = pki.path('secure-gravitee.yml')
  await pki.openssl(
    'pkcs12',
    '-export',
    '-inkey',
    'server.key',
    '-in',
    'server.crt',
    '-out',
    'server.p12',
    '-passout',
    'pass:secret',
  )
  writeFileSync(
    file,
    `servers:
  - id: secure
    type: http
    port: 0
    host: 127.0.0.1
    secured: true
    ssl:
      clientAuth: none
      keystore: { type: pkcs12, path: server.p12, password: secret }
      truststore: { type: pkcs12, path: trust.p12, password: secret }
      crl: { path: partners.crl }
management:
  http: { port: 0 }
security:
  providers: [{ type: memory, users: [{ user: { username: admin, password: admin, roles: ADMIN } }] }]
`,
  )
  await pki.openssl(
    'pkcs12',
    '-export',
    '-nokeys',
    '-in',
    'Partners CA.crt',
    '-out',
    'trust.p12',
    '-passout',
    'pass:secret',
  )
  await pki.crl('partners.crl', ca, { revoked: [revoked] })
  const env = { gravitee_servers_0_ssl_clientAuth: 'request' }
  const gateway = await new Gateway(t, file, env).started('secure')
  t.match(await gateway.get('secure', '/nothing', own), {
    status: 404,
    body: 'No context-path matches the request URI.',
  })
  const { plan } = await gateway.api('/secure-api', await startUpstream(t))
  await gateway.subscribed(plan, another, revoked)
  await gateway.subscribed(plan, own)
  t.equal((await gateway.get('secure', '/secure-api', another)).status, 200)
  t.equal((await gateway.get('secure', '/secure-api', own)).status, 200, 'no CRL is about it')
  t.equal((await gateway.get('secure', '/secure-api', revoked)).status, 401, 'revoked')
  await gateway.program.stop()
})

t.test("resources of Gravitee's operator are configuration files", async (t) => {
  const upstream = await startUpstream(t)
  const indented = (text: string, by: number): string =>
    text.trim().split('\n').map((line) => ' '.repeat(by) + line).join('\n')
  writeFileSync(
    pki.path('resources.yml'),
    `apiVersion: gravitee.io/v1alpha1
kind: ApiV4Definition
metadata: { name: orders }
spec:
  name: Orders
  version: "1"
  type: PROXY
  listeners: [{ type: HTTP, paths: [{ path: /orders }], entrypoints: [{ type: http-proxy }] }]
  endpointGroups:
    - name: default
      type: http-proxy
      endpoints: [{ name: one, type: http-proxy, configuration: { target: "http://${upstream.address}" } }]
  plans: { MTLS: { name: partners, security: { type: MTLS } } }
---
apiVersion: gravitee.io/v1alpha1
kind: Application
metadata: { name: partner }
spec:
  name: Partner
  description: x
  settings:
    app: { type: WEB }
    tls:
      clientCertificates:
        - name: inline
          content: |
${indented(own.chain, 12)}
        - name: from a secret
          ref: { kind: secrets, name: partner-tls, key: tls.crt }
---
apiVersion: v1
kind: Secret
metadata: { name: partner-tls }
data: { tls.crt: ${btoa(another.chain)} }
---
apiVersion: gravitee.io/v1alpha1
kind: Subscription
metadata: { name: partner-orders }
spec: { api: { name: orders }, application: { name: partner }, plan: MTLS }
`,
  )
  const file = configuration('resources')
  const text = readFileSync(file, 'utf8')
  writeFileSync(
    file,
    text.replace('gravitee: { users', 'gravitee: { resources: [resources.yml], users'),
  )
  const gateway = await new Gateway(t, file).started('secure', 'plain')
  t.equal((await gateway.get('secure', '/orders/1', own)).status, 200)
  t.equal(
    (await gateway.get('secure', '/orders/1', another)).status,
    200,
    'its certificate is in a secret',
  )
  t.equal((await gateway.get('secure', '/orders/1', issued)).status, 401)
  writeFileSync(
    pki.path('resources.yml'),
    'apiVersion: gravitee.io/v1alpha1\nkind: Subscription\nspec: { plan: x }\n',
  )
  const refused = await new Gateway(t, file).program.exit()
  t.equal(refused.code, 1)
  t.match(refused.err, /Subscription default\/: There is no plan/)
})

t.test('a Java key store is refused with what to do', async (t) => {
  const file = pki.path('jks.yml')
  writeFileSync(file, 'http:\n  secured: true\n  ssl:\n    keystore: { type: jks, path: x.jks }\n')
  const { code, err } = await new Gateway(t, file).program.exit()
  t.equal(code, 1)
  t.match(err, /jks\.yml:4:\d+: error: .*JKS.*keytool -importkeystore/)
})
