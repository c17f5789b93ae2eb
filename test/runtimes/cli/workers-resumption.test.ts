/** Sessions that one worker made and another takes up. */
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import process from 'node:process'
import t from 'tap'
import { freePort } from '../../support/free-port.ts'
import { Pki } from '../../support/pki.ts'
import { Sallyport } from '../../support/sallyport.ts'
import { sClient } from '../../support/s-client.ts'

t.test('workers share sessions, also of clients that sent intermediates', async (t) => {
  const pki = new Pki(t)
  const ca = await pki.authority('ca')
  const middle = await pki.authority('middle', ca)
  const server = await pki.issue('server', { ca, names: ['DNS:a.test'], use: 'serverAuth' })
  const certificate = await pki.issue('client', { ca: middle, use: 'clientAuth' })
  const upstream = createServer((_, response) => response.end('hello'))
  await new Promise<void>((done) => upstream.listen(0, '127.0.0.1', done))
  t.teardown(() => {
    upstream.closeAllConnections()
    upstream.close()
  })
  const port = await freePort()
  const file = pki.path('gateway.yaml')
  writeFileSync(
    file,
    `workers: 2
listeners:
  - name: secure
    address: 127.0.0.1:${port}
    tls:
      - names: [a.test]
        certificate: { cert: server.crt, key: server.key }
        clients: { mode: require, ca: ca.crt }
routes:
  - upstream: { endpoints: [{ address: 127.0.0.1:${(upstream.address() as AddressInfo).port} }] }
`,
  )
  t.ok(server.certFile)
  const program = new Sallyport(t, ['run', '-c', file])
  await program.said(/"Listening".*\n[^]*"Listening"/)
  const own = { sni: 'a.test', certificate, chainFile: middle.certFile }
  for (const version of ['tls1_2', 'tls1_3'] as const) {
    const keep = pki.path(`${version}.pem`)
    t.match(await sClient(port, { ...own, version, keep }), { status: 200, resumed: false })
    for (let i = 0; i < 4; i++) {
      const { status, resumed, text } = await sClient(port, { ...own, version, resume: keep })
      t.equal(status, 200, text)
      // On Deno each process keeps its own sessions.
      if (!('deno' in process.versions)) t.ok(resumed, `${version} ${i}`)
    }
  }
  t.equal((await program.stop()).code, 0)
})
