/** The Admin API listens on loopback unless told otherwise, and never gives back a private key or a PKCS#12 payload. */
import t from 'tap'
import { serveAdmin } from '../../runtimes/cli/admin-listener.ts'
import { ADMIN } from '../../runtimes/cli/service.ts'
import { readConfigurationObject } from '../../core/snapshot/mod.ts'
import { startGateway } from '../support/gateway.ts'
import { entry, makeCertificates } from '../core/proxy/tls-scene.ts'

const ROUTES = 'routes: [{ upstream: { endpoints: [{ address: "127.0.0.1:9" }] } }]'

t.test('the admin listener is on loopback unless told otherwise', async (t) => {
  const document = {
    listeners: [{ address: '127.0.0.1:0' }],
    routes: [{ upstream: { endpoints: [{ address: '127.0.0.1:9' }] } }],
  }
  const { configuration } = await readConfigurationObject({ ...document, admin: {} })
  t.same(configuration?.admin?.address, { host: '127.0.0.1', port: 9180 })
  const wide = await readConfigurationObject({ ...document, admin: { address: '0.0.0.0:9180' } })
  t.match(wide.problems, [{ severity: 'warning', message: /no loopback address/ }])
  const none = await readConfigurationObject(document)
  t.equal(none.configuration?.admin, undefined, 'and none is opened that nobody asked for')
})

t.test('the admin listener never gives back a private key', async (t) => {
  const { server, ca } = await makeCertificates(t)
  const listener = entry(['test.com'], server, `mode: request, ca: ${ca.certFile}`)
  const gateway = await startGateway(
    t,
    `listeners: [{ name: main, address: 127.0.0.1:0, tls: [${listener}] }]
admin: { address: 127.0.0.1:0 }
${ROUTES}`,
  )
  serveAdmin(gateway.service)
  const { port } = gateway.service.localAddress(ADMIN) ?? { port: 0 }
  const secret = server.key.split('\n')[1] ?? 'none'
  for (const path of ['/certificates', '/metrics', '/readyz', '/healthz', '/', '/nothing']) {
    const text = await (await fetch(`http://127.0.0.1:${port}${path}`)).text()
    t.notMatch(text, /PRIVATE KEY/, `${path} holds no key`)
    t.notOk(text.includes(secret), `${path} holds no piece of the key`)
  }
})
