import { readFileSync } from 'node:fs'
import t from 'tap'
import { testFolder } from '../../support/command.ts'
import { freePort } from '../../support/free-port.ts'
import { Pki } from '../../support/pki.ts'
import { okay, startUpstream } from '../../support/upstream.ts'
import { encoded, oneListener, request, secretOf, startGcore } from './scene.ts'

const MONITOR = { delay: 2, timeout: 1, max_retries: 1, max_retries_down: 1 }

t.test('members and their health on a running gateway', async (t) => {
  const { client: all } = await startGcore(t, testFolder(t))
  const at = (port: number, more: object = {}) => (
    { address: '127.0.0.1', protocol_port: port, ...more }
  )

  await t.test('a monitor that uses the identity of the pool, and the tree of states', async (t) => {
    const client = all.at('1/1')
    const pki = new Pki(t)
    const ca = await pki.authority('ca')
    const member = await pki.issue('member', { ca, use: 'serverAuth', names: ['DNS:m.test'] })
    const own = await pki.issue('own', { ca, use: 'clientAuth' })
    const seen: string[] = []
    const secure = await startUpstream(t, {
      tls: {
        cert: member.chain,
        key: member.key,
        ca: readFileSync(ca.certFile),
        requestCert: true,
        rejectUnauthorized: true,
      },
      answer: ({ start }) => {
        seen.push(start)
        return okay('secure')
      },
    })
    const dead = await freePort()
    const identity = await client.create('secrets', encoded('own', own.chain + own.key), 'v2')
    const { port, body } = await oneListener({
      pools: [{
        name: 'backend-pool',
        protocol: 'HTTPS',
        lb_algorithm: 'ROUND_ROBIN',
        ca_secret_id: await secretOf(client, ca.certFile),
        secret_id: identity.id,
        members: [at(secure.port), at(dead)],
        healthmonitor: { ...MONITOR, type: 'HTTPS', url_path: '/health', expected_codes: '200' },
      }],
    })
    const { id } = await client.create('loadbalancers', body)
    const tree = async () => (await client.get('loadbalancers', `/${id}/status`)).body
    const states = async (): Promise<Record<number, string>> =>
      Object.fromEntries(
        (await tree()).listeners[0].pools[0].members.map(
          (each: { protocol_port: number; operating_status: string }) => [
            each.protocol_port,
            each.operating_status,
          ],
        ),
      )
    while ((await states())[dead] !== 'ERROR') await new Promise((done) => setTimeout(done, 50))
    t.match(await tree(), {
      operating_status: 'DEGRADED',
      provisioning_status: 'ACTIVE',
      listeners: [{
        operating_status: 'DEGRADED',
        pools: [{ operating_status: 'DEGRADED', health_monitor: { type: 'HTTPS' } }],
      }],
    })
    t.equal((await states())[secure.port], 'ONLINE')
    for (let n = 0; n < 4; n++) t.match(await request(t, port), { status: 200 })
    t.ok(seen.some((start) => start.startsWith('GET /health')), 'it was asked as clients are')
    const [pool] = (await client.get('lbpools')).body.results
    await client.update('lbpools', pool.id, { members: [at(dead)] })
    while ((await states())[dead] !== 'ERROR') await new Promise((done) => setTimeout(done, 50))
    t.match(await request(t, port), { status: 503 }, 'nobody is left')
    t.match((await client.get('lbpools', `/${pool.id}`)).body, { operating_status: 'ERROR' })
  })

  await t.test('monitors of members whose TLS passes through', async (t) => {
    const client = all.at('3/1')
    const pki = new Pki(t)
    const pair = await pki.issue('member.test', { names: ['DNS:member.test'] })
    const secure = await startUpstream(t, { tls: { cert: pair.chain, key: pair.key } })
    const plain = await startUpstream(t)
    for (const type of ['TLS-HELLO', 'HTTPS']) {
      const { port, body } = await oneListener({
        protocol: 'HTTPS',
        pools: [{
          name: 'backend-pool',
          protocol: 'HTTPS',
          lb_algorithm: 'ROUND_ROBIN',
          members: [at(secure.port), at(plain.port)],
          healthmonitor: { ...MONITOR, type },
        }],
      })
      const { id } = await client.create('loadbalancers', body)
      for (;;) {
        const { body: tree } = await client.get('loadbalancers', `/${id}/status`)
        const [good, bad] = tree.listeners[0].pools[0].members
        t.equal(good.operating_status, 'ONLINE', `${type}: a member that speaks TLS`)
        if (bad.operating_status === 'ERROR') break
        await new Promise((done) => setTimeout(done, 50))
      }
      const tls = { sni: 'member.test' }
      for (let n = 0; n < 3; n++) t.match(await request(t, port, { tls }), { status: 200 }, type)
    }
  })

  await t.test('backups serve when nobody else can, and clients stay with their member', async (t) => {
    const client = all.at('2/1')
    const [one, two, spare] = await Promise.all(
      ['one', 'two', 'spare'].map((name) => startUpstream(t, { answer: () => okay(name) })),
    )
    const ports = [one, two, spare].map((each) => each?.port ?? 0)
    const { port, body } = await oneListener({
      pools: [{
        name: 'backend-pool',
        protocol: 'HTTP',
        lb_algorithm: 'ROUND_ROBIN',
        members: [at(ports[0] ?? 0), at(ports[1] ?? 0), at(ports[2] ?? 0, { backup: true })],
      }],
    })
    await client.create('loadbalancers', body)
    const [{ id }] = (await client.get('lbpools')).body.results
    const ask = async (times: number, fields: readonly string[] = []): Promise<Set<string>> => {
      const bodies = new Set<string>()
      for (let n = 0; n < times; n++) bodies.add((await request(t, port, { fields }))?.body ?? '')
      return bodies
    }
    t.same(await ask(6), new Set(['one', 'two']))
    await client.update('lbpools', id, { session_persistence: { type: 'HTTP_COOKIE' } })
    const first = await request(t, port)
    const cookie = first?.headers.find(([name]) => name.toLowerCase() === 'set-cookie')?.[1]
    t.match(cookie, /^SRV=/)
    const [pair = ''] = (cookie ?? '').split(';')
    t.same(await ask(6, [`Cookie: ${pair}`]), new Set([first?.body]))
    await client.update('lbpools', id, { session_persistence: { type: 'SOURCE_IP' } })
    t.equal((await ask(6)).size, 1)
    await client.update('lbpools', id, { session_persistence: null, lb_algorithm: 'SOURCE_IP' })
    t.equal((await ask(6)).size, 1)
    await one?.close()
    await two?.close()
    t.same(await ask(3), new Set(['spare']))
  })
})
