import t, { type Test } from 'tap'
import { head, plainClient, tlsClient } from '../support/client.ts'
import { startGateway } from '../support/gateway.ts'
import { type KeyPairFiles, Pki } from '../support/pki.ts'
import { startUpstream } from '../support/upstream.ts'

const SUBJECT = '/O=Acme/CN=acme/emailAddress=ops@acme.test'

/** One that is registered, and those that look like it in all but their bytes. */
async function likenesses(t: Test) {
  const pki = new Pki(t)
  const [ca, sameNamedCa] = await Promise.all([pki.authority('ca'), pki.authority('other')])
  const likeness = (name: string, serial: string, issuer: KeyPairFiles, key?: KeyPairFiles) =>
    pki.issue(name, {
      ca: issuer,
      subject: SUBJECT,
      names: ['email:ops@acme.test', 'DNS:acme.test'],
      use: 'clientAuth',
      serial,
      ...(key === undefined ? {} : { keyOf: key }),
    })
  const own = await likeness('own', '0x1234', ca)
  const others = {
    'same subject, e-mail and serial, another key': await likeness('twin', '0x1234', ca),
    'same key, renewed': await likeness('renewed', '0x9999', ca, own),
    'same in all but the issuer': await likeness('foreign', '0x1234', sameNamedCa, own),
  }
  return { pki, own, others, anchors: [ca, sameNamedCa].map(({ certFile }) => certFile) }
}

t.test('a certificate is matched by SHA-256 over its DER: never by subject, serial or e-mail', async (t) => {
  const { pki, own, others, anchors } = await likenesses(t)
  const server = await pki.issue('server', { names: ['DNS:api.test'], use: 'serverAuth' })
  const upstream = await startUpstream(t)
  const gateway = await startGateway(
    t,
    `
listeners:
  - name: main
    address: 127.0.0.1:0
    tls:
      - names: [api.test]
        certificate: { cert: ${server.certFile}, key: ${server.keyFile} }
        clients: { mode: request, ca: [${anchors.join(', ')}] }
  - name: behind
    address: 127.0.0.2:0
    trustedProxies: { cidrs: [127.0.0.0/8], clientCertificateHeader: X-Client-Cert }
    clients: { mode: request, ca: [${anchors.join(', ')}] }
apis:
  - name: orders
    upstream: { endpoints: [{ address: '${upstream.address}' }] }
    plans: [{ name: partners, type: mtls }]
applications:
  - name: acme
    certificates: [{ cert: ${own.certFile} }]
    subscriptions: [{ api: orders, plan: partners }]
`,
  )
  const byHandshake = async (certificate: KeyPairFiles): Promise<number> => {
    const client = await tlsClient(t, gateway.port('main'), { sni: 'api.test', certificate })
    client.send(head('GET /', [], 'api.test'))
    return (await client.message()).status
  }
  const byHeader = async ({ chain }: KeyPairFiles): Promise<number> => {
    const client = await plainClient(t, gateway.port('behind'), { host: '127.0.0.2' })
    client.send(head('GET /', [`X-Client-Cert: ${encodeURIComponent(chain)}`]))
    return (await client.message()).status
  }
  for (const ask of [byHandshake, byHeader]) {
    t.equal(await ask(own), 200, ask.name)
    for (const [what, certificate] of Object.entries(others)) {
      t.equal(await ask(certificate), 401, `${ask.name}: ${what}`)
      await gateway.line({ code: 'CERTIFICATE_UNKNOWN', certificate: certificate.fingerprint })
    }
  }
  t.equal(upstream.requests.length, 2)
})
