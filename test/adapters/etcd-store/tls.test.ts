/** etcd behind mTLS and behind names and passwords: the right ones come in, the wrong ones are told why not. */
import '../../support/needs-etcd.ts'
import t from 'tap'
import type { EtcdTls } from '../../../adapters/etcd-store/mod.ts'
import { good, refused, Seen } from '../../conformance/store-cases.ts'
import { Authority, etcdctl, etcdStore, labFolder, startEtcd } from './etcd-lab.ts'

const by = 'tester'
const folder = labFolder(t)
const authority = new Authority(folder, 'ca')
const stranger = new Authority(folder, 'stranger')
const server = authority.issue('server')
const named = authority.issue('named', 'DNS:etcd.internal')
const client = authority.issue('client')
const impostor = stranger.issue('client')

function serving(files: { certFile: string; keyFile: string }): string[] {
  return [
    `--cert-file=${files.certFile}`,
    `--key-file=${files.keyFile}`,
    '--client-cert-auth',
    `--trusted-ca-file=${authority.file}`,
  ]
}

const [[byAddress], [byName], [open]] = await Promise.all([
  startEtcd(t, 1, serving(server)),
  startEtcd(t, 1, serving(named)),
  startEtcd(t),
])
const own = { cert: client.cert, key: client.key }
const quick = { giveUpAfterMs: 400, answerWithinMs: 2000 }

t.test('writes and watches over mTLS', async (t) => {
  const tls = { ca: authority.cert, ...own }
  const store = etcdStore(t, [byAddress?.endpoint ?? ''], { tls })
  const { revision } = good(t, await store.put('/a', 1, { by }))
  const seen = new Seen()
  t.teardown(store.watch('/', revision, seen.receive))
  good(t, await store.put('/a', 2, { by }))
  await seen.until((events) => events.length === 1)
  t.match(seen.events, [{ kind: 'changes', by }])
})

const wrong: readonly (readonly [string, EtcdTls])[] = [
  ['no certificate of ours', { ca: authority.cert }],
  ['a certificate of another authority', {
    ca: authority.cert,
    cert: impostor.cert,
    key: impostor.key,
  }],
  ['trust in another authority', { ca: stranger.cert, ...own }],
  ["trust in the platform's roots", own],
  ['another name wanted', { ca: authority.cert, ...own, sni: 'other.internal' }],
]
for (const [what, tls] of wrong) {
  t.test(`${what}: refused, with a reason`, async (t) => {
    const store = etcdStore(t, [byAddress?.endpoint ?? ''], { tls, ...quick })
    refused(t, await store.get('/a'), 'unavailable', /^Get "\/a" in etcd at https:.*UNAVAILABLE/)
  })
}

t.test('a server with a name is found under its name only', async (t) => {
  const endpoints = [byName?.endpoint ?? '']
  const tls = { ca: authority.cert, ...own }
  const store = etcdStore(t, endpoints, { tls: { ...tls, sni: 'etcd.internal' } })
  good(t, await store.put('/a', 1, { by }))
  refused(t, await etcdStore(t, endpoints, { tls, ...quick }).get('/a'), 'unavailable')
})

t.test('without verification any server will do, but not any client', async (t) => {
  const endpoints = [byName?.endpoint ?? '']
  const store = etcdStore(t, endpoints, { tls: { ca: stranger.cert, ...own, verify: false } })
  good(t, await store.put('/b', 1, { by }))
  const without = etcdStore(t, endpoints, { tls: { verify: false }, ...quick })
  refused(t, await without.get('/b'), 'unavailable')
})

t.test('names and passwords: the right ones come in, as far as they may', async (t) => {
  const endpoint = open?.endpoint ?? ''
  good(t, await etcdStore(t, [endpoint]).put('/before', 1, { by }))
  for (
    const line of [
      'user add root:secret',
      'user grant-role root root',
      'user add gate:word',
      'role add gate',
      'role grant-permission gate readwrite --prefix=true /sallyport/',
      'user grant-role gate gate',
      'auth enable',
    ]
  ) etcdctl(endpoint, ...line.split(' '))
  const as = (name: string, password: string, prefix = '/sallyport') =>
    etcdStore(t, [endpoint], { user: { name, password }, prefix, ...quick })
  const store = as('gate', 'word')
  const { revision } = good(t, await store.put('/a', 1, { by }))
  const seen = new Seen()
  t.teardown(store.watch('/', revision, seen.receive))
  good(t, await store.put('/a', 2, { by }))
  await seen.until((events) => events.length === 1)
  refused(t, await as('gate', 'wrong').get('/a'), 'denied', /authentication failed/)
  refused(t, await as('gate', 'word', '/elsewhere').get('/a'), 'denied', /permission denied/)
  refused(t, await as('gate', 'word', '/elsewhere').put('/a', 1, { by }), 'denied')
  refused(t, await etcdStore(t, [endpoint], quick).get('/a'), 'denied', /user name is empty/)
})
