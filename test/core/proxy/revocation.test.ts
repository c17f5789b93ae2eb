/** Revocation at both doors, over sockets. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { head, tlsClient } from '../../support/client.ts'
import { startGateway, TestClock, type TestGateway } from '../../support/gateway.ts'
import { type KeyPairFiles, Pki } from '../../support/pki.ts'
import { startUpstream } from '../../support/upstream.ts'
import { startResponder, TestHttp } from '../revocation/responder.ts'

const DAY = 86_400_000
const pki = new Pki(t)
const ca = await pki.authority('ca')
const middle = await pki.authority('middle', ca)
const stranger = await pki.authority('stranger')
const server = await pki.issue('server', { ca, names: ['DNS:a.test'], use: 'serverAuth' })
const backend = await pki.issue('backend', { ca, names: ['IP:127.0.0.1'], use: 'serverAuth' })
const client = await pki.issue('client', { ca, use: 'clientAuth' })
const odd = await pki.issue('odd', { ca, use: 'clientAuth', names: ['DNS:an_odd.test'] })
const deep = await pki.issue('deep', { ca: middle, use: 'clientAuth', through: [middle] })

function clientsYaml(upstream: string, clients: string): string {
  return `
listeners:
  - address: 127.0.0.1:0
    tls:
      - certificate: { cert: ${server.certFile}, key: ${server.keyFile} }
        clients: { mode: request, ca: ${ca.certFile}, ${clients} }
routes: [{ upstream: { endpoints: [{ address: '${upstream}' }] }, requireCertificate: true }]
`
}

function upstreamYaml(upstream: string, tls: string): string {
  return `
listeners: [{ address: 127.0.0.1:0, tls: [{ certificate: { cert: ${server.certFile}, key: ${server.keyFile} } }] }]
routes: [{ upstream: { endpoints: [{ address: '${upstream}' }], tls: { ca: ${ca.certFile}, ${tls} } } }]
`
}

/** A folder with CRLs, and how to put one there at once. */
function folderOf(t: Test, name: string) {
  const folder = pki.path(name)
  mkdirSync(folder)
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const put = (file: string, content: string | Uint8Array): void => {
    writeFileSync(`${folder}/.${file}`, content)
    renameSync(`${folder}/.${file}`, `${folder}/${file}`)
  }
  return { folder, put }
}

async function ask(t: Test, gateway: TestGateway, certificate?: KeyPairFiles): Promise<string> {
  const shown = certificate === undefined ? {} : { certificate }
  const wire = await tlsClient(t, gateway.port(), { sni: 'a.test', ...shown })
  wire.send(head('GET /', ['Connection: close'], 'a.test'))
  return (await wire.message()).start.slice(9, 12)
}

t.test('a CRL that appears refuses the next request of an open connection', async (t) => {
  const { folder, put } = folderOf(t, 'lists')
  const upstream = await startUpstream(t)
  put('old.crl', readFileSync(await pki.crl('old.crl', ca)))
  const gateway = await startGateway(t, clientsYaml(upstream.address, `crl: ${folder}`))
  const wire = await tlsClient(t, gateway.port(), { sni: 'a.test', certificate: client })
  wire.send(head('GET /1', [], 'a.test'))
  t.match((await wire.message()).start, / 200 /)
  const before = gateway.service.reload.since
  put('new.crl', readFileSync(await pki.crl('new.crl', ca, { revoked: [client] })))
  while (gateway.service.reload.since === before) await new Promise((go) => setTimeout(go, 50))
  wire.send(head('GET /2', [], 'a.test'))
  t.match((await wire.message()).start, / 400 /)
  t.ok(await gateway.line({ code: 'CERTIFICATE_REVOKED', certificate: client.fingerprint }))
  put('new.crl', 'no list')
  await gateway.service.reloadNow()
  t.match(gateway.service.reload.stale?.reason, /Could not read CRL ".*new\.crl"/)
  t.ok(gateway.told.some(({ message }) => /refused, the old one stays/.test(message)))
  t.equal(await ask(t, gateway, client), '400', 'the old one stays')
})

t.test('which CRLs count for clients', async (t) => {
  const upstream = await startUpstream(t)
  const clock = new TestClock()
  const of = async (name: string, issuer: KeyPairFiles, revoked: KeyPairFiles[] = []) =>
    await pki.crl(name, issuer, { revoked })
  const [own, theirs, inner] = [
    await of('own.crl', ca),
    await of('theirs.crl', stranger, [client]),
    await of('inner.crl', middle, [deep]),
  ]
  const both = pki.path('both.pem')
  writeFileSync(both, readFileSync(own, 'utf8') + readFileSync(inner, 'utf8'))
  const der = pki.path('own.der')
  await pki.openssl('crl', '-in', own, '-outform', 'DER', '-out', der)
  const gateway = await startGateway(t, clientsYaml(upstream.address, `crl: ${own}`), { clock })
  t.equal(await ask(t, gateway, client), '200')
  t.equal(await ask(t, gateway, deep), '400', 'no CRL of the intermediate')
  const line = await gateway.line({ code: 'CERTIFICATE_REVOCATION_UNKNOWN' })
  t.match(line.detail, /there is no CRL of its issuer/)
  const cases = [
    ['in DER', `crl: ${der}`, client, '200'],
    ['of another issuer', `crl: ${theirs}`, client, '400'],
    ['of another issuer, soft', `crl: ${theirs}, crlPolicy: soft`, client, '200'],
    ['two in one file', `crl: ${both}`, deep, '400'],
    ['no list of the root', `crl: ${inner}, crlDepth: leaf, crlPolicy: soft`, deep, '400'],
    ['leaf alone', `crl: ${inner}, crlDepth: leaf`, deep, '400'],
    ['compatible', `crl: ${own}`, odd, '200'],
    ['strict', `crl: ${own}, profile: strict`, odd, '400'],
  ] as const
  for (const [name, clients, certificate, status] of cases) {
    t.equal(await gateway.reconfigure(clientsYaml(upstream.address, clients)), undefined, name)
    t.equal(await ask(t, gateway, certificate), status, name)
  }
  const clean = await of('inner-clean.crl', middle)
  await gateway.reconfigure(clientsYaml(upstream.address, `crl: ${clean}`))
  t.equal(await ask(t, gateway, deep), '400', 'the whole chain is asked about')
  await gateway.reconfigure(clientsYaml(upstream.address, `crl: ${clean}, crlDepth: leaf`))
  t.equal(await ask(t, gateway, deep), '200', 'only the leaf is')
  await gateway.reconfigure(clientsYaml(upstream.address, `crl: ${own}`))
  clock.skip(31 * DAY)
  t.equal(await ask(t, gateway, client), '400', 'out of date')
  t.ok(await gateway.lineWhere('stale', ({ detail }) => /out of date since/.test(detail ?? '')))
  await gateway.reconfigure(clientsYaml(upstream.address, `crl: ${own}, crlPolicy: soft`))
  t.equal(await ask(t, gateway, client), '200', 'out of date, soft')
})

t.test('a folder without files, and a list that is too large', async (t) => {
  const { folder, put } = folderOf(t, 'empty')
  const upstream = await startUpstream(t)
  const gateway = await startGateway(t, clientsYaml(upstream.address, ''))
  const yaml = clientsYaml(upstream.address, `crl: ${folder}`)
  t.match(await gateway.reconfigure(yaml), /it is a folder without files/)
  put('own.crl', readFileSync(await pki.crl('large.crl', ca)))
  t.match(
    await gateway.reconfigure(`${yaml}limits: { crlSize: 100 }\n`),
    /more than limits.crlSize/,
  )
  t.equal(await gateway.reconfigure(yaml), undefined)
})

t.test('a revoked backend is refused, and its kept connections are not used', async (t) => {
  const tls = { cert: backend.chain, key: backend.key }
  const upstream = await startUpstream(t, { tls })
  const [clean, listing] = [
    await pki.crl('clean.crl', ca),
    await pki.crl('listing.crl', ca, { revoked: [backend] }),
  ]
  const gateway = await startGateway(t, upstreamYaml(upstream.address, `crl: ${clean}`))
  t.equal(await ask(t, gateway), '200')
  t.equal(await ask(t, gateway), '200')
  t.equal(upstream.connections.length, 1, 'the connection is kept')
  await gateway.reconfigure(upstreamYaml(upstream.address, `crl: ${listing}`))
  t.equal(await ask(t, gateway), '502')
  t.ok(await gateway.line({ code: 'UPSTREAM_CERTIFICATE_REFUSED' }))
  t.equal(upstream.requests.length, 2, 'it was sent nothing')
  const stale = await pki.crl('stranger.crl', stranger)
  await gateway.reconfigure(upstreamYaml(upstream.address, `crl: ${stale}`))
  t.equal(await ask(t, gateway), '502')
  await gateway.reconfigure(upstreamYaml(upstream.address, `crl: ${stale}, crlPolicy: soft`))
  t.equal(await ask(t, gateway), '200')
})

t.test('OCSP and fetched CRLs at both doors', async (t) => {
  const http = await new TestHttp().listen(t)
  const crl = readFileSync(await pki.crl('served.crl', ca))
  http.answer = (_, response) => void response.end(crl)
  const point = [`crlDistributionPoints=URI:${http.url}/ca.crl`]
  const names = { names: ['DNS:listed.test'], use: 'serverAuth' } as const
  const listed = await pki.issue('listed', { ca, ...names, extensions: point })
  const upstream = await startUpstream(t, { tls: { cert: listed.chain, key: listed.key } })
  const fetching = 'name: listed.test, crlFetch: hard, fetchFrom: [127.0.0.0/8]'
  const gateway = await startGateway(t, upstreamYaml(upstream.address, fetching))
  t.equal(await ask(t, gateway), '200')
  t.same(http.asked, ['GET /ca.crl'])
  await gateway.reconfigure(upstreamYaml(upstream.address, 'name: listed.test, crlFetch: hard'))
  t.equal(await ask(t, gateway), '502', 'loopback is not asked unless it is named')

  const plain = await startUpstream(t)
  const asking = 'ocsp: hard, fetchFrom: [127.0.0.0/8]'
  const relay = await new TestHttp().listen(t)
  const at = {
    ca,
    use: 'clientAuth',
    extensions: [`authorityInfoAccess=OCSP;URI:${relay.url}`],
  } as const
  const [fine, bad] = [await pki.issue('fine', at), await pki.issue('bad', at)]
  const responder = await startResponder(t, pki, { ca, good: [fine], revoked: [bad] })
  relay.answer = (_, response, body) => {
    const headers = { 'content-type': 'application/ocsp-request' }
    void fetch(responder, { method: 'POST', body: body.slice(), headers })
      .then(async (answer) => void response.end(new Uint8Array(await answer.arrayBuffer())))
  }
  await gateway.reconfigure(clientsYaml(plain.address, asking))
  t.equal(await ask(t, gateway, fine), '200')
  t.equal(await ask(t, gateway, fine), '200')
  t.equal(relay.asked.length, 1, 'the answer is kept')
  t.equal(await ask(t, gateway, bad), '400')
  t.ok(await gateway.line({ code: 'CERTIFICATE_REVOKED', certificate: bad.fingerprint }))
})
