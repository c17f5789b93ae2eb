import t from 'tap'
import { testFolder } from '../../support/command.ts'
import type { Message } from '../../support/message.ts'
import { Pki } from '../../support/pki.ts'
import { okay, startUpstream } from '../../support/upstream.ts'
import { encoded, oneListener, poolOf, request, secretOf, startGcore } from './scene.ts'

t.test('L7 policies and users of a running gateway', async (t) => {
  const { client: all } = await startGcore(t, testFolder(t))
  const upstream = await startUpstream(t, { answer: () => okay('default') })
  const other = await startUpstream(t, { answer: () => okay('other') })

  await t.test('each action, and rules of each type', async (t) => {
    const client = all.at('1/1')
    const { port, body } = await oneListener({ pools: [poolOf(upstream.port)] })
    await client.create('loadbalancers', body)
    const [{ id: lb }] = (await client.get('loadbalancers')).body.results
    const [{ id: listener }] = (await client.get('lblisteners')).body.results
    const pool = await client.create('lbpools', {
      ...poolOf(other.port),
      name: 'other-pool',
      load_balancer_id: lb,
    })
    const to = { action: 'REDIRECT_TO_POOL', redirect_pool_id: pool.id }
    const policies: [object, object[]][] = [
      [{ action: 'REJECT' }, [rule('PATH', 'STARTS_WITH', '/forbidden')]],
      [
        {
          action: 'REDIRECT_TO_URL',
          redirect_url: 'https://new.test/$here',
          redirect_http_code: 301,
        },
        [rule('HOST_NAME', 'EQUAL_TO', 'Old.test')],
      ],
      [
        { action: 'REDIRECT_PREFIX', redirect_prefix: 'https://new.test/' },
        [rule('PATH', 'CONTAINS', '/moved/')],
      ],
      [to, [
        rule('HEADER', 'REGEX', '^v[23]$', 'X-Version'),
        rule('COOKIE', 'EQUAL_TO', 'b', 'side'),
      ]],
      [to, [rule('FILE_TYPE', 'EQUAL_TO', 'jpg')]],
      [to, [rule('FILE_TYPE', 'REGEX', '^(png|gif)$')]],
      [to, [{ ...rule('PATH', 'REGEX', '^/[a-z]*'), invert: true }]],
    ]
    for (const [policy, rules] of policies) {
      const { id } = await client.create('l7policies', { listener_id: listener, ...policy })
      for (const each of rules) {
        await client.done(await client.post('l7policies', each, `/${id}/rules`))
      }
    }
    const ask = (path: string, more: object = {}) => request(t, port, { path, ...more })
    t.match(await ask('/forbidden/x'), { status: 403, body: /Request forbidden by administrative/ })
    const moved = await ask('/', { host: 'old.test:80' })
    t.match([moved?.status, location(moved)], [301, 'https://new.test/%24here'])
    const prefixed = await ask('/moved/a?b=c')
    t.match([prefixed?.status, location(prefixed)], [302, 'https://new.test/moved/a?b=c'])
    const fields = ['X-Version: v2', 'Cookie: side=b']
    t.match(await ask('/', { fields }), { body: 'other' })
    t.match(
      await ask('/', { fields: fields.slice(0, 1) }),
      { body: 'default' },
      'all rules must hold',
    )
    t.match(await ask('/a/b.jpg'), { body: 'other' })
    t.match(await ask('/a/b.png?x'), { body: 'other' })
    t.match(await ask('/a/b.pngx'), { body: 'default' })
    t.match(await ask('/123'), { body: 'default' }, '[a-z]* is found everywhere')
    const [{ id: last }] = (await client.get('l7policies')).body.results.slice(-1)
    await client.remove('l7policies', last)
    const bad = await client.create('l7policies', { listener_id: listener, ...to })
    const wrong = rule('PATH', 'REGEX', '(unclosed')
    const task = await client.ended(await client.post('l7policies', wrong, `/${bad.id}/rules`))
    t.match(task, { state: 'ERROR', error: /./ })
    t.match(await ask('/a/b.jpg'), { body: 'other' }, 'the others stay')
  })

  await t.test('certificates of clients', async (t) => {
    const client = all.at('2/1')
    const pki = new Pki(t)
    const ca = await pki.authority('ca')
    const server = await pki.issue('web.test', { names: ['DNS:web.test'], use: 'serverAuth' })
    const jack = await pki.issue('jack', { ca, use: 'clientAuth' })
    const strange = await pki.issue('strange', {
      ca: await pki.authority('other'),
      use: 'clientAuth',
    })
    const own = await client.create('secrets', encoded('own', server.chain + server.key), 'v2')
    const { port, body } = await oneListener({
      protocol: 'TERMINATED_HTTPS',
      secret_id: own.id,
      client_auth: 'optional',
      client_ca_secret_id: await secretOf(client, ca.certFile),
      pools: [poolOf(upstream.port)],
    })
    await client.create('loadbalancers', body)
    const [{ id: listener }] = (await client.get('lblisteners')).body.results
    const reject = async (...rules: object[]): Promise<string> => {
      const policy = { listener_id: listener, action: 'REJECT' }
      const { id } = await client.create('l7policies', policy)
      for (const each of rules) {
        await client.done(await client.post('l7policies', each, `/${id}/rules`))
      }
      return id
    }
    const statuses = async (): Promise<(number | undefined)[]> => {
      const found: (number | undefined)[] = []
      for (const certificate of [jack, strange, undefined]) {
        const tls = { sni: 'web.test', ...(certificate === undefined ? {} : { certificate }) }
        found.push((await request(t, port, { tls }))?.status)
      }
      return found
    }
    t.same(await statuses(), [200, 200, 200])
    let id = await reject(rule('SSL_CONN_HAS_CERT', 'EQUAL_TO', 'False'))
    t.same(await statuses(), [200, 200, 403])
    await client.remove('l7policies', id)
    id = await reject({ ...rule('SSL_VERIFY_RESULT', 'EQUAL_TO', '0'), invert: true })
    t.same(await statuses(), [200, 403, 200])
    await client.remove('l7policies', id)
    id = await reject({ ...rule('SSL_DN_FIELD', 'STARTS_WITH', 'ja', 'CN'), invert: true })
    t.same(await statuses(), [200, 403, 403])
  })

  await t.test('users', async (t) => {
    const client = all.at('3/1')
    const pki = new Pki(t)
    const hash = async (kind: string): Promise<string> =>
      (await pki.openssl('passwd', kind, '-salt', 'salt', 'rabbit')).trim()
    const { port, body } = await oneListener({
      pools: [poolOf(upstream.port)],
      user_list: [
        { username: 'jack', encrypted_password: await hash('-5') },
        { username: 'jill', encrypted_password: await hash('-6') },
      ],
    })
    await client.create('loadbalancers', body)
    const login = async (text: string): Promise<number | undefined> =>
      (await request(t, port, { fields: [`Authorization: Basic ${btoa(text)}`] }))?.status
    t.match(await request(t, port), { status: 401 })
    t.same(
      [await login('jack:wrong'), await login('jack:rabbit'), await login('jill:rabbit')],
      [401, 200, 200],
    )
    const [{ id }] = (await client.get('lblisteners')).body.results
    await client.update('lblisteners', id, { user_list: [] })
    t.match(await request(t, port), { status: 200 })
  })
})

function rule(type: string, compare_type: string, value: string, key?: string): object {
  return { type, compare_type, value, ...(key === undefined ? {} : { key }) }
}

function location(message: Message | undefined): string | undefined {
  return message?.headers.find(([name]) => name.toLowerCase() === 'location')?.[1]
}
