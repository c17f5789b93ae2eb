import t, { type Test } from 'tap'
import { head, tlsClient } from '../../support/client.ts'
import { startGateway } from '../../support/gateway.ts'
import type { TestGateway } from '../../support/gateway.ts'
import type { KeyPairFiles } from '../../support/pki.ts'
import { sClient } from '../../support/s-client.ts'
import { startUpstream } from '../../support/upstream.ts'
import { entry, makeCertificates, tlsListener, tlsScene } from './tls-scene.ts'

const certificates = makeCertificates(t)

/** The status that a client gets; undefined where its connection is closed before any byte of HTTP. */
async function ask(
  t: Test,
  gateway: TestGateway,
  { sni, certificate }: { readonly sni: string; readonly certificate?: KeyPairFiles },
): Promise<number | undefined> {
  const shown = certificate === undefined ? {} : { certificate }
  const client = await tlsClient(t, gateway.port(), { sni, ...shown })
  client.send(head('GET /', [], sni))
  const answer = await client.message().catch(() => undefined)
  if (answer === undefined && client.total > 0) throw new Error(`Half an answer: ${client.text}`)
  return answer?.status
}

t.test('one listener asks by the policy of the name', async (t) => {
  const all = await certificates
  const { gateway, upstream } = await tlsScene(t, all)
  const { client } = all
  t.equal(await ask(t, gateway, { sni: 'open.test' }), 200)
  t.equal(await ask(t, gateway, { sni: 'asks.test' }), 200)
  t.equal(await ask(t, gateway, { sni: 'needs.test' }), undefined)
  for (const sni of ['open.test', 'asks.test', 'needs.test']) {
    t.equal(await ask(t, gateway, { sni, certificate: client }), 200, sni)
  }
  t.equal(upstream.requests.length, 5)
  const certain = gateway.lines.filter(({ certificate }) => certificate === client.fingerprint)
  t.strictSame(certain.map(({ sni }) => sni), ['asks.test', 'needs.test'], 'open.test never asks')
})

t.test('CertificateRequest is sent where it should be, and names nobody', async (t) => {
  const { gateway } = await tlsScene(t, await certificates)
  for (const version of ['tls1_2', 'tls1_3'] as const) {
    for (const [sni, asked] of [['open.test', false], ['asks.test', true]] as const) {
      const { text } = await sClient(gateway.port(), { sni, version, args: ['-msg'] })
      t.equal(/Handshake \[length [0-9a-f]+\], CertificateRequest/.test(text), asked, sni)
      t.match(text, 'No client certificate CA names sent')
    }
  }
})

t.test('sendAuthorities names the CAs in the handshake', async (t) => {
  const { ca, server } = await certificates
  const policy = `mode: request, ca: ${ca.certFile}, sendAuthorities: true`
  const config = tlsListener([entry(['asks.test'], server, policy)], '127.0.0.1:1')
  const gateway = await startGateway(t, config)
  const { text } = await sClient(gateway.port(), { sni: 'asks.test' })
  t.match(text, /Acceptable client certificate CA names\nCN = ca\n/)
})

t.test('require: whoever shows none gets the alert certificate_required, or what TLS 1.2 has for it', async (t) => {
  const { gateway, upstream } = await tlsScene(t, await certificates)
  // In TLS 1.2 handshake_failure (RFC 5246 section 7.4.6); rustls sends the newer one there too.
  const alerts = { tls1_2: /SSL alert number (40|116)\b/, tls1_3: /SSL alert number 116\b/ }
  for (const version of ['tls1_2', 'tls1_3'] as const) {
    const { text, status } = await sClient(gateway.port(), { sni: 'needs.test', version })
    t.match(text, alerts[version])
    t.equal(status, undefined)
  }
  t.match(await gateway.line({ code: 'CERTIFICATE_MISSING' }), { sni: 'needs.test', status: 0 })
  t.equal(gateway.refusals('CERTIFICATE_MISSING'), 2)
  t.equal(upstream.connections.length, 0)
})

t.test('require: who is refused sees no byte of HTTP, and the log says why', async (t) => {
  const all = await certificates
  const { gateway, upstream } = await tlsScene(t, all)
  const { pki, ca } = all
  const [early, wrongUse] = await Promise.all([
    pki.dated('early', { ca, from: '20990101000000Z', until: '20990201000000Z' }),
    pki.issue('wrong-use', { ca, use: 'serverAuth' }),
  ])
  const cases: readonly (readonly [KeyPairFiles, string, string])[] = [
    [all.stranger, 'CERTIFICATE_UNTRUSTED', 'unknown-issuer'],
    [all.expired, 'CERTIFICATE_EXPIRED', 'expired'],
    [early, 'CERTIFICATE_NOT_YET_VALID', 'not-yet-valid'],
    [wrongUse, 'CERTIFICATE_UNTRUSTED', 'extended-key-usage'],
    [all.otherCa, 'CERTIFICATE_UNTRUSTED', 'unknown-issuer'],
  ]
  for (const [certificate, code, found] of cases) {
    t.equal(await ask(t, gateway, { sni: 'needs.test', certificate }), undefined, code)
    const line = await gateway.line({ code, certificate: certificate.fingerprint })
    t.match(line, { sni: 'needs.test', status: 0, address: '127.0.0.1' })
    t.match(line.detail, found)
  }
  t.equal(upstream.connections.length, 0)
})

t.test('request: who is refused may come in, but has no certificate', async (t) => {
  const all = await certificates
  const { gateway, upstream } = await tlsScene(t, all, {
    route: 'forwardCertificate: { fingerprint: X-Sha256 }',
  })
  for (const certificate of [all.stranger, all.expired]) {
    t.equal(await ask(t, gateway, { sni: 'asks.test', certificate }), 200)
    t.equal(upstream.requests.at(-1)?.header('x-sha256'), undefined)
  }
  await ask(t, gateway, { sni: 'asks.test', certificate: all.client })
  t.equal(upstream.requests.at(-1)?.header('x-sha256'), all.client.fingerprint)
})

t.test('requireCertificate: the answer says what is missing', async (t) => {
  const all = await certificates
  const { gateway, upstream } = await tlsScene(t, all, { route: 'requireCertificate: true' })
  t.equal(await ask(t, gateway, { sni: 'asks.test' }), 400)
  t.equal(await ask(t, gateway, { sni: 'asks.test', certificate: all.stranger }), 400)
  t.equal(await ask(t, gateway, { sni: 'asks.test', certificate: all.client }), 200)
  t.equal(upstream.requests.length, 1)
  await gateway.line({ code: 'CERTIFICATE_MISSING', status: 400 })
  await gateway.line({ code: 'CERTIFICATE_UNTRUSTED', status: 400 })
})

t.test('chains with an intermediate are taken, where the client sends it and depth allows', async (t) => {
  const all = await certificates
  const { gateway } = await tlsScene(t, all)
  const { chained, ca, server } = all
  t.equal(await ask(t, gateway, { sni: 'needs.test', certificate: chained }), 200)
  const upstream = await startUpstream(t)
  const policy = `mode: require, ca: ${ca.certFile}, depth: 0`
  const shallow = await startGateway(
    t,
    tlsListener([entry(['shallow.test'], server, policy)], upstream.address),
  )
  t.equal(await ask(t, shallow, { sni: 'shallow.test', certificate: chained }), undefined)
  t.equal(await ask(t, shallow, { sni: 'shallow.test', certificate: all.client }), 200)
  const leafOnly = {
    ...chained,
    chain: chained.chain.split(/(?<=-----END CERTIFICATE-----\n)/)[0] ?? '',
  }
  const fresh = await tlsScene(t, all)
  t.equal(await ask(t, fresh.gateway, { sni: 'needs.test', certificate: leafOnly }), undefined)
})

t.test('X.509 v1 certificates and authorities, as simple openssl commands make them, are taken', async (t) => {
  const { pki, server } = await certificates
  const root = await pki.version1Authority('ROOTCA')
  const client = await pki.version1('CLIENT', root)
  t.notMatch(await pki.openssl('x509', '-in', client.certFile, '-noout', '-text'), /Version: 3/)
  const upstream = await startUpstream(t)
  const entries = [
    entry(['v1.needs.test'], server, `mode: require, ca: ${root.certFile}`),
    entry(['v1.asks.test'], server, `mode: request, ca: ${root.certFile}`),
  ]
  const options = { route: 'forwardCertificate: { subject: X-Subject }' }
  const gateway = await startGateway(t, tlsListener(entries, upstream.address, options))
  for (const sni of ['v1.needs.test', 'v1.asks.test']) {
    t.equal(await ask(t, gateway, { sni, certificate: client }), 200, sni)
    t.equal(upstream.requests.at(-1)?.header('x-subject'), 'CN=CLIENT')
  }
})

t.test('an application’s own certificate is enough where no CA is named', async (t) => {
  const all = await certificates
  const upstream = await startUpstream(t)
  const config = tlsListener([entry(['own.test'], all.server, 'mode: require')], upstream.address, {
    rest: `applications: [{ name: acme, certificates: [{ cert: ${all.stranger.certFile} }] }]`,
  })
  const gateway = await startGateway(t, config)
  t.equal(await ask(t, gateway, { sni: 'own.test', certificate: all.stranger }), 200)
  t.equal(await ask(t, gateway, { sni: 'own.test', certificate: all.client }), undefined)
  await gateway.line({ code: 'CERTIFICATE_UNKNOWN', certificate: all.client.fingerprint })
})

t.test('a server that shows a certificate which its client refuses logs a failed handshake', async (t) => {
  const { gateway } = await tlsScene(t, await certificates)
  const more = { rejectUnauthorized: true }
  const client = await tlsClient(t, gateway.port(), { sni: 'open.test', more })
  await client.gone()
  t.ok(client.error)
  await gateway.lineWhere('a failure', ({ code = '' }) => /HANDSHAKE_FAILED|CLIENT_GONE/.test(code))
})
