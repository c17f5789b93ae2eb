/** Documents of APISIX's that come from a file, or in one piece through its API; and what they become natively. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Sallyport, sallyport } from '../../support/sallyport.ts'
import { startUpstream } from '../../support/upstream.ts'
import { homeWith, start } from './apisix-scene.ts'

const LISTEN = `apisix:
  node_listen: [{ ip: 127.0.0.1, port: 0 }]
  ssl: { enable: false }
`

t.test('apisix.yaml is read when it is whole, and again when it changes', async (t) => {
  const upstream = await startUpstream(t)
  const home = homeWith(
    t,
    `${LISTEN}deployment:
  role: data_plane
  role_data_plane: { config_provider: yaml }
`,
  )
  const file = join(home, 'conf', 'apisix.yaml')
  const routes = (uri: string): string =>
    `routes:\n  - uri: ${uri}\n    upstream: { nodes: { "\${{UPSTREAM}}": 1 }, type: roundrobin }\n`
  writeFileSync(file, routes('/one') + '#END\n')
  const env = { UPSTREAM: upstream.address }
  const program = new Sallyport(t, ['run', '-c', 'conf/config.yaml'], { cwd: home, env })
  const [, port] = await program.said(/"listener":"http-1","address":"[^"]*:(\d+)"/)
  const status = async (path: string): Promise<number> => {
    const response = await fetch(`http://127.0.0.1:${port}${path}`)
    await response.text()
    return response.status
  }
  t.equal(await status('/one'), 200)
  t.notMatch(program.out, /"listener":"admin"/, 'who has traffic alone has no Admin API')
  writeFileSync(file, routes('/two'))
  await program.said(/Documents could not be read[^\n]*does not end with #END/)
  t.strictSame([await status('/one'), await status('/two')], [200, 404])
  writeFileSync(file, routes('/two') + '#END\n')
  await program.said(/(?:"message":"Documents read"[^]*){2}/)
  while (await status('/two') !== 200) await new Promise((done) => setTimeout(done, 20))
  t.equal(await status('/one'), 404)
})

t.test('the API of standalone mode', async (t) => {
  const upstream = await startUpstream(t)
  const home = homeWith(
    t,
    `apisix:
  node_listen: [{ ip: 127.0.0.1, port: 0 }]
  ssl: { listen: [{ ip: 127.0.0.1, port: 0 }] }
deployment:
  role: traditional
  role_traditional: { config_provider: yaml }
  admin:
    admin_key: [{ name: admin, key: secret, role: admin }]
    admin_listen: { ip: 127.0.0.1, port: 0 }
`,
  )
  const { admin, http } = await start(t, home)
  const configs = async (
    method: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Response> => {
    const url = `http://127.0.0.1:${admin}/apisix/admin/configs`
    const own = { 'X-API-KEY': 'secret', ...headers }
    return await fetch(url, {
      method,
      headers: own,
      body: body === undefined ? null : JSON.stringify(body),
    })
  }
  const route = (uri: string) => ({ id: 'r1', uri, upstream: { nodes: { [upstream.address]: 1 } } })
  const first = { routes: [route('/one')], routes_conf_version: 2 }
  t.equal((await configs('PUT', first)).status, 400, 'without a digest')
  const put = await configs('PUT', first, { 'X-Digest': 'd1' })
  t.strictSame([put.status, put.headers.get('x-digest')], [202, 'd1'])
  const status = async (path: string): Promise<number> => {
    const response = await fetch(`http://127.0.0.1:${http}${path}`)
    await response.text()
    return response.status
  }
  t.equal(await status('/one'), 200)
  t.equal((await configs('PUT', first, { 'X-Digest': 'd1' })).status, 204)
  const older = { routes: [route('/two')], routes_conf_version: 1 }
  const refused = await configs('PUT', older, { 'X-Digest': 'd2' })
  t.strictSame([refused.status, await refused.json()], [400, {
    error_msg: 'routes_conf_version must be greater than or equal to (2)',
  }])
  const same = { routes: [route('/other')], routes_conf_version: 2 }
  t.equal((await configs('PUT', same, { 'X-Digest': 'd2' })).status, 202)
  t.strictSame([await status('/one'), await status('/other')], [200, 404], 'its version stays')
  const bad = await configs('PUT', { routes: [{ uri: 1 }] }, { 'X-Digest': 'd3' })
  t.equal(bad.status, 400)
  t.equal((await configs('PUT', { routes: [route('/two')] }, { 'X-Digest': 'd4' })).status, 202)
  t.strictSame([await status('/one'), await status('/two')], [404, 200])
  const told = await (await configs('GET')).json() as Record<string, unknown>
  t.strictSame([told['routes_conf_version'], told['ssls_conf_version']], [3, 3])
})

t.test('import prints a document that can be run', async (t) => {
  const home = homeWith(t, `${LISTEN}sallyport: { verify_upstreams: true }\n`)
  const text = `
upstreams:
  - { id: 1, nodes: { "10.0.0.1:443": 1 }, scheme: https }
routes:
  - { id: 1, uri: /a/*, host: a.com, upstream_id: 1, plugins: { key-auth: {}, limit-req: { rate: 1, burst: 2, key: uri } } }
  - { id: 2, uri: /b, plugins: { redirect: { uri: /c } } }
  - { id: 3, uri: /c, upstream_id: 1, filter_func: "function(vars) return true end" }
consumers:
  - { username: jack, plugins: { key-auth: { key: k } } }
global_rules:
  - { id: 1, plugins: { request-id: {} } }
#END
`
  writeFileSync(join(home, 'apisix.yaml'), text)
  const args = ['import', 'apisix.yaml', '-c', 'conf/config.yaml']
  const { code, out, err } = await sallyport(t, args, { cwd: home })
  t.equal(code, 0)
  t.match(err, /apisix\.yaml: error: \/routes\/3: .*filter_func is Lua/)
  writeFileSync(join(home, 'gateway.yaml'), out)
  const checked = await sallyport(t, ['check', '-c', 'gateway.yaml'], { cwd: home })
  t.strictSame([checked.code, checked.err], [0, ''])
  t.match(out, /name: route-1[^]*host|namePrefix: consumer-/)
  const nothing = await sallyport(t, ['import', 'none.yaml'], { cwd: home })
  t.equal(nothing.code, 2)
})
