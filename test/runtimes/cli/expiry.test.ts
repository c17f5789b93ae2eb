/** What operators are told about the end of certificates, made with openssl. */
import t from 'tap'
import { serveAdmin } from '../../../runtimes/cli/admin-listener.ts'
import { type ExpiryEntry, watchExpiry } from '../../../runtimes/cli/expiry.ts'
import { command } from '../../support/command.ts'
import { startGateway, TestClock } from '../../support/gateway.ts'
import { Pki } from '../../support/pki.ts'
import { writeFileSync } from 'node:fs'

const DAY = 86_400_000
const pki = new Pki(t)
const long = await pki.authority('long')
const clients = await pki.issue('clients', { isCa: true, days: 10 })
const server = await pki.issue('server', { ca: long, names: ['DNS:a.test'], days: 20 })
const acme = await pki.issue('acme', { ca: long, days: 2 })
const gateway = await pki.issue('gateway', { ca: long, days: 200 })
const crl = await pki.crl('backends.crl', long, { days: 100 })
const yaml = `
admin: { address: 127.0.0.1:0 }
listeners:
  - name: main
    address: 127.0.0.1:0
    tls:
      - names: [a.test]
        certificate: { cert: ${server.certFile}, key: ${server.keyFile} }
        clients: { mode: request, ca: ${clients.certFile}, applications: true }
upstreams:
  backend:
    endpoints: [{ address: 127.0.0.1:1 }]
    tls: { ca: ${long.certFile}, crl: ${crl}, certificate: { cert: ${gateway.certFile}, key: ${gateway.keyFile} } }
applications: [{ name: acme, certificates: [{ cert: ${acme.certFile} }] }]
routes: [{ upstream: backend }]
`

t.test('GET /certificates and /metrics show everything, the most urgent first', async (t) => {
  const clock = new TestClock()
  const { service } = await startGateway(t, yaml, { clock })
  clock.skip(3 * DAY)
  serveAdmin(service)
  const { port } = service.localAddress('admin') as { readonly port: number }
  const answer = await fetch(`http://127.0.0.1:${port}/certificates`)
  const list = await answer.json() as ExpiryEntry[]
  t.same(list.map(({ kind, usedBy, daysLeft }) => [kind, usedBy, daysLeft]), [
    ['application', 'application "acme"', -2],
    ['client-ca', 'listener "main" for "a.test"', 6],
    ['server', 'listener "main" for "a.test"', 16],
    ['crl', 'upstream "backend"', 96],
    ['upstream-client', 'upstream "backend"', 196],
    ['upstream-ca', 'upstream "backend"', 3646],
  ])
  t.match(list[0], { subject: 'CN=acme', issuer: 'CN=long', sha256: acme.fingerprint })
  t.match(list[0]?.notAfter, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.000Z$/)
  const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  const labels = `used_by="application \\"acme\\"",subject="CN=acme",sha256="${acme.fingerprint}"`
  const line = `sallyport_certificate_days_left{kind="application",${labels}} -2\n`
  t.ok(metrics.includes(line), metrics)
  t.match(metrics, /days_left\{kind="crl",used_by="upstream \\"backend\\"".*\} 96\n/)
})

t.test('the log tells at start, as days pass and after a reload, each once', async (t) => {
  const clock = new TestClock()
  const running = await startGateway(t, yaml, { clock })
  const told = (): string[] =>
    running.told.splice(0)
      .filter(({ message }) => /expire/.test(message))
      .map(({ level, fields }) => `${level} ${fields['subject']} ${fields['daysLeft']}`)
  watchExpiry(running.service)
  t.same(told(), ['warn CN=acme 1', 'warn CN=clients 9', 'warn CN=server 19'])
  clock.skip(3_600_000)
  t.same(told(), [])
  t.equal(await running.reconfigure(yaml), undefined)
  t.same(told(), [], 'a reload repeats nothing')
  clock.skip(3 * DAY)
  t.same(told(), ['error CN=acme -2', 'warn CN=clients 6'])
  clock.skip(DAY)
  t.same(told(), ['error CN=acme -3'])
  const other = await pki.issue('other', { ca: long, names: ['DNS:a.test'], days: 6 })
  const changed = yaml.replaceAll('/server.', '/other.')
  t.ok(other.certFile)
  t.equal(await running.reconfigure(changed), undefined)
  t.same(told(), ['warn CN=other 1'], 'what a reload brings is told at once')
})

t.test('check warns of what ends within 30 days', async (t) => {
  const file = pki.path('gateway.yaml')
  writeFileSync(file, yaml)
  const { code, err } = await command(['check', '-c', file])
  t.equal(code, 0)
  const warnings = err.split('\n').filter((line) => line.includes('expires'))
    .map((line) => line.replace(/^.*: warning: /, ''))
  t.same(warnings, [
    'Certificate of listener "main" for "a.test", "CN=server", expires in 19 days',
    'CA of listener "main" for "a.test", "CN=clients", expires in 9 days',
    'Certificate of application "acme", "CN=acme", expires in 1 day',
  ])
})
