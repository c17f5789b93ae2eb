/** Sessions that clients take up again, with `openssl s_client`. */
import { rmSync } from 'node:fs'
import process from 'node:process'
import t from 'tap'
import { Pki } from '../../support/pki.ts'
import { sClient, type SClientOptions } from '../../support/s-client.ts'
import { startGateway, TestClock } from '../../support/gateway.ts'
import { startUpstream } from '../../support/upstream.ts'

const HOUR = 3_600_000
const pki = new Pki(t)
const ca = await pki.authority('ca')
const middle = await pki.authority('middle', ca)
const serverNames = ['DNS:*.a.test', 'DNS:b.test']
const server = await pki.issue('server', { ca, names: serverNames, use: 'serverAuth' })
const direct = await pki.issue('direct', { ca, use: 'clientAuth' })
const distant = await pki.issue('distant', { ca: middle, use: 'clientAuth' })
const short = await pki.issue('short', { ca, use: 'clientAuth', days: 1 })
const versions = ['tls1_2', 'tls1_3'] as const

/** A gateway that asks for certificates at `*.a.test`, in the way that `clients` says, and for none at `b.test`. */
function yaml(upstream: string, clients: string, more = ''): string {
  const certificate = `{ cert: ${server.certFile}, key: ${server.keyFile} }`
  return `
listeners:
  - address: 127.0.0.1:0
    tls:
      - { names: ['*.a.test'], certificate: ${certificate}, clients: ${clients} }
      - { names: [b.test], certificate: ${certificate} }
  - address: 127.0.0.2:0
    name: open
    tls: [{ names: ['*.a.test'], certificate: ${certificate} }]
routes: [{ upstream: { endpoints: [{ address: '${upstream}' }] } }]
${more}`
}

const required = `{ mode: require, ca: ${ca.certFile} }`

async function setUp(t: Parameters<typeof startGateway>[0], clients: string, more?: string) {
  const upstream = await startUpstream(t)
  const clock = new TestClock()
  const text = (policy: string, rest = more): string => yaml(upstream.address, policy, rest)
  const gateway = await startGateway(t, text(clients), { clock })
  const file = pki.path(`${t.name.replace(/\W/g, '')}.pem`)
  t.teardown(() => rmSync(file, { force: true }))
  const ask = ({ port, ...options }: SClientOptions & { readonly port?: number }) =>
    sClient(port ?? gateway.port(), options)
  return { gateway, clock, file, ask, text }
}

for (const version of versions) {
  t.test(`a session opens the name again that it was made for, and no other: ${version}`, async (t) => {
    const { gateway, file, ask } = await setUp(t, required)
    const own = { sni: 'x.a.test', version, certificate: direct }
    t.match(await ask({ ...own, keep: file }), { status: 200, resumed: false })
    t.match(await ask({ ...own, resume: file }), { status: 200, resumed: true })
    t.equal(gateway.service.counters().resumed['127.0.0.1:0'], 1)
    const sibling = { ...own, sni: 'y.a.test', resume: file }
    t.match(await ask(sibling), { status: 200, resumed: false }, 'same entry, other name')
    const other = { ...own, sni: 'b.test', resume: file }
    t.match(await ask(other), { status: 200, resumed: false }, 'other policy')
    const bare = { sni: 'b.test', version, keep: file }
    t.match(await ask(bare), { status: 200, resumed: false })
    const smuggled = await ask({ sni: 'x.a.test', version, resume: file })
    t.match(smuggled, { status: undefined, resumed: false }, 'no way in without a certificate')
    const open = { host: '127.0.0.2', port: gateway.port('open') }
    const elsewhere = { sni: 'x.a.test', version, keep: file, ...open }
    t.match(await ask(elsewhere), { status: 200, resumed: false })
    const carried = await ask({ sni: 'x.a.test', version, resume: file })
    t.equal(carried.status, undefined, 'a session of a listener that asks nobody')
  })

  t.test(`a session made with intermediates is trusted when it is taken up: ${version}`, async (t) => {
    const { file, ask } = await setUp(t, required)
    const own = { sni: 'x.a.test', version, certificate: distant, chainFile: middle.certFile }
    t.match(await ask({ ...own, keep: file }), { status: 200, resumed: false })
    t.match(await ask({ ...own, resume: file }), { status: 200, resumed: true })
  })

  t.test(`keys of tickets change with time, and nobody is turned away: ${version}`, async (t) => {
    const { clock, file, ask } = await setUp(t, required, 'tickets: { rotate: 1h }')
    const own = { sni: 'x.a.test', version, certificate: direct }
    t.match(await ask({ ...own, keep: file }), { status: 200, resumed: false })
    clock.skip(HOUR)
    const late = await ask({ ...own, resume: file })
    t.equal(late.status, 200)
    // Deno's TLS stack keeps sessions itself, without tickets and keys.
    t.equal(late.resumed, 'deno' in process.versions)
    t.match(await ask({ ...own, keep: file }), { status: 200, resumed: false })
    t.match(await ask({ ...own, resume: file }), { status: 200, resumed: true })
  })

  t.test(`whoever has expired since is not let in by a session: ${version}`, async (t) => {
    const { gateway, clock, file, ask } = await setUp(t, required, 'tickets: { rotate: 590h }')
    const own = { sni: 'x.a.test', version, certificate: short }
    t.match(await ask({ ...own, keep: file }), { status: 200, resumed: false })
    clock.skip(25 * HOUR)
    t.match(await ask({ ...own, resume: file }), { status: undefined })
    t.ok(await gateway.line({ code: 'CERTIFICATE_EXPIRED', certificate: short.fingerprint }))
  })

  t.test(`whoever was removed since is not let in by a session: ${version}`, async (t) => {
    const member = `applications: [{ name: one, certificates: [{ cert: ${direct.certFile} }] }]`
    const { gateway, file, ask, text } = await setUp(t, '{ mode: require }', member)
    const own = { sni: 'x.a.test', version, certificate: direct }
    t.match(await ask({ ...own, keep: file }), { status: 200, resumed: false })
    t.match(await ask({ ...own, resume: file }), { status: 200, resumed: true })
    const others = `applications: [{ name: one, certificates: [{ cert: ${short.certFile} }] }]`
    t.equal(await gateway.reconfigure(text('{ mode: require }', others)), undefined)
    t.match(await ask({ ...own, resume: file }), { status: undefined, resumed: true })
    t.ok(await gateway.line({ code: 'CERTIFICATE_UNKNOWN', certificate: direct.fingerprint }))
  })

  t.test(`whoever was revoked since is not let in by a session: ${version}`, async (t) => {
    const { gateway, file, ask, text } = await setUp(t, required)
    const own = { sni: 'x.a.test', version, certificate: direct }
    t.match(await ask({ ...own, keep: file }), { status: 200, resumed: false })
    const crl = await pki.crl(`${version}.crl`, ca, { revoked: [direct] })
    const policy = `{ mode: require, ca: ${ca.certFile}, crl: ${crl} }`
    t.equal(await gateway.reconfigure(text(policy)), undefined)
    t.match(await ask({ ...own, resume: file }), { status: undefined })
    t.ok(await gateway.line({ code: 'CERTIFICATE_REVOKED', certificate: direct.fingerprint }))
  })
}
