import t from 'tap'
import type { Test } from 'tap'
import type { Translator } from '../../../../core/dialect/mod.ts'
import { createTranslator } from '../../../../core/dialect/gcore/mod.ts'
import { isStoreFailure, type Store } from '../../../../core/store/mod.ts'
import type { GcoreClient } from './client.ts'
import { Pki } from '../../../support/pki.ts'
import { BALANCER, openLab } from './lab.ts'

interface Scene {
  readonly client: GcoreClient
  readonly store: Store
  readonly translator: Translator
  /** Lets the translator take what changed. */
  readonly follow: () => Promise<boolean>
}

function begin(t: Test): Scene {
  const { client, store } = openLab(t, { addresses: ['127.0.0.1', '::1'] })
  const translator = createTranslator()
  const known = new Map<string, number>()
  const follow = async (): Promise<boolean> => {
    const page = await store.list('/gcore/')
    if (isStoreFailure(page)) throw new Error(page.message)
    const gone = new Set(known.keys())
    const changes = page.documents.flatMap((document) => {
      gone.delete(document.key)
      if (known.get(document.key) === document.modifyRevision) return []
      known.set(document.key, document.modifyRevision)
      return [{ key: document.key, document }]
    })
    for (const key of gone) known.delete(key)
    return translator.take([...changes, ...[...gone].map((key) => ({ key, document: undefined }))])
      .others
  }
  return { client, store, translator, follow }
}

t.test('a load balancer becomes listeners, routes and upstreams', async (t) => {
  const { client, translator, follow } = begin(t)
  const lb = await client.create('loadbalancers', BALANCER)
  t.ok(await follow())
  const { listeners, routes, upstreams, problems } = translator.parts()
  const [{ id }] = lb.listeners
  t.match(listeners, [{
    name: `gcore:${id}`,
    address: { host: '127.0.0.1', port: 8080 },
    secure: false,
    scopes: [`gcore:${id}`],
    style: 'gcore',
    forwardedHeaders: 'pass',
    connections: 100_000,
  }])
  const [upstream] = upstreams.values()
  t.match(routes, [{ name: `gcore:${id}`, scope: `gcore:${id}`, upstream: upstream?.name }])
  t.match(upstream, { balance: 'round-robin', endpoints: [{ host: '127.0.0.1', port: 9000 }] })
  t.same(problems, [])
  t.equal(translator.documentOf(listeners[0] as object), `/gcore/loadbalancers/1/2/${lb.id}`)
  t.match(translator.documentOf(upstream as object), /^\/gcore\/pools\/1\/2\//)
  await client.update('loadbalancers', lb.id, { admin_state_up: false })
  await follow()
  t.same(translator.parts().listeners, [])
  await client.remove('loadbalancers', lb.id)
  await follow()
  t.same([...translator.parts().upstreams.keys()], [])
})

t.test('what did not change stays the same object', async (t) => {
  const { client, translator, follow } = begin(t)
  const second = { ...BALANCER.listeners[0], name: 'second', protocol_port: 8081 }
  const lb = await client.create('loadbalancers', {
    ...BALANCER,
    listeners: [BALANCER.listeners[0], second],
  })
  await follow()
  const before = translator.parts()
  t.notOk(
    await client.call('PATCH', `/v1/loadbalancers/1/2/${lb.id}`, { name: 'renamed' })
      .then(follow),
    'a name changes nothing that is in force',
  )
  t.equal(translator.parts(), before)
  const pools = (await client.get('lbpools')).body.results
  await client.update('lbpools', pools[0].id, { lb_algorithm: 'SOURCE_IP' })
  t.ok(await follow())
  const after = translator.parts()
  t.equal(after.listeners[0], before.listeners[0])
  t.equal(after.routes[1], before.routes[1])
  const upstream = (parts: typeof before, at: number) =>
    parts.upstreams.get(`gcore:${pools[at].id}`)
  t.equal(upstream(after, 1), upstream(before, 1))
  t.match(upstream(after, 0), { balance: { hash: '$remote_addr' } })
})

t.test('pools in all that they can be', async (t) => {
  const { client, translator, follow } = begin(t)
  await client.create('loadbalancers', BALANCER)
  const [{ id }] = (await client.get('lbpools')).body.results
  await client.update('lbpools', id, {
    lb_algorithm: 'LEAST_CONNECTIONS',
    members: [
      { address: '10.0.0.1', protocol_port: 80, weight: 7, monitor_port: 81 },
      { address: '::2', protocol_port: 80, backup: true, monitor_address: '::3' },
      { address: '10.0.0.3', protocol_port: 80, admin_state_up: false },
    ],
    healthmonitor: {
      type: 'HTTP',
      delay: 10,
      timeout: 5,
      max_retries: 2,
      max_retries_down: 4,
      http_method: 'HEAD',
      http_version: '1.0',
      url_path: '/health',
      expected_codes: '200-202',
      domain_name: 'web.test',
    },
    session_persistence: { type: 'APP_COOKIE', cookie_name: 'sid', persistence_timeout: 60 },
    timeout_member_connect: 1_000,
    timeout_member_data: 2_000,
  })
  await follow()
  t.match(translator.parts().upstreams.get(`gcore:${id}`), {
    balance: 'least-connections',
    endpoints: [
      { host: '10.0.0.1', weight: 7, priority: 0, monitor: { host: '10.0.0.1', port: 81 } },
      { host: '::2', priority: -1, monitor: { host: '::3', port: 80 } },
    ],
    persistence: { by: 'application-cookie', name: 'sid', lifetime: 60_000 },
    health: {
      allUnhealthy: 'refuse',
      active: {
        type: 'http',
        method: 'HEAD',
        path: '/health',
        version: '1.0',
        host: 'web.test',
        timeout: 5_000,
        healthy: { interval: 10_000, statuses: [200, 201, 202], successes: 2 },
        unhealthy: { interval: 10_000, statuses: 'others', httpFailures: 4, tcpFailures: 4 },
      },
    },
    connectTimeout: 1_000,
    readTimeout: 2_000,
    tls: undefined,
  })
  t.equal(translator.parts().upstreams.get(`gcore:${id}`)?.endpoints.length, 2)
  await client.update('lbpools', id, { protocol: 'HTTPS' })
  await follow()
  t.match(translator.parts().upstreams.get(`gcore:${id}`)?.tls, {
    verify: false,
    checkName: false,
    certificate: undefined,
  })
  await client.update('lbpools', id, { admin_state_up: false })
  await follow()
  t.same(translator.parts().upstreams.get(`gcore:${id}`)?.endpoints, [])
})

t.test('a dual load balancer listens at both addresses', async (t) => {
  const { client, translator, follow } = begin(t)
  await client.create('loadbalancers', { ...BALANCER, vip_ip_family: 'dual' })
  await follow()
  t.same(translator.parts().listeners.map(({ address }) => address.host), ['127.0.0.1', '::1'])
})

t.test('a secret that is gone is told of, and the rest goes on', async (t) => {
  const { client, store, translator, follow } = begin(t)
  const pki = new Pki(t)
  const pair = await pki.issue('web', { names: ['DNS:web.test'] })
  const secret = await client.create('secrets', {
    name: 'web',
    payload: { certificate: pair.chain, private_key: pair.key, certificate_chain: '' },
  }, 'v2')
  const secure = {
    name: 'secure',
    protocol: 'TERMINATED_HTTPS',
    protocol_port: 8443,
    sni_secret_id: [secret.id],
  }
  const lb = await client.create('loadbalancers', {
    ...BALANCER,
    listeners: [BALANCER.listeners[0], secure],
  })
  await follow()
  t.match(translator.parts().listeners[1]?.tls, [{ names: ['web.test'] }])
  await store.delete(`/gcore/secrets/1/2/${secret.id}`, { by: 'a test' })
  t.ok(await follow())
  const { listeners, problems } = translator.parts()
  t.equal(listeners.length, 1)
  t.match(problems, [{
    key: `/gcore/loadbalancers/1/2/${lb.id}`,
    severity: 'error',
    message: `Secret ${secret.id} is missing`,
  }])
  translator.take([{ key: '/gcore/pools/1/2/nonsense', document: undefined }])
  await store.put('/gcore/loadbalancers/1/2/00000000-0000-4000-8000-000000000000', {
    id: '00000000-0000-4000-8000-000000000000',
    admin_state_up: true,
    listeners: 5,
  }, { by: 'a test' })
  await follow()
  t.match(translator.parts().problems[1], { message: /not as this version writes it/ })
})
