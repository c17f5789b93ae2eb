import t from 'tap'
import { plainClient } from '../../support/client.ts'
import type { GcoreClient } from '../../core/dialect/gcore/client.ts'
import { testFolder } from '../../support/command.ts'
import { freePort } from '../../support/free-port.ts'
import { Pki } from '../../support/pki.ts'
import { sClient } from '../../support/s-client.ts'
import { startUpstream } from '../../support/upstream.ts'
import { encoded, oneListener, poolOf, request, secretOf, startGcore } from './scene.ts'

t.test('listeners of a running gateway', async (t) => {
  const { client: all } = await startGcore(t, testFolder(t))
  let places = 0
  const place = (): GcoreClient => all.at(`${++places}/1`)

  await t.test('certificates by name, with a fallback and without', async (t) => {
    const pki = new Pki(t)
    const upstream = await startUpstream(t)
    const client = place()
    const ids: Record<string, string> = {}
    for (const name of ['fall', 'a', 'b']) {
      const pair = await pki.issue(`${name}.test`, {
        names: [`DNS:${name}.test`],
        use: 'serverAuth',
      })
      const secret = await client.create('secrets', encoded(name, pair.chain + pair.key), 'v2')
      ids[name] = secret.id
    }
    const { port, body } = await oneListener({
      protocol: 'TERMINATED_HTTPS',
      secret_id: ids['fall'],
      sni_secret_id: [ids['a'], ids['b']],
      pools: [poolOf(upstream.port)],
    })
    await client.create('loadbalancers', body)
    const shown = async (sni: string): Promise<string | undefined> => {
      // A client that takes up no session: it would show what it was shown then.
      const { text } = await sClient(port, { sni })
      return /subject=.*CN ?= ?(\S+)/.exec(text)?.[1]
    }
    t.same([await shown('a.test'), await shown('b.test')], ['a.test', 'b.test'])
    t.same([await shown('c.test'), await shown('other.test')], ['fall.test', 'fall.test'])
    t.match(await request(t, port, { host: 'c.test', tls: { sni: 'c.test' } }), { status: 200 })

    const [{ id }] = (await client.get('lblisteners')).body.results
    await client.update('lblisteners', id, { sni_secret_id: [ids['b']] })
    t.same(
      [await shown('a.test'), await shown('b.test')],
      ['fall.test', 'b.test'],
      'the list is replaced',
    )
    await client.update('lblisteners', id, { secret_id: '' })
    t.same([await shown('c.test'), await shown('b.test')], [undefined, 'b.test'])
  })

  await t.test('clients prove themselves where the listener has authorities', async (t) => {
    const pki = new Pki(t)
    const [ca, other] = [await pki.authority('ca'), await pki.authority('other')]
    const server = await pki.issue('web.test', { names: ['DNS:web.test'], use: 'serverAuth' })
    const good = await pki.issue('good', { ca, use: 'clientAuth' })
    const revoked = await pki.issue('revoked', { ca, use: 'clientAuth' })
    const strange = await pki.issue('strange', { ca: other, use: 'clientAuth' })
    const upstream = await startUpstream(t)
    const client = place()
    const own = await client.create('secrets', encoded('own', server.chain + server.key), 'v2')
    const { port, body } = await oneListener({
      protocol: 'TERMINATED_HTTPS',
      secret_id: own.id,
      client_ca_secret_id: await secretOf(client, ca.certFile),
      pools: [poolOf(upstream.port)],
    })
    await client.create('loadbalancers', body)
    const [listener] = (await client.get('lblisteners')).body.results
    t.match(listener, { client_auth: 'required', client_crl_secret_id: null })
    const ask = async (certificate?: typeof good): Promise<number | undefined> => {
      const tls = { sni: 'web.test', ...(certificate === undefined ? {} : { certificate }) }
      return (await request(t, port, { tls }))?.status
    }
    t.same([await ask(good), await ask(strange), await ask()], [200, undefined, undefined])
    const list = await pki.crl('list', ca, { revoked: [revoked] })
    t.equal(await ask(revoked), 200)
    await client.update('lblisteners', listener.id, {
      client_crl_secret_id: await secretOf(client, list),
    })
    t.same([await ask(good), await ask(revoked)], [200, undefined])
    await client.update('lblisteners', listener.id, { client_auth: 'optional' })
    t.same([await ask(good), await ask()], [200, 200])
  })

  await t.test('connections pass through, TLS untouched', async (t) => {
    const pki = new Pki(t)
    const pair = await pki.issue('member.test', { names: ['DNS:member.test'] })
    const secure = await startUpstream(t, { tls: { cert: pair.chain, key: pair.key } })
    const plain = await startUpstream(t)
    const proxied = await startUpstream(t, { raw: (wire) => wire })
    const client = place()
    const ports = [await freePort(), await freePort(), await freePort(), await freePort()] as const
    const listener = (at: number, protocol: string, pool: object) => (
      { name: `front-${at}`, protocol, protocol_port: ports[at], pools: [pool] }
    )
    await client.create('loadbalancers', {
      name: 'streams',
      listeners: [
        listener(0, 'HTTPS', { ...poolOf(secure.port), protocol: 'HTTPS' }),
        listener(1, 'TCP', { ...poolOf(plain.port), protocol: 'TCP' }),
        listener(2, 'TCP', { ...poolOf(proxied.port), protocol: 'PROXY' }),
        listener(3, 'TCP', { ...poolOf(proxied.port), protocol: 'PROXYV2' }),
      ],
    })
    const answer = await request(t, ports[0], { tls: { sni: 'member.test' } })
    t.match(answer, { status: 200 }, 'the member itself ends TLS')
    t.match(await request(t, ports[1]), { status: 200 })
    void request(t, ports[2])
    const first = await proxied.connection(0)
    await first.until('a PROXY line', () => first.text.includes('\r\n') || undefined)
    t.match(first.text, /^PROXY TCP4 127\.0\.0\.1 127\.0\.0\.1 \d+ \d+\r\n/)
    void request(t, ports[3])
    const second = await proxied.connection(1)
    t.same(
      [...(await second.take(12))],
      [...'\r\n\r\n\0\r\nQUIT\n'].map((each) => each.charCodeAt(0)),
    )
  })

  await t.test('who may come in, and how often', async (t) => {
    const upstream = await startUpstream(t)
    const client = place()
    const { port, body } = await oneListener({
      pools: [poolOf(upstream.port)],
      allowed_cidrs: ['127.0.0.1'],
      insert_x_forwarded: true,
    })
    await client.create('loadbalancers', body)
    const [{ id }] = (await client.get('lblisteners')).body.results
    t.match(await request(t, port, { from: '127.0.0.1' }), { status: 200 })
    t.equal(await request(t, port, { from: '127.0.0.2' }), undefined)
    const { headers } = await upstream.request(0)
    const names = new Map(headers.map(([name, value]) => [name.toLowerCase(), value]))
    t.same([names.get('x-forwarded-for'), names.get('x-forwarded-proto')], ['127.0.0.1', 'http'])
    t.equal(names.get('x-forwarded-port'), String(port))

    await client.update('lblisteners', id, { allowed_cidrs: null, connection_limit: 1 })
    const first = await plainClient(t, port)
    first.send('GET / HTTP/1.1\r\nHost: web.test\r\n\r\n')
    t.match(await first.message(), { status: 200 })
    t.equal(await request(t, port), undefined, 'one at a time')
    first.close()
  })

  await t.test('PROMETHEUS tells metrics and nothing else', async (t) => {
    const client = place()
    const { port, body } = await oneListener({ protocol: 'PROMETHEUS' })
    await client.create('loadbalancers', body)
    t.match(await request(t, port, { path: '/metrics' }), { status: 200, body: /^# HELP/ })
    for (const path of ['/certificates', '/v1/tasks', '/readyz']) {
      t.match(await request(t, port, { path }), { status: 404 }, path)
    }
  })

  await t.test('what cannot be had ends as an error, and leaves nothing', async (t) => {
    const upstream = await startUpstream(t)
    const client = place()
    const { port, body } = await oneListener({ pools: [poolOf(upstream.port)] })
    await client.create('loadbalancers', body)
    const [lb] = (await client.get('loadbalancers')).body.results
    const taken = {
      load_balancer_id: lb.id,
      name: 'taken',
      protocol: 'HTTP',
      protocol_port: upstream.port,
    }
    const task = await client.ended(await client.post('lblisteners', taken))
    t.match(task, {
      state: 'ERROR',
      error: new RegExp(`listen on 127.0.0.1:${upstream.port}: EADDRINUSE`),
    })
    t.equal((await client.get('lblisteners')).body.count, 1)
    t.match((await client.get('loadbalancers', `/${lb.id}`)).body, {
      provisioning_status: 'ACTIVE',
    })
    t.match(await request(t, port), { status: 200 }, 'the rest goes on')
    const { body: clash } = await oneListener({ protocol_port: port })
    t.match(await client.ended(await client.post('loadbalancers', clash)), {
      state: 'ERROR',
      error: /in use by another load balancer/,
    })
    await client.remove('loadbalancers', lb.id)
    t.equal(await request(t, port), undefined, 'the port is closed')
  })
})

t.test('several workers open a listener, or nobody does', async (t) => {
  const upstream = await startUpstream(t)
  const { client } = await startGcore(t, testFolder(t), { workers: 2 })
  const { port, body } = await oneListener({ pools: [poolOf(upstream.port)] })
  await client.create('loadbalancers', body)
  for (let n = 0; n < 6; n++) t.match(await request(t, port), { status: 200 })
  const { body: taken } = await oneListener({ protocol_port: upstream.port })
  t.match(await client.ended(await client.post('loadbalancers', taken)), {
    state: 'ERROR',
    error: /EADDRINUSE/,
  })
  t.equal((await client.get('loadbalancers')).body.count, 1)
})
