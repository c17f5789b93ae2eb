/** `conf/config.yaml` with etcd over mTLS, below a prefix that APISIX wrote. */
import '../../support/needs-etcd.ts'
import { execFileSync } from 'node:child_process'
import process from 'node:process'
import t from 'tap'
import { Authority, labFolder, type Member, startEtcd } from '../../adapters/etcd-store/etcd-lab.ts'
import { startUpstream } from '../../support/upstream.ts'
import { homeWith, KEY, start } from './apisix-scene.ts'

t.test('what APISIX wrote into etcd is served, and what is written here lies as APISIX writes it', async (t) => {
  const folder = labFolder(t)
  const authority = new Authority(folder, 'ca')
  const server = authority.issue('server')
  const client = authority.issue('client')
  const [member] = await startEtcd(t, 1, [
    `--cert-file=${server.certFile}`,
    `--key-file=${server.keyFile}`,
    '--client-cert-auth',
    `--trusted-ca-file=${authority.file}`,
  ]) as [Member]
  const etcdctl = (...args: readonly string[]): string => {
    const tls = ['--cacert', authority.file, '--cert', client.certFile, '--key', client.keyFile]
    return execFileSync('etcdctl', ['--endpoints', member.endpoint, ...tls, ...args], {
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] ?? '', ETCDCTL_API: '3' },
    })
  }
  const upstream = await startUpstream(t)
  const put = (key: string, value: unknown): void =>
    void etcdctl('put', `/apisix/${key}`, typeof value === 'string' ? value : JSON.stringify(value))
  for (const kind of ['routes', 'upstreams', 'ssls', 'plugins']) put(`${kind}/`, 'init_dir')
  put('upstreams/1', { id: '1', type: 'roundrobin', nodes: { [upstream.address]: 1 } })
  put('routes/1', { id: '1', uri: '/theirs', upstream_id: '1', status: 1, priority: 0 })

  const home = homeWith(
    t,
    `apisix:
  node_listen: [0]
  ssl: { listen: [{ port: 0 }], ssl_trusted_certificate: ${authority.file} }
deployment:
  role: traditional
  role_traditional: { config_provider: etcd }
  admin:
    admin_key: [{ name: admin, key: ${KEY}, role: admin }]
    admin_listen: { ip: 127.0.0.1, port: 0 }
  etcd:
    host: ['${member.endpoint}']
    prefix: /apisix
    tls: { cert: ${client.certFile}, key: ${client.keyFile} }
`,
  )
  const { http, admin } = await start(t, home)
  const get = async (path: string): Promise<number> => {
    const response = await fetch(`http://127.0.0.1:${http}${path}`, {
      headers: { Connection: 'close' },
    })
    await response.arrayBuffer()
    return response.status
  }
  const answered = async (path: string, status: number): Promise<void> => {
    for (let tries = 0; await get(path) !== status; tries++) {
      if (tries === 200) t.fail(`${path} is never answered ${status}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  t.equal(await get('/theirs'), 200)
  put('routes/2', { id: '2', uri: '/later', upstream_id: '1' })
  await answered('/later', 200)

  const response = await fetch(`http://127.0.0.1:${admin}/apisix/admin/routes/3`, {
    method: 'PUT',
    headers: { 'X-API-KEY': KEY },
    body: JSON.stringify({ uri: '/ours', upstream_id: '1' }),
  })
  t.equal(response.status, 201)
  await answered('/ours', 200)
  const [key, value = ''] = etcdctl('get', '/apisix/routes/3').trim().split('\n')
  t.equal(key, '/apisix/routes/3')
  t.match(JSON.parse(value), { id: '3', uri: '/ours', upstream_id: '1', create_time: Number })
  const list = await fetch(`http://127.0.0.1:${admin}/apisix/admin/routes`, {
    headers: { 'X-API-KEY': KEY },
  })
  t.match(await list.json(), { total: 3 }, 'placeholders are no routes')
})
