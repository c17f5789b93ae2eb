/** What lies in etcd, for its other clients to read, and what they write. */
import '../../support/needs-etcd.ts'
import t from 'tap'
import { EtcdStore } from '../../../adapters/etcd-store/mod.ts'
import { hostClock } from '../../../adapters/host/mod.ts'
import { good, refused, Seen } from '../../conformance/store-cases.ts'
import { etcdctl, etcdStore, lineTo, startEtcd } from './etcd-lab.ts'

const by = 'tester'
const [member] = await startEtcd(t)
const endpoint = member?.endpoint ?? ''

t.test('documents lie bare below the prefix, the audit record beside them', async (t) => {
  const store = etcdStore(t, [endpoint], { prefix: '/apisix/' })
  good(t, await store.put('/routes/1', { uri: '/a' }, { by: 'alice' }))
  const lines = etcdctl(endpoint, 'get', '--prefix', '/apisix').trim().split('\n')
  t.equal(lines[0], '/apisix/.sallyport/last-change')
  t.match(JSON.parse(lines[1] ?? ''), { by: 'alice', id: /^[0-9a-f-]{36}$/, at: Number })
  t.same(lines.slice(2), ['/apisix/routes/1', '{"uri":"/a"}'])
})

t.test('what others write is read and watched; text that is not JSON is a string', async (t) => {
  const store = etcdStore(t, [endpoint], { prefix: '/others' })
  const { revision } = good(t, await store.list('/'))
  const seen = new Seen()
  t.teardown(store.watch('/routes/', revision, seen.receive))
  etcdctl(endpoint, 'put', '/others/routes/', 'init_dir')
  etcdctl(endpoint, 'put', '/others/routes/1', '{"uri":"/x"}')
  etcdctl(endpoint, 'put', '/others-too/routes/1', '1')
  etcdctl(endpoint, 'del', '/others/routes/1')
  await seen.until((events) => events.length === 3)
  t.same(seen.told, [['/routes/', 'init_dir'], ['/routes/1', { uri: '/x' }], [
    '/routes/1',
    undefined,
  ]])
  t.notOk('by' in (seen.events[0] ?? {}), 'nobody said who')
  const { documents } = good(t, await store.list('/'))
  t.same(documents.map(({ key }) => key), ['/routes/'])
})

t.test('long lists come whole, in parts of one revision', async (t) => {
  const store = etcdStore(t, [endpoint], { prefix: '/long' })
  for (let part = 0; part < 13; part++) {
    const operations = Array.from({ length: 100 }, (_, at) => ({
      put: `/d/${String(part * 100 + at).padStart(5, '0')}`,
      value: 'x'.repeat(6000),
    }))
    good(t, await store.commit({ by, operations }))
  }
  const page = good(t, await store.list('/d/'))
  t.equal(page.documents.length, 1300)
  t.equal(new Set(page.documents.map(({ key }) => key)).size, 1300)
  const first = good(t, await store.list('/d/', { limit: 600 }))
  t.match(first, { more: true, documents: { length: 600 } })
})

t.test('a write whose answer was lost is made once, and told from one that was not', async (t) => {
  const line = await lineTo(t, endpoint)
  const store = etcdStore(t, [line.endpoint], { prefix: '/lost', answerWithinMs: 300 })
  good(t, await store.put('/count', 0, { by }))
  for (let round = 1; round <= 3; round++) {
    // The answer comes too late for the first try, so the second finds the first's work.
    line.slow(200)
    const put = store.put('/count', round, { by })
    await new Promise((resolve) => setTimeout(resolve, 900))
    line.mend()
    const { document } = good(t, await put)
    t.equal(document.version, round + 1, 'written once')
    t.same(good(t, await store.get('/count')).document, document)
  }
})

t.test('options that make no sense are refused', (t) => {
  const open = (options: object) =>
    EtcdStore.open({ endpoints: [endpoint], prefix: '/x', clock: hostClock, ...options })
  refused(t, open({ endpoints: [] }), 'invalid', /an endpoint looks like/)
  refused(t, open({ endpoints: ['127.0.0.1:2379'] }), 'invalid', /"127.0.0.1:2379"/)
  refused(t, open({ endpoints: ['http://a:1', 'https://a:1'] }), 'invalid', /some are https/)
  refused(t, open({ tls: {} }), 'invalid', /no endpoint is https/)
  const tls = { cert: new Uint8Array(1) }
  refused(t, open({ endpoints: ['https://a:1'], tls }), 'invalid', /go together/)
  const broken = { cert: new Uint8Array(9), key: new Uint8Array(9) }
  refused(t, open({ endpoints: ['https://a:1'], tls: broken }), 'invalid', /one is not/)
  refused(t, open({ prefix: '/ä' }), 'invalid', /visible ASCII/)
  t.end()
})

t.test('nobody there is told so, in time', async (t) => {
  const line = await lineTo(t, endpoint)
  const store = etcdStore(t, [line.endpoint], { giveUpAfterMs: 500, answerWithinMs: 300 })
  const patient = etcdStore(t, [line.endpoint], { giveUpAfterMs: 30_000 })
  line.cut()
  refused(t, await store.get('/a'), 'unavailable', /^Get "\/a" in etcd at http:.*UNAVAILABLE/)
  const waiting = patient.get('/a')
  line.mend()
  good(t, await waiting)
  line.hold()
  refused(t, await store.list('/'), 'unavailable', /DEADLINE_EXCEEDED|UNAVAILABLE/)
})
