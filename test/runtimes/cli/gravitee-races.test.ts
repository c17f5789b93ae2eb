/**
 * What the Management API has answered is in force: for whoever comes anew, over connections that stand, HTTP/2 and
 * sessions that are taken up again, in every worker, and under load.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { Agent, request } from 'node:https'
import t, { type Test } from 'tap'
import { freePort } from '../../support/free-port.ts'
import { collect, Gateway, V1, V2 } from '../../support/gravitee.ts'
import { fieldOf, h2Client } from '../../support/h2.ts'
import { type KeyPairFiles, Pki } from '../../support/pki.ts'
import { startUpstream } from '../../support/upstream.ts'

const pki = new Pki(t)
await pki.issue('server', { names: ['DNS:gw.test'], use: 'serverAuth' })
const one = await pki.issue('one', { use: 'clientAuth' })
const two = await pki.issue('two', { use: 'clientAuth' })

/** Asks once; the status. */
type Ask = () => Promise<number>

/** Clients of every kind, several of each, so that each worker has some. */
async function clientsOf(t: Test, port: number, shown: KeyPairFiles): Promise<Record<string, Ask>> {
  const clients: Record<string, Ask> = {}
  const to = {
    ...{ host: '127.0.0.1', port, path: '/race', servername: 'gw.test' },
    ...{ rejectUnauthorized: false, cert: shown.chain, key: shown.key },
  }
  const status = async (agent: Agent | false): Promise<number> =>
    (await collect(request, { ...to, agent })).status
  clients['new connections'] = () => status(false)
  const resuming = new Agent({ keepAlive: false, maxCachedSessions: 10 })
  clients['sessions taken up again'] = () => status(resuming)
  for (let at = 0; at < 3; at++) {
    const keeping = new Agent({ keepAlive: true, maxSockets: 1 })
    t.teardown(() => keeping.destroy())
    clients[`kept connection ${at}`] = () => status(keeping)
    const peer = await h2Client(t, port, { sni: 'gw.test', certificate: shown })
    clients[`HTTP/2 connection ${at}`] = async () => {
      const { fields = [] } = await peer.get('/race', ['x-host', 'gw.test'])
      return Number(fieldOf(fields, ':status'))
    }
  }
  return clients
}

/** Keeps asking as all of these, and says what came that should not have. */
class Load {
  readonly wrong: string[] = []
  served = 0
  /** What is expected of requests that begin now; undefined: anything. */
  expected: number | undefined
  #era = 0
  #over = false
  readonly #callers: Promise<void>[]

  constructor(clients: Record<string, Ask>) {
    this.#callers = Object.entries(clients).map(([name, ask]) => this.#call(name, ask))
  }

  expect(status: number | undefined): void {
    this.expected = status
    this.#era++
  }

  async #call(name: string, ask: Ask): Promise<void> {
    while (!this.#over) {
      const [era, expected] = [this.#era, this.expected]
      const status = await ask()
      this.served++
      // What was changed meanwhile may have come before or behind.
      if (era !== this.#era || expected === undefined || status === expected) continue
      this.wrong.push(`${name}: ${status} in place of ${expected}`)
    }
  }

  /** Until each has asked some times more. */
  async turns(): Promise<void> {
    const until = this.served + this.#callers.length * 2
    while (this.served < until && !this.#over) await new Promise((done) => setTimeout(done, 5))
  }

  async stop(): Promise<void> {
    this.#over = true
    await Promise.all(this.#callers)
  }
}

async function scene(t: Test, name: string, workers: number) {
  const upstream = await startUpstream(t)
  const port = await freePort()
  const file = pki.path(`${name}.yaml`)
  writeFileSync(
    file,
    `workers: ${workers}
listeners:
  - name: secure
    address: 127.0.0.1:${port}
    style: gravitee
    tls: [{ certificate: { cert: server.crt, key: server.key }, clients: { mode: request } }]
store: { folder: ${name} }
admin:
  address: 127.0.0.1:0
  dialects: { apisix: false, gcore: false, gravitee: { users: [{ name: admin, password: admin }] } }
`,
  )
  const gateway = await new Gateway(t, file).started('secure')
  const { api, plan } = await gateway.api('/race', upstream)
  const { application, subscription } = await gateway.subscribed(plan, one)
  const load = new Load(await clientsOf(t, port, one))
  t.teardown(() => load.stop())
  const change = async (status: number, ...asked: Parameters<Gateway['manage']>) => {
    load.expect(undefined)
    const answer = await gateway.manage(...asked)
    load.expect(status)
    await load.turns()
    return answer
  }
  return { gateway, api, plan, application, subscription, load, change }
}

for (const workers of [1, 2]) {
  t.test(`subscriptions and certificates under load, ${workers} at work`, async (t) => {
    const { api, plan, application, subscription, load, change } = await scene(
      t,
      `workers-${workers}`,
      workers,
    )
    const own = `${V2}/apis/${api}/subscriptions`
    for (let round = 0; round < 2; round++) {
      await change(401, 'POST', `${own}/${subscription}/_pause`)
      await change(200, 'POST', `${own}/${subscription}/_resume`)
    }
    const certificates = `${V1}/applications/${application}/certificates`
    await change(200, 'POST', certificates, {
      name: 'two',
      certificate: readFileSync(two.certFile, 'utf8'),
    })
    const { data } = await change(200, 'GET', certificates)
    const [first] = data.filter(({ name }: { name: string }) => name !== 'two')
    await change(401, 'DELETE', `${certificates}/${first.id}`)
    const again = await change(200, 'POST', certificates, {
      name: 'again',
      certificate: readFileSync(one.certFile, 'utf8'),
    })
    t.ok(again)
    await change(404, 'POST', `${V2}/apis/${api}/_stop`)
    await change(200, 'POST', `${V2}/apis/${api}/_start`)
    await change(401, 'POST', `${own}/${subscription}/_close`)
    const made = await change(200, 'POST', own, { applicationId: application, planId: plan })
    t.equal(made.status, 'ACCEPTED')
    await change(401, 'DELETE', `${V1}/applications/${application}`)
    await load.stop()
    t.same(load.wrong, [])
    t.ok(load.served > 100, `${load.served} requests`)
  })
}

t.test('a certificate ends by the clock, on every connection', async (t) => {
  const { gateway, application, load } = await scene(t, 'clock', 1)
  load.expect(200)
  await load.turns()
  const certificates = `${V1}/applications/${application}/certificates`
  const { data: [first] } = await gateway.manage('GET', certificates)
  const endsAt = Date.now() + 1500
  await gateway.manage('PUT', `${certificates}/${first.id}`, {
    name: first.name,
    endsAt: new Date(endsAt).toISOString(),
  })
  await load.turns()
  t.same(load.wrong, [], 'good until then')
  load.expect(undefined)
  await new Promise((done) => setTimeout(done, endsAt - Date.now()))
  load.expect(401)
  await load.turns()
  await load.stop()
  t.same(load.wrong, [])
})
