/** Metrics in the names of APISIX's plugin `prometheus`. */
import t from 'tap'
import { startUpstream } from '../../support/upstream.ts'
import { ask, homeWith, start } from './apisix-scene.ts'

t.test('what APISIX counts', async (t) => {
  const upstream = await startUpstream(t)
  const home = homeWith(
    t,
    `apisix:
  node_listen: [{ ip: 127.0.0.1, port: 0 }]
  ssl: { listen: [{ ip: 127.0.0.1, port: 0 }] }
deployment:
  admin: { admin_key_required: false, admin_listen: { ip: 127.0.0.1, port: 0 } }
plugin_attr: { prometheus: { export_addr: { ip: 127.0.0.1, port: 0 } } }
`,
  )
  const { admin, http, program } = await start(t, home)
  const [, exported] = await program.said(/"listener":"prometheus","address":"[^"]*:(\d+)"/)
  const put = async (path: string, document: unknown): Promise<void> => {
    const body = JSON.stringify(document)
    const { status } = await ask(admin, `/apisix/admin${path}`, { method: 'PUT', body })
    t.equal(status, 201)
  }
  await put('/consumers', { username: 'jack', plugins: { 'key-auth': { key: 'k' } } })
  await put('/services/s', { upstream: { nodes: { [upstream.address]: 1 } } })
  const plugins = { 'key-auth': {}, 'prometheus': {} }
  await put('/routes/r', { uri: '/hello', host: 'a.com', service_id: 's', plugins })
  await ask(http, '/hello', { host: 'a.com', headers: { apikey: 'k' } })
  await ask(http, '/hello', { host: 'a.com', headers: { apikey: 'k' } })
  await ask(http, '/hello', { host: 'a.com' })
  const page = await ask(Number(exported), '/apisix/prometheus/metrics')
  t.equal(page.status, 200)
  const route = 'route="r",matched_uri="/hello",matched_host="a.com",service="s"'
  const has = (line: string): void => void t.ok(page.text.split('\n').includes(line), line)
  has(`apisix_http_status{code="200",${route},consumer="jack",node="127.0.0.1"} 2`)
  has(`apisix_http_status{code="401",${route},consumer="",node=""} 1`)
  const by = 'route="r",service="s",consumer="jack",node="127.0.0.1"'
  for (const type of ['request', 'upstream', 'apisix']) {
    has(`apisix_http_latency_count{type="${type}",${by}} 2`)
    has(`apisix_http_latency_bucket{type="${type}",${by},le="+Inf"} 2`)
  }
  has(`apisix_bandwidth{type="ingress",${by}} 0`)
  has('apisix_http_requests_total 3')
  t.equal((await ask(Number(exported), '/apisix/admin/routes')).status, 404)
  t.equal((await ask(admin, '/apisix/prometheus/metrics')).status, 200)
})
