import t, { type Test } from 'tap'
import { serveAdmin } from '../../../runtimes/cli/admin-listener.ts'
import { ADMIN } from '../../../runtimes/cli/service.ts'
import { head, plainClient } from '../../support/client.ts'
import { freePort } from '../../support/free-port.ts'
import { startGateway, TestClock, type TestGateway } from '../../support/gateway.ts'
import { Pki } from '../../support/pki.ts'
import { startUpstream, type TestUpstream } from '../../support/upstream.ts'
import type { UpstreamRequest } from '../../support/upstream.ts'
import { everythingTo } from './scene.ts'

const UNHEALTHY = 'Endpoint is unhealthy'
const HEALTHY = 'Endpoint is healthy again'

/** An upstream that answers `/health` with a status of the test's choice, and all else with its name. */
async function patient(t: Test, name: string, tls?: object): Promise<Patient> {
  const state = { status: 200, checks: 0 }
  const upstream = await startUpstream(t, {
    ...(tls === undefined ? {} : { tls }),
    answer: (request: UpstreamRequest) => {
      if (!request.start.includes('/health')) return answer(200, name)
      state.checks++
      return state.status === 0 ? undefined : answer(state.status, '')
    },
  })
  return { upstream, state }
}

interface Patient {
  readonly upstream: TestUpstream
  readonly state: { status: number; checks: number }
}

function answer(status: number, body: string): string {
  return `HTTP/1.1 ${status} X\r\nContent-Length: ${body.length}\r\n\r\n${body}`
}

async function ask(t: Test, gateway: TestGateway): Promise<string> {
  const client = await plainClient(t, gateway.port())
  client.send(head('GET /'))
  const { status, body } = await client.message()
  client.close()
  return status === 200 ? body : String(status)
}

async function asks(t: Test, gateway: TestGateway, count: number): Promise<string> {
  let text = ''
  for (let index = 0; index < count; index++) text += await ask(t, gateway)
  return text
}

/** Lets one interval of checks pass after the other until the operator is told. */
async function tick(gateway: TestGateway, clock: TestClock, message: string): Promise<void> {
  const told = gateway.toldOf(message).then(() => true)
  for (;;) {
    clock.skip(5000)
    const pause = new Promise<false>((resolve) => setTimeout(() => resolve(false), 20))
    if (await Promise.race([told, pause])) return
  }
}

const ACTIVE = 'path: /health, healthy: { successes: 2 }, unhealthy: { httpFailures: 2 }'

t.test('active checks take an endpoint out and bring it back', async (t) => {
  const clock = new TestClock()
  const [a, b] = [await patient(t, 'a'), await patient(t, 'b')]
  const addresses = [a.upstream.address, b.upstream.address]
  const yaml = everythingTo(addresses, { upstream: `health: { active: { ${ACTIVE} } }` })
  const gateway = await startGateway(t, yaml, { clock })
  t.equal((await asks(t, gateway, 4)).replace(/[^a]/g, ''), 'aa')
  a.state.status = 500
  await tick(gateway, clock, UNHEALTHY)
  t.match(gateway.told.at(-1)?.fields, {
    upstream: 'main',
    endpoint: a.upstream.address,
    reason: 'The check was answered 500',
  })
  t.equal(await asks(t, gateway, 3), 'bbb')
  t.match(gateway.service.gateway.upstreamHealth('main'), {
    health: 'degraded',
    endpoints: [{ health: 'down', reason: /500/ }, { health: 'up' }],
  })
  a.state.status = 200
  await tick(gateway, clock, HEALTHY)
  t.match(await asks(t, gateway, 2), /a/)
  const request = a.upstream.requests.find(({ start }) => start.includes('/health'))
  t.equal(request?.start, 'GET /health HTTP/1.1')
  t.match(request?.headers[0], ['Host', a.upstream.address])
})

t.test('checks ask as they are told to', async (t) => {
  const { upstream } = await patient(t, 'a')
  const checks = 'method: HEAD, path: "/health?x=1", version: "1.0", host: well.test, ' +
    'headers: { X-Check: "yes" }'
  const yaml = everythingTo(upstream.address, { upstream: `health: { active: { ${checks} } }` })
  await startGateway(t, yaml)
  const { start, headers } = await upstream.request(0)
  t.equal(start, 'HEAD /health?x=1 HTTP/1.0')
  const text = headers.join(' ')
  t.match(text, /Host,well\.test/)
  t.match(text, /X-Check,yes/)
})

t.test('where nothing listens, tcp failures count; a monitor address is asked instead', async (t) => {
  const clock = new TestClock()
  const [a, b] = [await patient(t, 'a'), await patient(t, 'b')]
  const down = `{ address: '${a.upstream.address}', monitor: '127.0.0.1:${await freePort()}' }`
  const yaml = everythingTo([down, b.upstream.address], {
    upstream: 'health: { active: { type: tcp, unhealthy: { tcpFailures: 1 } } }',
  })
  const gateway = await startGateway(t, yaml, { clock })
  await tick(gateway, clock, UNHEALTHY)
  t.equal(await asks(t, gateway, 3), 'bbb', 'although a itself would answer')
  t.match(gateway.told.at(-1)?.fields, { reason: /ECONNREFUSED/ })
})

t.test('a check that is not answered in time is a time-out', async (t) => {
  const clock = new TestClock()
  const [a, b] = [await patient(t, 'a'), await patient(t, 'b')]
  a.state.status = 0
  const yaml = everythingTo([a.upstream.address, b.upstream.address], {
    upstream: 'health: { active: { path: /health, unhealthy: { timeouts: 1 } } }',
  })
  const gateway = await startGateway(t, yaml, { clock })
  await tick(gateway, clock, UNHEALTHY)
  t.match(gateway.told.at(-1)?.fields, { reason: 'The check was not answered in time' })
})

t.test('where no endpoint is healthy, all are tried, or 503 is answered', async (t) => {
  for (const [allUnhealthy, expected] of [['try', 'a'], ['refuse', '503']]) {
    const clock = new TestClock()
    const a = await patient(t, 'a')
    a.state.status = 404
    const health = `health: { active: { ${ACTIVE} }, allUnhealthy: ${allUnhealthy} }`
    const yaml = everythingTo(a.upstream.address, { upstream: health })
    const gateway = await startGateway(t, yaml, { clock })
    await tick(gateway, clock, UNHEALTHY)
    t.equal(await ask(t, gateway), expected)
    if (expected === '503') await gateway.line({ code: 'NO_ENDPOINT' })
  }
})

t.test('checks over TLS use the identity and trust of requests', async (t) => {
  const pki = new Pki(t)
  const ca = await pki.authority('ca')
  const [server, own] = await Promise.all([
    pki.issue('server', { ca, names: ['DNS:inner.test'], use: 'serverAuth' }),
    pki.issue('gateway', { ca, use: 'clientAuth' }),
  ])
  const mutual = {
    cert: server.chain,
    key: server.key,
    ca: ca.chain,
    requestCert: true,
    rejectUnauthorized: true,
  }
  const trusted = `name: inner.test, ca: ${ca.certFile}`
  const certificate = `certificate: { cert: ${own.certFile}, key: ${own.keyFile} }`
  const health = 'active: { type: https, path: /health, unhealthy: { tcpFailures: 1 } }'
  for (
    const [tls, up] of [
      [`${trusted}, ${certificate}`, true],
      [trusted, false],
      [`name: other.test, ca: ${ca.certFile}, ${certificate}`, false],
      [`name: other.test, checkName: false, ca: ${ca.certFile}, ${certificate}`, true],
    ] as const
  ) {
    const clock = new TestClock()
    const { upstream, state } = await patient(t, 'a', mutual)
    const yaml = everythingTo(upstream.address, {
      upstream: `tls: { ${tls} }, health: { ${health} }`,
    })
    const gateway = await startGateway(t, yaml, { clock })
    if (up) {
      await upstream.request(0)
      t.equal(state.checks, 1, tls)
      t.equal(await ask(t, gateway), 'a')
    } else await tick(gateway, clock, UNHEALTHY)
    t.equal(
      gateway.service.gateway.upstreamHealth('main')?.endpoints[0]?.health,
      up ? 'up' : 'down',
    )
  }
})

t.test('a TLS hello is enough where nothing else is asked', async (t) => {
  const pki = new Pki(t)
  const server = await pki.issue('server', {
    ca: await pki.authority('ca'),
    names: ['DNS:a.test'],
    use: 'serverAuth',
  })
  const clock = new TestClock()
  const secure = await startUpstream(t, { tls: { cert: server.chain, key: server.key } })
  const plain = await startUpstream(t, { raw: (wire) => wire.send('220 hello\r\n') })
  const yaml = everythingTo([secure.address, plain.address], {
    upstream: 'health: { active: { type: tls-hello, unhealthy: { tcpFailures: 1 } } }',
  })
  const gateway = await startGateway(t, yaml, { clock })
  await tick(gateway, clock, UNHEALTHY)
  t.match(gateway.service.gateway.upstreamHealth('main')?.endpoints, [
    { health: 'up' },
    { health: 'down' },
  ])
})

t.test('ping is asked of the host, and told of once where it cannot', async (t) => {
  const asked: string[] = []
  const answers = [true, false, undefined]
  for (const answer of answers) {
    const clock = new TestClock()
    const upstream = await startUpstream(t)
    const yaml = everythingTo(upstream.address, {
      upstream: 'health: { active: { type: ping, unhealthy: { timeouts: 1 } } }',
    })
    const pinger = {
      ping: (host: string): Promise<boolean | undefined> => {
        asked.push(host)
        return Promise.resolve(answer)
      },
    }
    const gateway = await startGateway(t, yaml, { clock, host: (host) => ({ ...host, pinger }) })
    if (answer === false) await tick(gateway, clock, UNHEALTHY)
    else clock.skip(5000)
    const found = gateway.service.gateway.upstreamHealth('main')?.endpoints[0]?.health
    t.equal(found, answer === false ? 'down' : 'up')
  }
  t.ok(asked.length >= 3)
  t.ok(asked.every((host) => host === '127.0.0.1'))
})

t.test('passive checks learn from the traffic', async (t) => {
  const clock = new TestClock()
  const broken = await startUpstream(t, { answer: () => answer(503, '') })
  const good = await patient(t, 'b')
  const passive = 'passive: { unhealthy: { httpFailures: 2 }, healthy: { statuses: [200] } }'
  const yaml = everythingTo([broken.address, good.upstream.address], {
    upstream: `health: { ${passive} }`,
  })
  const gateway = await startGateway(t, yaml, { clock })
  const first = await asks(t, gateway, 4)
  t.equal(first.split('503').length - 1, 2)
  t.equal(await asks(t, gateway, 4), 'bbbb', 'two bad answers are enough')
  t.equal(gateway.told.at(-1)?.message, UNHEALTHY)
  clock.skip(10_000)
  t.match(await asks(t, gateway, 2), /503/, 'after its rest it is tried again')
  t.equal(await asks(t, gateway, 3), 'bbb')
})

t.test('checks of one upstream take turns where concurrency says so', async (t) => {
  let [now, most] = [0, 0]
  const upstream = await startUpstream(t, {
    host: '0.0.0.0',
    answer: ({ connection }) => {
      most = Math.max(most, ++now)
      setTimeout(() => {
        now--
        connection.send(answer(200, ''))
      }, 5)
      return undefined
    },
  })
  const addresses = Array.from(
    { length: 12 },
    (_, index) => `127.0.0.${index + 1}:${upstream.port}`,
  )
  const yaml = everythingTo(addresses, { upstream: 'health: { active: { concurrency: 2 } }' })
  await startGateway(t, yaml)
  await upstream.request(11)
  t.equal(most, 2)
  const asked = upstream.requests.slice(0, 12).map(({ header }) => header('host'))
  t.strictSame(new Set(asked), new Set(addresses), 'each in its turn')
})

t.test('health outlives a change of the configuration, and checks end with it', async (t) => {
  const clock = new TestClock()
  const [a, b] = [await patient(t, 'a'), await patient(t, 'b')]
  a.state.status = 500
  const addresses = [a.upstream.address, b.upstream.address]
  const upstream = `health: { active: { ${ACTIVE} } }`
  const gateway = await startGateway(t, everythingTo(addresses, { upstream }), { clock })
  await tick(gateway, clock, UNHEALTHY)
  const c = await patient(t, 'c')
  const grown = everythingTo([...addresses, c.upstream.address], { upstream })
  t.equal(await gateway.reconfigure(grown), undefined)
  t.notMatch(await asks(t, gateway, 6), /a/)
  t.equal(await gateway.reconfigure(everythingTo(addresses)), undefined)
  t.match(await asks(t, gateway, 2), /a/, 'without checks it takes part again')
  await c.upstream.request(0)
  const { checks } = b.state
  for (let round = 0; round < 3; round++) clock.skip(60_000)
  t.equal(b.state.checks, checks)
})

t.test('the admin listener shows upstreams and their endpoints', async (t) => {
  const clock = new TestClock()
  const a = await patient(t, 'a')
  a.state.status = 500
  const admin = 'admin: { address: 127.0.0.1:0 }'
  const yaml = everythingTo(a.upstream.address, {
    upstream: `health: { active: { ${ACTIVE} } }`,
    more: admin,
  })
  const gateway = await startGateway(t, yaml, { clock })
  serveAdmin(gateway.service)
  await tick(gateway, clock, UNHEALTHY)
  const { port } = gateway.service.localAddress(ADMIN) ?? { port: 0 }
  const get = async (path: string): Promise<string> =>
    await (await fetch(`http://127.0.0.1:${port}${path}`)).text()
  t.match(JSON.parse(await get('/upstreams')), {
    upstreams: [{
      name: 'main',
      health: 'down',
      endpoints: [{ port: a.upstream.port, health: 'down', connections: 0, reason: /500/ }],
    }],
  })
  t.same(JSON.parse(await get('/upstreams?name=none')), { upstreams: [] })
  const labels = `upstream="main",endpoint="${a.upstream.address}"`
  t.match(await get('/metrics'), `sallyport_upstream_endpoint_up{${labels}} 0`)
})
