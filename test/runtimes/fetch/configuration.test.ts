/** Configurations of embedding programs: what is wrong is told at once, and to the program alone. */
import t from 'tap'
import {
  accessLogLine,
  ConfigurationError,
  createFetchHandler,
  type FetchHost,
  type Problem,
} from '../../../runtimes/fetch/mod.ts'
import { Pki } from '../../support/pki.ts'
import { scene, statusOf, toAll, upstream } from './scene.ts'

const pki = new Pki(t)
const ca = await pki.authority('ca')
const own = await pki.issue('own', { ca, use: 'clientAuth' })

async function problems(
  configuration: Record<string, unknown>,
  host: FetchHost = {},
): Promise<readonly Problem[]> {
  try {
    return await createFetchHandler(configuration, host).ready()
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems
    throw error
  }
}

const routes = [toAll(['127.0.0.1:1'])]

/** An upstream with this `tls`, and a route to it. */
const withTls = (tls: object): Record<string, unknown> => ({
  upstreams: { b: { endpoints: [{ address: '127.0.0.1:1' }], tls } },
  routes: [{ upstream: 'b' }],
})

t.test('a configuration that can be used has warnings at most', async (t) => {
  t.strictSame(await problems({ routes }), [])
  t.match(await problems({ routes: [...routes, ...routes] }), [{ severity: 'warning' }])
})

t.test('all that is wrong is told at once, where it was written', async (t) => {
  const found = await problems({
    listeners: [{ address: '0.0.0.0:443' }],
    admin: { address: '127.0.0.1:1' },
    clients: { mode: 'maybe' },
    routes: [{ upstream: 'nobody' }],
    workers: 4,
    strange: 1,
  })
  const errors = found.filter(({ severity }) => severity === 'error')
  t.strictSame(
    errors.map(({ path }) => path.join('.')).sort(),
    ['admin', 'clients.mode', 'listeners', 'routes.0.upstream', 'strange', 'workers'],
  )
  const listeners = found.find(({ path }) => path[0] === 'listeners')
  t.match(listeners?.message, /^Could not use key "listeners": .*"clients"$/)
})

t.test('a policy that cannot work is told as the program wrote it', async (t) => {
  t.match(await problems({ clients: { ca: ca.chain }, routes }), [{
    path: ['clients'],
    message:
      'Missing key "mode" in clients: expected none, request or require, because ca is given',
  }])
  t.match(await problems({ clients: { mode: 'require', ca: 'ca.crt' }, routes }), [
    { severity: 'error', path: ['clients', 'ca'] },
  ])
  const pem = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
  t.match(await problems({ clients: { mode: 'require', ca: pem }, routes }), [
    { severity: 'error', path: ['clients', 'ca', 0] },
  ])
})

t.test('what is no configuration at all', async (t) => {
  for (const nothing of [undefined, null, 1, 'routes: []', []]) {
    const found = await problems(nothing as unknown as Record<string, unknown>)
    t.match(found[0]?.severity, 'error', String(nothing))
  }
})

t.test('ready rejects with an error that reads well', async (t) => {
  const handle = createFetchHandler({ clients: { mode: 'maybe' }, routes })
  const error = await handle.ready().catch((error: unknown) => error) as ConfigurationError
  t.equal(error.name, 'ConfigurationError')
  t.match(error.message, /^clients\.mode: error: Cannot use "maybe" as mode: /)
})

t.test('a handler that cannot work answers 500, and tells the program alone', async (t) => {
  const { ask, records } = scene({ clients: { mode: 'maybe' }, routes })
  for (let time = 0; time < 2; time++) {
    const response = await ask('/', { headers: { Accept: 'application/json' } })
    t.equal(response.status, 500)
    t.strictSame(await response.json(), {
      message: 'The gateway failed: try again later',
      http_status_code: 500,
      code: 'INTERNAL_ERROR',
    })
    t.match(records[time], { status: 500, code: 'INTERNAL_ERROR', detail: /clients\.mode/ })
  }
})

t.test('what fetch cannot do for an upstream is refused', async (t) => {
  const certificate = { cert: own.chain, key: own.key }
  const asked: Record<string, object> = {
    ca: { ca: ca.chain },
    certificate: { certificate },
    name: { name: 'orders.internal' },
    depth: { depth: 1 },
    verify: { verify: false },
  }
  for (const [key, tls] of Object.entries(asked)) {
    const found = await problems(withTls(tls))
    t.match(found.filter(({ severity }) => severity === 'error'), [{
      path: ['upstreams', 'b', 'tls'],
      message:
        `Could not use tls of upstream "b": this host's fetch does not say that it follows ${key}; see upstreamTls`,
    }], key)
    const given = await problems(withTls(tls), { upstreamTls: true })
    t.strictSame(given.filter(({ severity }) => severity === 'error'), [], `${key}, given`)
  }
  t.strictSame(await problems(withTls({})), [], 'plain tls asks nothing special')
  t.match(
    await problems(withTls({ verify: false }), { upstreamTls: true }),
    [{ severity: 'warning', path: ['upstreams', 'b', 'tls', 'verify'] }],
  )
  const upstream = { endpoints: [{ address: '127.0.0.1:1' }], host: { name: 'a.test' } }
  t.match(await problems({ routes: [{ upstream }] }), [{
    severity: 'error',
    path: ['upstreams', 'route-1', 'host'],
    message:
      'Could not send host "a.test" to upstream "route-1": fetch takes it from the address of the endpoint',
  }])
})

t.test('what of an upstream needs sockets is refused', async (t) => {
  const address = '127.0.0.1:1'
  const upstreams = {
    checked: { endpoints: [{ address }], health: { active: {}, passive: {} } },
    kept: { endpoints: [{ address }], persistence: { by: 'cookie' }, proxyProtocol: 'v1' },
    apart: {
      endpoints: [{ address, tls: { verify: false } }, { address: '127.0.0.1:2', tls: false }],
    },
    fine: { endpoints: [{ address, priority: -1 }], balance: 'ewma', health: { passive: {} } },
  }
  const found = await problems({ upstreams, routes })
  t.strictSame(
    found.filter(({ severity }) => severity === 'error').map(({ path }) => path.join('.')).sort(),
    [
      'upstreams.apart.endpoints',
      'upstreams.checked.health',
      'upstreams.kept.persistence',
      'upstreams.kept.proxyProtocol',
    ],
  )
})

t.test('secrets come from the host', async (t) => {
  const { address } = await upstream(t)
  const env = (name: string) => name === 'CA' ? ca.chain : undefined
  const configuration = {
    clients: { mode: 'require', ca: { env: 'CA' } },
    routes: [toAll([address])],
  }
  t.strictSame(await problems(configuration, { env }), [])
  const { ask } = scene(configuration, { env })
  t.equal(await statusOf(await ask('/', {}, { clientCertificate: own.chain })), 200)
  t.match(await problems(configuration), [{ severity: 'error', path: ['clients', 'ca'] }])
})

t.test('first requests that come together share one configuration', async (t) => {
  const { address } = await upstream(t)
  let looked = 0
  const { ask } = scene({
    clients: { mode: 'require', ca: { env: 'CA' } },
    routes: [toAll([address])],
  }, { env: () => (looked++, ca.chain) })
  const client = { clientCertificate: own.chain }
  const all = await Promise.all(Array.from({ length: 8 }, () => ask('/', {}, client)))
  for (const response of all) t.equal(await statusOf(response), 200)
  t.equal(looked, 1)
})

t.test('exchanges make access-log lines', async (t) => {
  const { address } = await upstream(t)
  const { ask, records } = scene({ routes: [toAll([address])] })
  await (await ask('/a"b')).text()
  const [record] = records
  t.match(record && JSON.parse(accessLogLine(record)), {
    listener: 'fetch',
    address: '203.0.113.7',
    method: 'GET',
    path: '/a%22b',
    status: 200,
    route: 'route-1',
    endpoint: address,
  })
})
