/** Backends are verified by default. Turning it off takes an explicit word in the configuration and a warning at start. */
import t from 'tap'
import { head, plainClient } from '../support/client.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { Pki } from '../support/pki.ts'
import { startUpstream } from '../support/upstream.ts'
import { everythingTo } from '../core/proxy/scene.ts'

t.test('backends are verified by default; turning it off takes an explicit word and a warning', async (t) => {
  const pki = new Pki(t)
  const [ca, otherCa] = await Promise.all([pki.authority('ca'), pki.authority('other')])
  const use = 'serverAuth'
  const backend = await pki.issue('backend', { ca, names: ['DNS:backend.test'], use })
  const upstream = await startUpstream(t, { tls: { cert: backend.chain, key: backend.key } })
  const start = (tls: string): Promise<TestGateway> =>
    startGateway(t, everythingTo(upstream.address, { upstream: `retries: 0, tls: { ${tls} }` }))
  const ask = async (gateway: TestGateway): Promise<number> => {
    const client = await plainClient(t, gateway.port())
    client.send(head('GET /'))
    return (await client.message()).status
  }
  const trusted = await start(`ca: ${ca.certFile}, name: backend.test`)
  t.equal(await ask(trusted), 200)
  t.notMatch(trusted.problems, [{ message: /not verified/ }])
  const refused = {
    'the roots of the system': 'name: backend.test',
    'another authority': `ca: ${otherCa.certFile}, name: backend.test`,
    'another name': `ca: ${ca.certFile}, name: elsewhere.test`,
    'the name that is dialled': `ca: ${ca.certFile}`,
  }
  for (const [what, tls] of Object.entries(refused)) {
    const gateway = await start(tls)
    t.equal(await ask(gateway), 502, `by ${what}`)
    t.match(await gateway.line({ status: 502 }), { code: 'UPSTREAM_CERTIFICATE_REFUSED' })
  }
  const off = await start('verify: false')
  t.equal(await ask(off), 200)
  const warnings = off.problems.filter(({ message }) => /not verified/.test(message))
  t.match(warnings, [{ severity: 'warning' }], 'it warns at start')
  t.equal(upstream.requests.length, 2, 'a backend that was refused got no request')
})

t.test('no other word turns verification off', async (t) => {
  for (const word of ['no', 'off', '0', '"false"', 'null']) {
    const start = startGateway(
      t,
      everythingTo('127.0.0.1:9', { upstream: `tls: { verify: ${word} }` }),
    )
    await t.rejects(start, `verify: ${word} is no such word`)
  }
})
