import t from 'tap'
import { pick } from '../../../core/upstream/mod.ts'
import { reportFailure } from '../../../core/upstream/mod.ts'
import { balancerOf, choice, endpoint, endpoints, stateOf } from './endpoints.ts'

const HASH = { hash: '$uri' }
const KEYS = Array.from({ length: 10_000 }, (_, index) => `/orders/${index}`)

/** Where each key goes. */
function places(balancer: ReturnType<typeof balancerOf>, now = 0): string[] {
  return KEYS.map((key) => pick(balancer, choice({ key, now }))?.endpoint.host ?? '-')
}

function share(of: readonly string[], host: string): number {
  return of.filter((each) => each === host).length / of.length
}

t.test('equal keys go to the same endpoint, whatever process asks', (t) => {
  const hosts = endpoints(1, 1, 1)
  t.same(places(balancerOf(hosts, HASH)), places(balancerOf([...hosts].reverse(), HASH)))
  t.end()
})

t.test('keys are spread by weight', (t) => {
  const found = places(balancerOf(endpoints(2, 1, 1), HASH))
  t.ok(Math.abs(share(found, 'a') - 0.5) < 0.08, `${share(found, 'a')}`)
  t.ok(Math.abs(share(found, 'b') - 0.25) < 0.08, `${share(found, 'b')}`)
  t.end()
})

t.test('an endpoint that comes or goes moves its own share alone', (t) => {
  const before = places(balancerOf(endpoints(1, 1, 1, 1), HASH))
  const after = places(balancerOf(endpoints(1, 1, 1), HASH))
  const moved = before.filter((host, index) => host !== 'd' && host !== after[index])
  t.equal(moved.length, 0)
  t.ok(share(before, 'd') > 0.15)
  t.end()
})

t.test('the keys of an endpoint that is down go on to others, and come back', (t) => {
  const balancer = balancerOf(endpoints(1, 1, 1), HASH)
  const before = places(balancer)
  reportFailure(stateOf(balancer, 'b').vitals, 1000)
  const during = places(balancer, 1001)
  t.equal(share(during, 'b'), 0)
  t.ok(before.every((host, index) => host === 'b' || host === during[index]))
  t.same(places(balancer, 60_000), before)
  t.end()
})

t.test('many endpoints share a ring of bounded size', (t) => {
  const many = Array.from({ length: 2500 }, (_, index) => endpoint(`h${index}`))
  const found = new Set(places(balancerOf(many, HASH)))
  t.ok(found.size > 2000, `${found.size} of 2500 have a share`)
  t.end()
})
