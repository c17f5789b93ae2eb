/** Conditions on the names of certificates, with certificates made by openssl, on the wire. */
import t from 'tap'
import { head, tlsClient } from '../../support/client.ts'
import { startGateway } from '../../support/gateway.ts'
import { type KeyPairFiles, Pki } from '../../support/pki.ts'
import { startUpstream } from '../../support/upstream.ts'

const pki = new Pki(t)
const ca = await pki.authority('ca')
const server = await pki.issue('server', { ca, names: ['DNS:a.test'], use: 'serverAuth' })
const client = (name: string, names: readonly string[], subject = `/CN=${name}`) =>
  pki.issue(name, { ca, names, subject, use: 'clientAuth' })
const prod = await client('prod', ['URI:spiffe://example.org/ns/prod/sa/api'])
const dev = await client('dev', ['URI:spiffe://example.org/ns/dev/sa/api', 'DNS:dev.test'])
const staff = await client('staff', ['email:a@example.com'], '/C=DE/O=Example, Inc./OU=IT/CN=a')
const node = await client('node', ['IP:10.1.2.3', 'DNS:n1.eu.nodes.test'])
const all = { prod, dev, staff, node }
const upstream = await startUpstream(t)

function yaml(clients: string, rest: string): string {
  return `
listeners:
  - address: 127.0.0.1:0
    tls:
      - names: [a.test]
        certificate: { cert: ${server.certFile}, key: ${server.keyFile} }
        clients: { mode: ${clients}, ca: ${ca.certFile} }
upstreams: { backend: { endpoints: [{ address: '${upstream.address}' }] } }
${rest}
`
}

async function answers(t: Parameters<typeof startGateway>[0], text: string) {
  const gateway = await startGateway(t, text)
  const found: Record<string, string> = {}
  for (const [name, certificate] of Object.entries<KeyPairFiles>(all)) {
    const wire = await tlsClient(t, gateway.port(), { sni: 'a.test', certificate })
    wire.send(head('GET /', ['Accept: application/json'], 'a.test'))
    const message = await wire.message().catch(() => undefined)
    const code = message?.status === 200 ? '' : /"code":"([A-Z_]+)"/.exec(message?.body ?? '')?.[1]
    found[name] = message === undefined ? 'closed' : `${message.status} ${code}`.trim()
  }
  return { gateway, found }
}

const refused = '403 CERTIFICATE_NOT_ALLOWED'
const routes = 'routes: [{ upstream: backend }]'

t.test('a policy that requires closes the connection of whoever is not allowed', async (t) => {
  const allow =
    `require, allow: [{ uri: 'spiffe://example.org/ns/prod/*' }, { email: '*@example.com' }]`
  const { found, gateway } = await answers(t, yaml(allow, routes))
  t.same(found, { prod: '200', dev: 'closed', staff: '200', node: 'closed' })
  const line = await gateway.line({ code: 'CERTIFICATE_NOT_ALLOWED', certificate: dev.fingerprint })
  t.match(line, {
    status: 0,
    detail:
      /uri "spiffe:.*" is wanted, the certificate has "spiffe:\/\/example.org\/ns\/dev\/sa\/api"/,
  })
})

t.test('a policy that requests leaves it to routes', async (t) => {
  const strict = 'routes: [{ upstream: backend, requireCertificate: true }]'
  const allow = `request, allow: [{ dns: '*.nodes.test', ip: 10.0.0.0/8 }]`
  t.same((await answers(t, yaml(allow, strict))).found, {
    prod: refused,
    dev: refused,
    staff: refused,
    node: '200',
  })
  t.same((await answers(t, yaml(allow, routes))).found, {
    prod: '200',
    dev: '200',
    staff: '200',
    node: '200',
  }, 'a route that asks for nothing takes anyone')
})

t.test('a route takes subjects, a plan takes names of its members', async (t) => {
  const { found } = await answers(
    t,
    yaml(
      'request',
      `routes:
  - upstream: backend
    requireCertificate: true
    allow: [{ subject: '*, O=Example\\, Inc., C=DE' }, { commonName: 'd?v' }]`,
    ),
  )
  t.same(found, { prod: refused, dev: '200', staff: '200', node: refused })
  const members = [prod, dev].map(({ certFile }) => `{ cert: ${certFile} }`).join(', ')
  const api = `
apis:
  - name: all
    upstream: backend
    plans: [{ name: members, type: mtls, allow: [{ dns: dev.test }] }]
applications:
  - name: acme
    certificates: [${members}]
    subscriptions: [{ api: all, plan: members }]`
  t.same((await answers(t, yaml('request', api))).found, {
    prod: refused,
    dev: '200',
    staff: '401 CERTIFICATE_UNKNOWN',
    node: '401 CERTIFICATE_UNKNOWN',
  })
})
