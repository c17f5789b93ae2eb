import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { certificateToHeader } from '../../../core/pki/mod.ts'
import { command, type Ended } from '../../support/command.ts'
import { MANAGED, Managed } from '../../support/managed.ts'
import { Pki } from '../../support/pki.ts'

const pki = new Pki(t)
const ca = await pki.authority('ca')
const other = await pki.authority('other')
const server = await pki.issue('server', { ca, names: ['DNS:test.com'], use: 'serverAuth' })
const middle = await pki.authority('middle', ca)
const acme = await pki.issue('acme', { ca: middle, through: [middle], use: 'clientAuth' })
const stranger = await pki.issue('stranger', { ca, use: 'clientAuth' })
const forged = await pki.issue('forged', { ca: other, use: 'clientAuth' })

const certificate = `certificate: { cert: ${server.certFile}, key: ${server.keyFile} }`
const file = pki.path('gateway.yaml')
writeFileSync(
  file,
  `listeners:
  - name: plain
    address: 127.0.0.1:9080
    trustedProxies: { cidrs: [10.1.2.0/24], clientCertificateHeader: X-Client-Cert }
    clients: { mode: request, ca: ${ca.certFile} }
  - name: bare
    address: 127.0.0.1:9081
  - name: secure
    address: 127.0.0.1:9443
    tls:
      - names: [test.com]
        ${certificate}
        clients: { mode: request, ca: ${ca.certFile} }
      - names: [strict.test.com]
        ${certificate}
        clients: { mode: require, ca: ${ca.certFile} }
      - names: [open.test.com]
        ${certificate}
upstreams:
  demo: { endpoints: [{ address: 127.0.0.1:9090 }] }
apis:
  - name: orders
    match: { paths: [/orders/*] }
    upstream: demo
    plans: [{ name: partners, type: mtls }, { name: keys, type: api-key }]
applications:
  - name: acme
    certificates: [{ cert: ${acme.certFile} }]
    apiKeys: [{ key: a-key }]
    subscriptions: [{ api: orders, plan: partners }, { api: orders, plan: keys }]
routes:
  - { name: hello, match: { paths: [/hello], methods: [GET] }, upstream: demo }
`,
)

const explain = (...args: string[]): Promise<Ended> => command(['explain', '-c', file, ...args])
const orders = ['--host', 'test.com', '--path', '/orders/1']

t.test('let in, step by step', async (t) => {
  const { code, out, err } = await explain(...orders, '--cert', acme.certFile)
  t.equal(code, 0)
  t.equal(err, '')
  t.match(out, 'Listener "secure"')
  t.match(out, 'SNI "test.com" selects server certificate "CN=server"')
  t.match(out, `Client certificate "CN=acme", SHA-256 ${acme.fingerprint}`)
  t.match(out, 'Trusted by "CN=acme" < "CN=middle" < "CN=ca"')
  t.match(
    out,
    'Let in by plan "partners" for application "acme": route "orders" to upstream "demo"',
  )
})

t.test('refused, with what to do', async (t) => {
  const cases: (readonly [string, readonly string[], RegExp])[] = [
    [
      'unknown',
      [...orders, '--cert', stranger.certFile],
      /answers 401, CERTIFICATE_UNKNOWN\nTo do: /,
    ],
    ['untrusted', [...orders, '--cert', forged.certFile], /answers 401, CERTIFICATE_UNTRUSTED/],
    ['without', orders, /answers 401, CERTIFICATE_MISSING/],
    [
      'before its time',
      [...orders, '--cert', acme.certFile, '--at', '2001-01-01'],
      /NOT_YET_VALID/,
    ],
    ['expired', [...orders, '--cert', acme.certFile, '--at', '2099-01-01'], /CERTIFICATE_EXPIRED/],
    ['no route', ['--host', 'test.com', '--path', '/none'], /answers 404, ROUTE_NOT_FOUND/],
    [
      'method',
      ['--host', 'test.com', '--path', '/hello', '--method', 'POST'],
      /answers 404, ROUTE_NOT_FOUND/,
    ],
    [
      'required',
      ['--host', 'strict.test.com', '--path', '/hello'],
      /closes the connection, CERTIFICATE_MISSING/,
    ],
    [
      'misdirected',
      ['--host', 'strict.test.com', '--path', '/hello', '--sni', 'TEST.com'],
      /answers 421, HOST_MISDIRECTED/,
    ],
    [
      'unknown SNI',
      ['--host', 'example.com', '--path', '/hello', '--listener', 'secure'],
      /closes the connection, SNI_UNKNOWN/,
    ],
    ['malformed', ['--host', 'test.com', '--path', '/a/..%2fb'], /answers 400, MALFORMED_REQUEST/],
    ['no path', ['--host', 'test.com', '--path', 'hello'], /answers 400, MALFORMED_REQUEST/],
  ]
  for (const [name, args, expected] of cases) {
    const { code, out } = await explain(...args)
    t.equal(code, 1, name)
    t.match(out, expected, name)
  }
})

t.test('other ways in', async (t) => {
  const key = await explain(...orders, '--header', 'X-Api-Key: a-key')
  t.equal(key.code, 0)
  t.match(key.out, 'by plan "keys" for application "acme"')
  const hello = await explain('--host', 'TEST.com:9443', '--path', '/hello?a=b', '--json')
  t.equal(hello.code, 0)
  t.match(JSON.parse(hello.out), { answer: 'forward', route: 'hello', upstream: 'demo' })
})

t.test('a certificate that nobody asks for', async (t) => {
  const open = ['--host', 'open.test.com', '--path', '/orders/1', '--cert', acme.certFile]
  const { code, out, err } = await explain(...open)
  t.equal(code, 1)
  t.match(out, 'CERTIFICATE_MISSING')
  t.match(err, 'nobody asks for the certificate')
  const bare = await explain(...orders, '--listener', 'bare', '--cert', acme.certFile)
  t.equal(bare.code, 1)
  t.match(bare.err, 'no header carries the certificate')
})

t.test('a certificate in the header of a trusted proxy', async (t) => {
  const plain = [...orders, '--listener', 'plain']
  const carried = await explain(...plain, '--cert', stranger.certFile)
  t.match(carried.out, 'The peer 10.1.2.0 is a trusted proxy')
  t.match(carried.out, 'CERTIFICATE_UNKNOWN')
  const far = await explain(...plain, '--cert', stranger.certFile, '--address', '192.0.2.1')
  t.match(far.out, 'The peer 192.0.2.1 is no trusted proxy')
  t.match(far.out, 'CERTIFICATE_MISSING')
  const header = ['--header', `x-client-cert: ${certificateToHeader(stranger.der)}`]
  const sent = await explain(...plain, ...header, '--address', '10.1.2.3')
  t.match(sent.out, 'CERTIFICATE_UNKNOWN')
  const twice = await explain(...plain, ...header, '--cert', stranger.certFile)
  t.match(twice.out, 'came more than once')
})

t.test('DER, and what is no certificate', async (t) => {
  writeFileSync(pki.path('stranger.der'), stranger.der)
  const der = await explain(...orders, '--cert', pki.path('stranger.der'))
  t.match(der.out, 'Client certificate "CN=stranger"')
  writeFileSync(pki.path('cut.der'), stranger.der.subarray(0, 300))
  const cut = await explain(...orders, '--cert', pki.path('cut.der'))
  t.equal(cut.code, 1)
  t.match(cut.out, 'CERTIFICATE_MALFORMED')
  const key = await explain(...orders, '--cert', stranger.keyFile)
  t.equal(key.code, 2)
  t.match(key.err, 'it holds no certificate')
})

t.test('wrong use', async (t) => {
  const cases: (readonly [readonly string[], RegExp])[] = [
    [['--host', 'test.com'], /--host and --path are needed/],
    [['--path', '/'], /--host and --path are needed/],
    [[...orders, '--listener', 'none'], /there are "plain", "bare", "secure"/],
    [[...orders, '--cert', join('/none', 'x')], /ENOENT/],
    [[...orders, '--header', 'nothing'], /expected 'Name: value'/],
    [[...orders, '--header', 'A: b\r\nC: d'], /a line end/],
    [[...orders, '--at', 'tomorrow'], /expected a time/],
    [[...orders, '--address', 'here'], /not an IP address/],
    [[...orders, '-c', pki.path('none.yaml')], /ENOENT/],
  ]
  for (const [args, expected] of cases) {
    const { code, out, err } = await explain(...args)
    t.equal(code, 2, args.join(' '))
    t.equal(out, '')
    t.match(err, expected)
  }
})

t.test('a gateway that runs is asked with what its store says', async (t) => {
  const config = pki.path('running.yaml')
  writeFileSync(config, `${MANAGED}listeners: [{ name: plain, address: 127.0.0.1:0 }]\n`)
  const gateway = await new Managed(t, config).started()
  const asked = ['--gateway', gateway.admin, '--host', 'test.com', '--path', '/orders/1']
  const before = await command(['explain', ...asked])
  t.equal(before.code, 1)
  t.match(before.out, /ROUTE_NOT_FOUND/)
  await gateway.open('/orders', 'http://127.0.0.1:9')
  const after = await command(['explain', ...asked, '--json'])
  t.equal(after.code, 0)
  t.match(JSON.parse(after.out), { answer: 'forward', grant: { planType: 'keyless' } })
  const wrong = await command(['explain', '--gateway', gateway.admin, '--host', 'test.com'])
  t.equal(wrong.code, 2)
  t.match(wrong.err, /400 .*--host and --path are needed/)
})
