import { readdirSync, readFileSync } from 'node:fs'
import t from 'tap'
import { head, tlsClient } from '../support/client.ts'
import { startGateway } from '../support/gateway.ts'
import { type KeyPairFiles, Pki } from '../support/pki.ts'
import { startUpstream } from '../support/upstream.ts'

const STANDS = 'request'
const STOPS = 'require'

t.test('the verdict is core/pki’s, and it is the same on every runtime', async (t) => {
  const pki = new Pki(t)
  const [ca, otherCa, oldCa] = await Promise.all([
    pki.authority('ca'),
    pki.authority('other-ca'),
    pki.version1Authority('old-ca'),
  ])
  const middle = await pki.authority('middle', ca)
  const use = 'clientAuth'
  const span = { from: '20200101000000Z', until: '20210101000000Z' }
  const future = { from: '20990101000000Z', until: '20990201000000Z' }
  // What a TLS stack would say of these differs by runtime; what is expected here does not.
  const cases: readonly (readonly [KeyPairFiles | undefined, string])[] = [
    [undefined, 'CERTIFICATE_MISSING'],
    [await pki.issue('good', { ca, use }), ''],
    [await pki.issue('behind-middle', { ca: middle, use, through: [middle] }), ''],
    [await pki.issue('without-middle', { ca: middle, use }), 'CERTIFICATE_UNTRUSTED'],
    [await pki.version1('version-1', oldCa), ''],
    [await pki.issue('stranger', { ca: otherCa, use }), 'CERTIFICATE_UNTRUSTED'],
    [await pki.issue('self-made', { use }), 'CERTIFICATE_UNTRUSTED'],
    [await pki.issue('for-servers', { ca, use: 'serverAuth' }), 'CERTIFICATE_UNTRUSTED'],
    [await pki.dated('expired', { ca, ...span }), 'CERTIFICATE_EXPIRED'],
    [await pki.dated('early', { ca, ...future }), 'CERTIFICATE_NOT_YET_VALID'],
  ]
  const server = await pki.issue('server', { ca, names: ['DNS:*.test'], use: 'serverAuth' })
  const upstream = await startUpstream(t)
  const entries = [STANDS, STOPS].map((mode) =>
    `{ names: [${mode}.test], certificate: { cert: ${server.certFile}, key: ${server.keyFile} },
       clients: { mode: ${mode}, ca: [${ca.certFile}, ${oldCa.certFile}] } }`
  )
  const gateway = await startGateway(
    t,
    `
listeners: [{ name: main, address: 127.0.0.1:0, tls: [${entries.join(', ')}] }]
routes:
  - requireCertificate: true
    forwardCertificate: { fingerprint: X-Sha256 }
    upstream: { endpoints: [{ address: '${upstream.address}' }] }
`,
  )
  for (const [certificate, code] of cases) {
    const name = certificate?.certFile.split('/').at(-1) ?? 'none'
    for (const mode of [STANDS, STOPS]) {
      const sni = `${mode}.test`
      const before = gateway.lines.length
      const shown = certificate === undefined ? {} : { certificate }
      const client = await tlsClient(t, gateway.port(), { sni, ...shown })
      client.send(head('GET /', [], sni))
      const status = await client.message().then(({ status }) => status, () => 0)
      t.equal(status, code === '' ? 200 : mode === STANDS ? 400 : 0, `${name}: ${mode}`)
      const line = await gateway.lineWhere(name, (line) => gateway.lines.indexOf(line) >= before)
      t.equal(line.code ?? '', code, `${name}: ${mode}`)
      if (code !== '') continue
      t.equal(upstream.requests.at(-1)?.header('x-sha256'), certificate?.fingerprint)
    }
  }
  t.equal(upstream.requests.length, 6)
})

t.test('where no certificate was asked for there is none, whatever the stack says', async (t) => {
  const pki = new Pki(t)
  const ca = await pki.authority('ca')
  const server = await pki.issue('server', { ca, names: ['DNS:open.test'], use: 'serverAuth' })
  const certificate = await pki.issue('client', { ca, use: 'clientAuth' })
  const upstream = await startUpstream(t)
  const gateway = await startGateway(
    t,
    `
listeners:
  - name: main
    address: 127.0.0.1:0
    tls: [{ names: [open.test], certificate: { cert: ${server.certFile}, key: ${server.keyFile} } }]
routes:
  - requireCertificate: true
    upstream: { endpoints: [{ address: '${upstream.address}' }] }
`,
  )
  const client = await tlsClient(t, gateway.port(), { sni: 'open.test', certificate })
  client.send(head('GET /', [], 'open.test'))
  t.equal((await client.message()).status, 400)
  await gateway.line({ code: 'CERTIFICATE_MISSING' })
})

t.test('socket.authorized is never read', (t) => {
  for (const folder of ['core', 'adapters', 'runtimes']) {
    for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.ts')) continue
      // Comments, and sentences that are said to clients, may have the word in them.
      const code = readFileSync(`${folder}/${name}`, 'utf8')
        .replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '')
        .replace(/'[^'\n]* [^'\n]*'/g, '')
      t.notOk(/\bauthori[sz]ed\b|authorizationError/.test(code), `${folder}/${name}`)
    }
  }
  t.end()
})
