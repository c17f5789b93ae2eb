import t, { type Test } from 'tap'
import { head, plainClient } from '../../support/client.ts'
import { freePort } from '../../support/free-port.ts'
import { startGateway, TestClock, type TestGateway } from '../../support/gateway.ts'
import type { Message } from '../../support/message.ts'
import { startUpstream, type TestUpstream } from '../../support/upstream.ts'
import type { UpstreamRequest } from '../../support/upstream.ts'
import { everythingTo } from './scene.ts'

/** An upstream that answers with its name, and with what `fields` says. */
async function named(
  t: Test,
  name: string,
  fields: (request: UpstreamRequest) => string = () => '',
): Promise<TestUpstream> {
  return await startUpstream(t, {
    answer: (request) => `HTTP/1.1 200 OK\r\nContent-Length: 1\r\n${fields(request)}\r\n${name}`,
  })
}

async function ask(
  t: Test,
  gateway: TestGateway,
  line = 'GET /',
  fields: readonly string[] = [],
): Promise<Message> {
  const client = await plainClient(t, gateway.port())
  client.send(head(line, fields))
  const message = await client.message()
  client.close()
  return message
}

function field({ headers }: Message, name: string): string | undefined {
  return headers.find(([each]) => each.toLowerCase() === name)?.[1]
}

t.test('equal requests go to the same endpoint by hash', async (t) => {
  const all = await Promise.all(['a', 'b', 'c'].map((name) => named(t, name)))
  const addresses = all.map(({ address }) => address)
  const hash = '$arg_user $http_x_tenant $cookie_s'
  const gateway = await startGateway(
    t,
    everythingTo(addresses, { upstream: `balance: { hash: '${hash}' }` }),
  )
  const places = new Set<string>()
  for (let user = 0; user < 48; user++) {
    const asked = async (path: string, tenant = 'x'): Promise<string> =>
      (await ask(t, gateway, `GET ${path}`, [`X-Tenant: ${tenant}`, 'Cookie: a=1; s=9'])).body
    const place = await asked(`/first?user=${user}`)
    t.equal(await asked(`/other?user=${user}&more=1`), place)
    places.add(place)
  }
  t.equal(places.size, 3, 'and others to others')
})

t.test('least-connections keeps away from who is busy', async (t) => {
  const busy = await startUpstream(t, { answer: () => undefined })
  const idle = await named(t, 'b')
  const yaml = everythingTo([busy.address, idle.address], {
    upstream: 'balance: least-connections',
  })
  const gateway = await startGateway(t, yaml)
  const client = await plainClient(t, gateway.port())
  client.send(head('GET /'))
  await busy.request(0)
  for (let turn = 0; turn < 5; turn++) t.equal((await ask(t, gateway)).body, 'b')
  t.match(gateway.service.gateway.upstreamHealth('main')?.endpoints, [
    { connections: 1 },
    { connections: 0 },
  ])
  client.close()
  await gateway.line({ code: 'CLIENT_GONE' })
  t.match(gateway.service.gateway.upstreamHealth('main')?.endpoints[0], { connections: 0 })
})

t.test('backups take over when no other endpoint answers', async (t) => {
  const backup = await named(t, 'b')
  const main = await named(t, 'a')
  const dead = `127.0.0.1:${await freePort()}`
  const spare = `{ address: '${backup.address}', priority: -1 }`
  const gateway = await startGateway(t, everythingTo([main.address, spare]))
  for (let turn = 0; turn < 3; turn++) t.equal((await ask(t, gateway)).body, 'a')
  await gateway.reconfigure(everythingTo([dead, spare]))
  for (let turn = 0; turn < 3; turn++) t.equal((await ask(t, gateway)).body, 'b')
})

t.test('retries end with their number, and with their time', async (t) => {
  const [one, two] = [await freePort(), await freePort()]
  const good = await named(t, 'c')
  const dead = [`127.0.0.1:${one}`, `127.0.0.1:${two}`]
  const spare = `{ address: '${good.address}', priority: -1 }`
  for (const [retries, status] of [[0, 502], [1, 502], [2, 200]]) {
    const gateway = await startGateway(
      t,
      everythingTo([...dead, spare], { upstream: `retries: ${retries}` }),
    )
    t.equal((await ask(t, gateway)).status, status)
  }
  const clock = new TestClock()
  const silent = await startUpstream(t, { raw: () => {} })
  const ca = 'tls: { verify: false }, connectTimeout: 200ms, retries: 2, retryTimeout: 100ms'
  const gateway = await startGateway(t, everythingTo([silent.address, spare], { upstream: ca }), {
    clock,
  })
  t.equal((await ask(t, gateway)).status, 504, 'too late for another try')
})

t.test('whether another endpoint is asked where one gives no answer', async (t) => {
  let asked = 0
  const silent = await startUpstream(t, {
    raw: (wire) =>
      void wire.message().then(() => {
        asked++
        wire.close()
      }),
  })
  const good = await named(t, 'c')
  const addresses = [silent.address, `{ address: '${good.address}', priority: -1 }`]
  const status = async (upstream: string, line = 'GET /'): Promise<number> => {
    const gateway = await startGateway(t, everythingTo(addresses, { upstream }))
    return (await ask(t, gateway, line)).status
  }
  t.equal(await status('retries: 1'), 502)
  t.equal(await status('retries: 1, retryUnanswered: true'), 200)
  t.equal(await status('retries: 1, retryUnanswered: true', 'POST /'), 502, 'once may be enough')
  t.equal(await status('retries: 0, retryUnanswered: true'), 502)
  t.equal(asked, 4)
})

t.test("the gateway's own cookie keeps a client with its endpoint", async (t) => {
  const [a, b] = [await named(t, 'a'), await named(t, 'b')]
  const addresses = [a.address, b.address]
  const yaml = everythingTo(addresses, { upstream: 'persistence: { by: cookie, lifetime: 1h }' })
  const gateway = await startGateway(t, yaml)
  const first = await ask(t, gateway)
  const cookie = field(first, 'set-cookie') ?? ''
  t.match(cookie, /^SALLYPORT=[\da-f]{16}; Path=\/; HttpOnly; Max-Age=3600$/)
  t.notOk(cookie.includes('127.0.0.1'), 'it does not tell the address')
  const sent = [`Cookie: x=1; ${cookie.split(';')[0]}`]
  for (let turn = 0; turn < 4; turn++) {
    const again = await ask(t, gateway, 'GET /', sent)
    t.equal(again.body, first.body)
    t.equal(field(again, 'set-cookie'), undefined, 'it is set once')
  }
  const other = await startGateway(t, yaml)
  t.equal((await ask(t, other, 'GET /', sent)).body, first.body, 'other processes agree')
  const gone = first.body === 'a' ? b : a
  await gateway.reconfigure(everythingTo(gone.address, { upstream: 'persistence: { by: cookie }' }))
  const moved = await ask(t, gateway, 'GET /', sent)
  t.not(moved.body, first.body, 'where the endpoint is gone, another one is taken')
  t.match(field(moved, 'set-cookie'), /^SALLYPORT=/)
  const strange = await ask(t, gateway, 'GET /', ['Cookie: SALLYPORT=0000000000000000'])
  t.equal(strange.status, 200)
})

t.test("endpoints' own cookies are learned", async (t) => {
  const fields = ({ start, headers }: UpstreamRequest): string =>
    start.includes('/login')
      ? `Set-Cookie: other=1\r\nSet-Cookie: JSESSIONID=${headers.join().length}x; Path=/\r\n`
      : ''
  const all = await Promise.all(['a', 'b'].map((name) => named(t, name, fields)))
  const clock = new TestClock()
  const persistence = 'persistence: { by: application-cookie, name: JSESSIONID, lifetime: 1m }'
  const yaml = everythingTo(all.map(({ address }) => address), { upstream: persistence })
  const gateway = await startGateway(t, yaml, { clock })
  const login = await ask(t, gateway, 'GET /login')
  const session = login.headers.map(([, value]) => value).find((value) => value.startsWith('JSES'))
  const sent = [`Cookie: ${session?.split(';')[0]}`]
  for (let turn = 0; turn < 4; turn++) {
    t.equal((await ask(t, gateway, 'GET /', sent)).body, login.body)
  }
  await gateway.reconfigure(`${yaml}# again`)
  t.equal((await ask(t, gateway, 'GET /', sent)).body, login.body, 'also after a reload')
})

t.test('clients stay by their address', async (t) => {
  const all = await Promise.all(['a', 'b', 'c'].map((name) => named(t, name)))
  const yaml = everythingTo(all.map(({ address }) => address), {
    upstream: 'persistence: { by: source-ip }',
  })
  const gateway = await startGateway(t, yaml)
  const { body } = await ask(t, gateway)
  for (let turn = 0; turn < 5; turn++) t.equal((await ask(t, gateway)).body, body)
  const places = new Set<string>()
  for (let last = 2; last < 30; last++) {
    const client = await plainClient(t, gateway.port(), { from: `127.0.0.${last}` })
    client.send(head('GET /'))
    places.add((await client.message()).body)
    client.close()
  }
  t.equal(places.size, 3)
})

t.test('a connection serves so many requests and no more', async (t) => {
  const upstream = await named(t, 'a')
  const yaml = everythingTo(upstream.address, { upstream: 'keepAlive: { requests: 2 }' })
  const gateway = await startGateway(t, yaml)
  for (let turn = 0; turn < 5; turn++) t.equal((await ask(t, gateway)).status, 200)
  t.same(upstream.requests.map(({ connectionIndex }) => connectionIndex), [0, 0, 1, 1, 2])
})
