import t from 'tap'
import { createTruststore, type Presentation, VerdictCache } from '../../../core/pki/mod.ts'
import { CA, Lab, LEAF } from './lab.ts'

const lab = new Lab(t)
const root = await lab.make('root', { extensions: CA, days: 900 })
const leaf = await lab.make('leaf', {
  issuer: 'root',
  extensions: [...LEAF, 'subjectAltName=DNS:a.test'],
})
const store = await createTruststore({ anchors: [root] })
const now = Date.now() + 2000

function presented(more: Partial<Presentation> = {}): Presentation {
  return { chain: [leaf.der], purpose: 'server', name: 'a.test', depth: 1, ...more }
}

t.test('VerdictCache computes once for asks that are alike', async (t) => {
  const cache = new VerdictCache()
  const verdicts = await Promise.all(
    Array.from({ length: 5 }, () => cache.judge(presented(), store, now)),
  )
  t.equal(new Set(verdicts).size, 1)
  t.equal(verdicts[0]?.code, 'trusted')
  t.equal(cache.size, 1)
  t.equal(await cache.judge(presented(), store, now + 1000), verdicts[0])
})

t.test('VerdictCache tells asks apart by all that they depend on', async (t) => {
  const cache = new VerdictCache()
  const empty = await createTruststore({ anchors: [] })
  const asks: [Presentation, typeof store, string][] = [
    [presented(), store, 'trusted'],
    [presented({ name: 'b.test' }), store, 'name-mismatch'],
    [presented({ purpose: 'client', name: undefined }), store, 'trusted'],
    [presented({ depth: 0 }), store, 'trusted'],
    [presented({ chain: [leaf.der, root.der] }), store, 'trusted'],
    [presented(), empty, 'unknown-issuer'],
  ]
  for (const [presentation, truststore, code] of asks) {
    t.equal((await cache.judge(presentation, truststore, now)).code, code)
  }
  t.equal(cache.size, asks.length)
})

t.test('VerdictCache asks again once a verdict no longer holds', async (t) => {
  const cache = new VerdictCache()
  const times: [number, string][] = [
    [now, 'trusted'],
    [leaf.notAfter + 1000, 'expired'],
    [now, 'trusted'],
    [leaf.notBefore - 1000, 'not-yet-valid'],
    [leaf.notBefore, 'trusted'],
  ]
  for (const [at, code] of times) t.equal((await cache.judge(presented(), store, at)).code, code)
})

t.test('VerdictCache forgets what was not used for longest', async (t) => {
  const cache = new VerdictCache(2)
  const first = await cache.judge(presented({ depth: 1 }), store, now)
  await cache.judge(presented({ depth: 2 }), store, now)
  t.equal(await cache.judge(presented({ depth: 1 }), store, now), first)
  await cache.judge(presented({ depth: 3 }), store, now)
  t.equal(cache.size, 2)
  t.equal(await cache.judge(presented({ depth: 1 }), store, now), first)
})

t.test('createTruststore gives equal ids to equal content', async (t) => {
  const other = await lab.make('other', { extensions: CA })
  const id = async (content: Parameters<typeof createTruststore>[0]) =>
    (await createTruststore(content)).id
  t.equal(await id({ anchors: [root, other] }), await id({ anchors: [other, root, root] }))
  const ids = [
    await id({ anchors: [root] }),
    await id({ anchors: [root, other] }),
    await id({ anchors: [root], acceptsAnyLeaf: true }),
    await id({ anchors: [root], crlPolicy: 'soft' }),
    await id({ anchors: [root], profile: 'strict' }),
    await id({ anchors: [root], minRsaBits: 3072 }),
  ]
  t.equal(new Set(ids).size, ids.length)
})
