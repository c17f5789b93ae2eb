/** The requests of Gcore's page on mutual TLS, and traffic after each. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { testFolder } from '../../support/command.ts'
import { freePort } from '../../support/free-port.ts'
import { startNginx } from '../../support/nginx.ts'
import { type KeyPairFiles, Pki } from '../../support/pki.ts'
import { startUpstream } from '../../support/upstream.ts'
import { encoded, request, startGcore } from './scene.ts'

t.test('mutual TLS to members, from the first secret to a revoked certificate', async (t) => {
  const pki = new Pki(t)
  const ca = await pki.authority('backend-ca')
  const member = await pki.issue('member', { ca, use: 'serverAuth', names: ['DNS:elsewhere.test'] })
  const balancer = await pki.issue('balancer', { ca, use: 'clientAuth' })
  const front = await pki.issue('web.test', { names: ['DNS:web.test'], use: 'serverAuth' })
  const nginx = await startNginx(t, nginxOf(member, ca))
  const plain = await startUpstream(t)
  const port = await freePort()
  const { client } = await startGcore(t, testFolder(t))
  const made = async (path: string, body: object, kind: string): Promise<string> => {
    const task = await client.done(await client.call('POST', path, body))
    return task.created_resources?.[kind]?.[0] ?? ''
  }
  const ask = () => request(t, port, { tls: { sni: 'web.test' } })

  const server = await made(
    '/v2/secrets/1/1',
    encoded('lb-server-cert', readFileSync(await bundle(pki, front))),
    'secrets',
  )
  await made('/v1/loadbalancers/1/1', {
    name: 'https-lb',
    flavor: 'lb1-1-2',
    vip_network_id: '<network-id>',
    listeners: [{
      name: 'https-listener',
      protocol: 'TERMINATED_HTTPS',
      protocol_port: port,
      secret_id: server,
      pools: [{
        name: 'backend-pool',
        protocol: 'HTTP',
        lb_algorithm: 'ROUND_ROBIN',
        members: [{ address: '127.0.0.1', protocol_port: plain.port }],
      }],
    }],
  }, 'loadbalancers')
  t.match(await ask(), { status: 200, body: 'got GET / HTTP/1.1' })

  const authority = await made(
    '/v1/secrets/1/1',
    encoded('backend-ca-cert', readFileSync(ca.certFile)),
    'secrets',
  )
  const own = await made(
    '/v2/secrets/1/1',
    encoded('lb-client-cert', readFileSync(await bundle(pki, balancer, ['-legacy']))),
    'secrets',
  )
  const here = client.at('1/1')
  const [{ id: lb }] = (await here.get('loadbalancers')).body.results
  const [{ id: pool }] = (await here.get('lbpools')).body.results
  await made(`/v1/loadbalancers/1/1/${lb}/pools`, {
    name: 'secure-backend-pool',
    protocol: 'HTTPS',
    lb_algorithm: 'ROUND_ROBIN',
    ca_secret_id: authority,
    secret_id: own,
    members: [{ address: '127.0.0.1', protocol_port: nginx.port }],
  }, 'pools')

  const change = async (method: string, version: string, body: object): Promise<void> => {
    await here.done(await client.call(method, `/${version}/lbpools/1/1/${pool}`, body))
  }
  await change('PATCH', 'v2', { members: [{ address: '127.0.0.1', protocol_port: nginx.port }] })
  t.match(await ask(), { status: 400 }, 'nginx speaks TLS, the pool does not')
  await change('PUT', 'v1', { protocol: 'HTTPS', ca_secret_id: authority, secret_id: own })
  t.match(await ask(), { status: 200, body: 'CN=balancer' }, 'both ends have proved themselves')

  await change('PATCH', 'v2', { secret_id: null })
  t.match(await ask(), { status: 400 }, 'nginx wants a certificate')
  await change('PUT', 'v1', { secret_id: own })
  t.match(await ask(), { status: 200 })

  const stranger = await pki.authority('another-ca')
  const other = await made(
    '/v1/secrets/1/1',
    encoded('another-ca', readFileSync(stranger.certFile)),
    'secrets',
  )
  await change('PUT', 'v1', { ca_secret_id: other })
  t.match(await ask(), { status: 503 }, 'nobody vouches for the member')
  await change('PATCH', 'v1', { ca_secret_id: authority })
  t.match(await ask(), { status: 200 })

  const lists = await Promise.all([[], [member]].map(async (revoked, at) => {
    const file = await pki.crl(`list-${at}`, ca, { revoked })
    return await made('/v1/secrets/1/1', encoded('crl', readFileSync(file)), 'secrets')
  }))
  await change('PUT', 'v1', { crl_secret_id: lists[0] })
  t.match(await ask(), { status: 200 }, 'a list that does not name the member')
  await change('PATCH', 'v2', { crl_secret_id: lists[1] })
  t.match(await ask(), { status: 503 }, 'the member is revoked')
  await change('PATCH', 'v2', { crl_secret_id: null })
  t.match(await ask(), { status: 200 })
})

/** PKCS#12 without a password. */
async function bundle(
  pki: Pki,
  pair: KeyPairFiles,
  more: readonly string[] = [],
): Promise<string> {
  const name = `bundle-${more.length}.p12`
  await pki.openssl(
    ...['pkcs12', '-export', '-inkey', pair.keyFile, '-in', pair.certFile],
    ...['-passout', 'pass:', '-out', name, ...more],
  )
  return pki.path(name)
}

function nginxOf(member: KeyPairFiles, ca: KeyPairFiles): string {
  return `ssl_certificate ${member.certFile}; ssl_certificate_key ${member.keyFile};
    ssl_client_certificate ${ca.certFile}; ssl_verify_client on;
    location / { return 200 $ssl_client_s_dn; }`
}
