/** What api7's `adc` does with the Admin API, over mutual TLS, at the running gateway. */
import t from 'tap'
import { Pki } from '../../support/pki.ts'
import { startUpstream } from '../../support/upstream.ts'
import { Adc, type AdcConfiguration } from './apisix-adc.ts'
import { homeWith, KEY, start } from './apisix-scene.ts'

t.test('a client as ADC', async (t) => {
  const pki = new Pki(t)
  const ca = await pki.issue('ca', { isCa: true })
  const admin = await pki.issue('admin', { ca, names: ['DNS:localhost'] })
  const client = await pki.issue('client', { ca, use: 'clientAuth' })
  const names = ['DNS:shop.example']
  const elliptic = await pki.issue('shop', { ca, names })
  const rsa = await pki.issue('shop of RSA', { ca, names, key: 'RSA' })
  const upstream = await startUpstream(t)
  const home = homeWith(
    t,
    `apisix:
  node_listen: [{ ip: 127.0.0.1, port: 0 }]
  ssl: { listen: [{ ip: 127.0.0.1, port: 0 }] }
deployment:
  admin:
    admin_key: [{ name: admin, key: ${KEY}, role: admin }]
    admin_listen: { ip: 127.0.0.1, port: 0 }
    https_admin: true
    admin_api_mtls:
      admin_ssl_ca_cert: ${ca.certFile}
      admin_ssl_cert: ${admin.certFile}
      admin_ssl_cert_key: ${admin.keyFile}
`,
  )
  const running = await start(t, home)
  const adc = new Adc(running.admin, KEY, ca.chain, client)
  t.teardown(() => adc.close())

  const routes = Array.from({ length: 25 }, (_, at) => ({
    name: `route ${at}`,
    uris: [`/shop/${at}`, `/shop/${at}/*`],
    methods: ['GET'],
  }))
  const node = { host: '127.0.0.1', port: upstream.port, weight: 100 }
  const wanted: AdcConfiguration = {
    services: [{
      name: 'shop',
      upstream: { name: 'default', type: 'roundrobin', scheme: 'http', nodes: [node] },
      plugins: { 'response-rewrite': { headers: { set: { 'x-by': 'adc' } } } },
      routes,
    }],
    ssls: [{
      snis: ['shop.example'],
      certificates: [elliptic, rsa].map(({ chain: certificate, key }) => ({ certificate, key })),
      client: { ca: ca.chain, depth: 2 },
    }],
    consumers: [{ username: 'jack', plugins: { 'key-auth': { key: 'jacks-key' } } }],
    global_rules: { 'request-id': {} },
  }
  const curl = `curl -skS -o /dev/null -D - --resolve 'shop.example:${running.https}:127.0.0.1'`
  const ask = async (path: string): Promise<string> => {
    const own = `--cert ${client.certFile} --key ${client.keyFile}`
    return (await running.sh(`${curl} ${own} https://shop.example:${running.https}${path}`)).text
  }

  t.test('ping tells the version', async (t) => {
    t.match(await adc.ping(), /^3\.\d+\.\d+$/)
  })

  t.test('validate', async (t) => {
    t.strictSame(await adc.validate(wanted), [])
    const broken = { ...wanted, consumers: [{ username: 'jack', plugins: { 'key-auth': {} } }] }
    t.match(await adc.validate(broken), [{
      resource_type: 'consumers',
      index: 0,
      error: /^invalid consumers at index 0, err: /,
    }])
  })

  t.test('sync; a second one does nothing', async (t) => {
    t.equal(await adc.sync(wanted), 30)
    t.strictSame(await adc.diff(wanted), [])
    t.equal(await adc.sync(wanted), 0)
    const head = await ask('/shop/24/x')
    t.match(head, /^HTTP\/2 200/)
    t.match(head, /x-by: adc/)
    t.match(head, /x-request-id: /)
  })

  t.test('dump gives no key back', async (t) => {
    const text = JSON.stringify([...await adc.dump()])
    t.match(text, /shop\.example/)
    t.notMatch(text, /PRIVATE KEY/)
  })

  t.test('sync of less deletes the rest', async (t) => {
    const [service] = wanted.services ?? []
    const less = {
      ...wanted,
      consumers: [],
      services: [{ ...service, routes: routes.slice(0, 2) }],
    }
    t.equal(await adc.sync(less), 24)
    t.match(await ask('/shop/24'), /^HTTP\/2 404/)
    t.match(await ask('/shop/1'), /^HTTP\/2 200/)
    t.equal(await adc.sync({}), 6)
    t.strictSame([...await adc.dump()], [])
  })
})
