/** `deployment.role` of `conf/config.yaml`: a control plane takes documents, data planes serve clients by them. */
import '../../support/needs-etcd.ts'
import t, { type Test } from 'tap'
import { type Member, startEtcd } from '../../adapters/etcd-store/etcd-lab.ts'
import { Sallyport } from '../../support/sallyport.ts'
import { startUpstream } from '../../support/upstream.ts'
import { ask, homeWith } from './apisix-scene.ts'

/** Runs a gateway of a role. @returns the port of a listener by its name, once it listens */
function gateway(
  t: Test,
  role: string,
  endpoint: string,
): { readonly program: Sallyport; readonly port: (name: string) => Promise<number> } {
  const home = homeWith(
    t,
    `apisix:
  node_listen: [{ ip: 127.0.0.1, port: 0 }]
  ssl: { listen: [{ ip: 127.0.0.1, port: 0 }] }
deployment:
  role: ${role}
  role_${role}: { config_provider: etcd }
  admin: { admin_key_required: false, admin_listen: { ip: 127.0.0.1, port: 0 } }
  etcd: { host: ['${endpoint}'], prefix: /apisix }
`,
  )
  const program = new Sallyport(t, ['run', '-c', 'conf/config.yaml'], { cwd: home })
  const port = async (name: string): Promise<number> => {
    const listening = new RegExp(`"listener":"${name}","address":"[^"]*:(\\d+)"`)
    return Number((await program.said(listening))[1])
  }
  return { program, port }
}

t.test('a control plane and two data planes', async (t) => {
  const upstream = await startUpstream(t)
  const [member] = await startEtcd(t, 1) as [Member]
  const control = gateway(t, 'control_plane', member.endpoint)
  const admin = await control.port('admin')
  const first = gateway(t, 'data_plane', member.endpoint)
  const http = await first.port('http-1')
  const put = (path: string, document: unknown) =>
    ask(admin, `/apisix/admin${path}`, { method: 'PUT', body: JSON.stringify(document) })
  const answered = async (port: number, path: string, status: number): Promise<void> => {
    for (let tries = 0; (await ask(port, path)).status !== status; tries++) {
      if (tries === 300) return void t.fail(`${path} is never answered ${status}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  const to = { nodes: { [upstream.address]: 1 } }
  t.equal((await put('/routes/1', { uri: '/a', upstream: to })).status, 201)
  await answered(http, '/a', 200)
  const second = gateway(t, 'data_plane', member.endpoint)
  await answered(await second.port('http-1'), '/a', 200)
  t.equal((await put('/routes/1', { uri: '/b', upstream: to })).status, 200)
  await answered(http, '/b', 200)
  await answered(http, '/a', 404)
  t.notMatch(
    control.program.out + control.program.err,
    /"listener":"http-1"/,
    'a control plane serves no clients',
  )
  t.notMatch(
    first.program.out + first.program.err,
    /"listener":"admin"/,
    'a data plane takes no documents',
  )
  t.equal((await ask(http, '/apisix/admin/routes')).status, 404)
})
