import type { TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { head, plainClient } from '../../support/client.ts'
import { startGateway } from '../../support/gateway.ts'
import type { TestGateway } from '../../support/gateway.ts'
import { missing } from '../../support/programs.ts'
import { startNginx } from '../../support/nginx.ts'
import { type KeyPairFiles, Pki } from '../../support/pki.ts'
import { startUpstream, type TestUpstream } from '../../support/upstream.ts'
import { everythingTo } from './scene.ts'

const pki = new Pki(t)
const made = make()

async function make() {
  const [ca, otherCa] = await Promise.all([pki.authority('ca'), pki.authority('other-ca')])
  const names = ['DNS:inner.test', 'DNS:*.inner.test', 'IP:127.0.0.1']
  const span = { from: '20200101000000Z', until: '20210101000000Z' }
  const middle = pki.authority('middle', ca)
  const use = 'serverAuth'
  const [good, misnamed, expired, stranger, wrongUse, chained, gateway] = await Promise.all([
    pki.issue('good', { ca, names, use }),
    pki.issue('misnamed', { ca, names: ['DNS:elsewhere.test'], use }),
    pki.dated('expired', { ca, names, use, ...span }),
    pki.issue('stranger', { ca: otherCa, names, use }),
    pki.issue('wrong-use', { ca, names, use: 'clientAuth' }),
    middle.then((ca) => pki.issue('chained', { ca, names, use, through: [ca] })),
    pki.issue('gateway', { ca: otherCa, use: 'clientAuth' }),
  ])
  return { ca, otherCa, good, misnamed, expired, stranger, wrongUse, chained, gateway }
}

function secured(t: Test, pair: KeyPairFiles, more: object = {}): Promise<TestUpstream> {
  return startUpstream(t, { tls: { cert: pair.chain, key: pair.key, ...more } })
}

/** A gateway that speaks TLS to `upstream`, with these keys of `tls`. */
async function before(
  t: Test,
  upstream: { readonly address: string },
  tls: string,
): Promise<TestGateway> {
  return await startGateway(t, everythingTo(upstream.address, { upstream: `tls: { ${tls} }` }))
}

async function ask(t: Test, gateway: TestGateway): Promise<number> {
  const client = await plainClient(t, gateway.port())
  client.send(head('GET /'))
  return (await client.message()).status
}

t.test('an endpoint is taken by CA and name, and its connection kept', async (t) => {
  const { ca, good, chained } = await made
  for (const pair of [good, chained]) {
    const upstream = await secured(t, pair)
    for (const tls of [`ca: ${ca.certFile}`, `ca: ${ca.certFile}, name: inner.test`]) {
      const gateway = await before(t, upstream, tls)
      for (let i = 0; i < 3; i++) t.equal(await ask(t, gateway), 200)
      t.strictSame(gateway.problems, [])
    }
    t.equal(upstream.connections.length, 2, 'one for each gateway')
  }
})

t.test('the SNI that is sent is tls.name, and none where the endpoint is an address', async (t) => {
  const { ca, good } = await made
  const upstream = await secured(t, good)
  for (const sni of [false, 'inner.test']) {
    const tls = `ca: ${ca.certFile}${sni === false ? '' : `, name: ${sni}`}`
    await ask(t, await before(t, upstream, tls))
    const socket = upstream.connections.at(-1)?.socket as TLSSocket & { servername?: unknown }
    t.equal(socket.servername || false, sni)
  }
})

t.test('an endpoint that does not prove itself is 502, gets no request, and the log says why', {
  skip: missing('nginx'),
}, async (t) => {
  const { ca, good, misnamed, expired, stranger, wrongUse } = await made
  const own = `ca: ${ca.certFile}`
  const cases = [
    { pair: stranger, tls: own, found: 'unknown-issuer' },
    { pair: misnamed, tls: own, found: 'name-mismatch' },
    { pair: good, tls: `${own}, name: other.test`, found: 'name-mismatch' },
    { pair: expired, tls: own, found: 'expired' },
    { pair: wrongUse, tls: own, found: 'extended-key-usage' },
    { pair: good, tls: 'depth: 1', found: 'unknown-issuer' },
  ]
  for (const { pair, tls, found } of cases) {
    const nginx = await startNginx(
      t,
      `ssl_certificate ${pair.certFile}; ssl_certificate_key ${pair.keyFile}; return 200 "hello";`,
    )
    const address = `127.0.0.1:${nginx.port}`
    const gateway = await before(t, { address }, tls)
    t.equal(await ask(t, gateway), 502, found)
    const line = await gateway.line({ code: 'UPSTREAM_CERTIFICATE_REFUSED' })
    t.match(line, { status: 502, endpoint: address })
    t.match(line.detail, new RegExp(found))
    t.strictSame(nginx.log(), [], 'no request reached it')
  }
})

t.test('verify: false takes any certificate, with a warning at start', async (t) => {
  const { stranger } = await made
  const upstream = await secured(t, stranger)
  const gateway = await before(t, upstream, 'verify: false, name: lax.inner.test')
  t.equal(await ask(t, gateway), 200)
  t.match(gateway.problems, [{ severity: 'warning', message: /verif/ }])
  t.equal(gateway.problems.length, 1)
})

t.test('an endpoint that ends the connection right behind the handshake is not waited for', async (t) => {
  const { ca, good } = await made
  const upstream = await startUpstream(t, {
    tls: { cert: good.chain, key: good.key, allowHalfOpen: true },
    raw: (connection) => void connection.socket.end(),
    halfOpen: true,
  })
  const gateway = await before(t, upstream, `ca: ${ca.certFile}, name: ends.inner.test`)
  t.equal(await ask(t, gateway), 502)
  await gateway.line({ code: 'UPSTREAM_CLOSED' })
})

t.test('an endpoint that speaks no TLS is 502', async (t) => {
  const { ca } = await made
  const upstream = await startUpstream(t, {
    raw: (connection) => void connection.socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
  })
  const gateway = await before(t, upstream, `ca: ${ca.certFile}`)
  t.equal(await ask(t, gateway), 502)
  await gateway.line({ code: 'UPSTREAM_TLS_FAILED' })
})

t.test('the gateway proves itself to endpoints that ask', async (t) => {
  const { ca, otherCa, good, gateway: own } = await made
  const demands = { requestCert: true, rejectUnauthorized: true, ca: otherCa.chain }
  const upstream = await secured(t, good, demands)
  const shown = `certificate: { cert: ${own.certFile}, key: ${own.keyFile} }`
  const proved = await before(t, upstream, `ca: ${ca.certFile}, name: asks.inner.test, ${shown}`)
  t.equal(await ask(t, proved), 200)
  const { raw } = (upstream.connections[0]?.socket as TLSSocket).getPeerCertificate()
  t.strictSame(new Uint8Array(raw), own.der)
  t.equal(
    await ask(t, await before(t, upstream, `ca: ${ca.certFile}, name: asks.inner.test`)),
    502,
    'none',
  )
  t.equal(upstream.requests.length, 1)
})

t.test('a real nginx with ssl_verify_client', { skip: missing('nginx') }, async (t) => {
  const { ca, otherCa, good, gateway: own } = await made
  const nginx = await startNginx(
    t,
    `
    ssl_certificate ${good.certFile}; ssl_certificate_key ${good.keyFile};
    ssl_client_certificate ${otherCa.certFile}; ssl_verify_client on; keepalive_requests 1000;
    location / { return 200 "hello $ssl_client_s_dn"; }
    location /body { client_max_body_size 0; return 200 "$request_length"; }`,
  )
  const address = { address: `127.0.0.1:${nginx.port}` }
  const shown = `certificate: { cert: ${own.certFile}, key: ${own.keyFile} }`
  const gateway = await before(t, address, `ca: ${ca.certFile}, name: inner.test, ${shown}`)
  const client = await plainClient(t, gateway.port())
  for (let i = 0; i < 10; i++) {
    client.send(head(`GET /${i}`))
    const { status, body } = await client.message()
    t.equal(status, 200)
    t.equal(body, 'hello CN=gateway')
  }
  const connections = new Set(nginx.log().map((line) => line.split(' ')[0]))
  t.equal(connections.size, 1, 'one connection for all')
  const without = await before(t, address, `ca: ${ca.certFile}`)
  t.equal(await ask(t, without), 400, 'No required SSL certificate was sent')
  const untrusting = await before(t, address, `ca: ${otherCa.certFile}, ${shown}`)
  t.equal(await ask(t, untrusting), 502)
  await untrusting.line({ code: 'UPSTREAM_CERTIFICATE_REFUSED' })
})

t.test('a connection that was checked is not used under other rules', async (t) => {
  const { ca, otherCa, good } = await made
  const upstream = await secured(t, good)
  const config = (tls: string): string =>
    everythingTo(upstream.address, { upstream: `tls: { name: rules.inner.test, ${tls} }` })
  const gateway = await startGateway(t, config(`ca: ${ca.certFile}`))
  t.equal(await ask(t, gateway), 200)
  t.equal(await gateway.reconfigure(config(`ca: ${otherCa.certFile}`)), undefined)
  t.equal(await ask(t, gateway), 502)
  await upstream.connections[0]?.gone()
  t.equal(await gateway.reconfigure(config(`ca: ${ca.certFile}`)), undefined)
  t.equal(await ask(t, gateway), 200)
})

t.test('checkName: false takes whomever the CA vouches for, and nobody else', async (t) => {
  const { ca, misnamed, stranger } = await made
  // Servers of one process may take up each other's sessions under Deno: hence a name for each.
  const tls = (name: string): string => `ca: ${ca.certFile}, name: ${name}, checkName: false`
  const known = await before(t, await secured(t, misnamed), tls('known.inner.test'))
  t.equal(await ask(t, known), 200)
  const unknown = await before(t, await secured(t, stranger), tls('unknown.inner.test'))
  t.equal(await ask(t, unknown), 502)
  await unknown.line({ code: 'UPSTREAM_CERTIFICATE_REFUSED' })
  t.strictSame(known.problems, [])
})

t.test('the name may be that of the Host, with connections for each name', async (t) => {
  const { ca, good } = await made
  const upstream = await secured(t, good)
  const gateway = await before(t, upstream, `ca: ${ca.certFile}, name: { from: host }`)
  const asked = async (host: string): Promise<number> => {
    const client = await plainClient(t, gateway.port())
    client.send(head('GET /', [], host))
    return (await client.message()).status
  }
  for (const host of ['a.inner.test', 'b.inner.test:8443', 'A.inner.test']) {
    t.equal(await asked(host), 200, host)
  }
  t.equal(await asked('elsewhere.test'), 502, 'the certificate does not speak for that name')
  t.equal(await asked('127.0.0.1'), 200)
  const sent = upstream.connections.map(({ socket }) =>
    (socket as TLSSocket & { servername?: unknown }).servername || ''
  )
  t.strictSame(sent.filter((name) => name !== 'elsewhere.test'), [
    'a.inner.test',
    'b.inner.test',
    '',
  ])
  // A reload in between must not make it forget what there is to forget.
  await gateway.reconfigure(`${
    everythingTo(upstream.address, {
      upstream: `tls: { ca: ${ca.certFile}, name: { from: host } }`,
    })
  }# again`)
  for (let index = 0; index < 70; index++) t.equal(await asked(`n${index}.inner.test`), 200)
  await upstream.connections[0]?.gone()
  t.equal(
    await asked('a.inner.test'),
    200,
    'of very many names, those used longest ago are forgotten',
  )
})

t.test('endpoints of one upstream may have TLS of their own, or none, and paths', async (t) => {
  const { ca, otherCa, good, stranger, gateway: own } = await made
  const demands = { requestCert: true, rejectUnauthorized: true, ca: otherCa.chain }
  const first = await secured(t, good)
  const second = await secured(t, stranger, demands)
  const plain = await startUpstream(t)
  const certificate = `{ cert: ${own.certFile}, key: ${own.keyFile} }`
  const name = 'apart.inner.test'
  const endpoints = [
    `{ address: '${first.address}' }`,
    `{ address: '${second.address}', path: /v2, ` +
    `tls: { ca: ${otherCa.certFile}, name: ${name}, certificate: ${certificate} } }`,
    `{ address: '${plain.address}', path: /v3/x, tls: false }`,
  ]
  const tls = `ca: ${ca.certFile}, name: own.inner.test`
  const yaml = everythingTo(endpoints, { upstream: `tls: { ${tls} }` })
  const gateway = await startGateway(t, yaml)
  t.strictSame(gateway.problems, [])
  const client = await plainClient(t, gateway.port())
  for (let turn = 0; turn < 6; turn++) {
    client.send(head('GET /a?b=c'))
    t.equal((await client.message()).status, 200)
  }
  const starts = [first, second, plain].map(({ requests }) => requests.map(({ start }) => start))
  t.strictSame(starts, [
    ['GET /a?b=c HTTP/1.1', 'GET /a?b=c HTTP/1.1'],
    ['GET /v2/a?b=c HTTP/1.1', 'GET /v2/a?b=c HTTP/1.1'],
    ['GET /v3/x/a?b=c HTTP/1.1', 'GET /v3/x/a?b=c HTTP/1.1'],
  ])
  t.equal((second.connections[0]?.socket as TLSSocket).getPeerCertificate().subject.CN, 'gateway')
  const lax = endpoints[1]?.replace('ca: ', 'verify: false, ca: ') as string
  await gateway.reconfigure(everythingTo(lax, { upstream: `tls: { ${tls} }` }))
  t.match(gateway.told.map(({ message }) => message), ['Configuration reloaded'])
})
