import t from 'tap'
import { HEALTH_DEFAULTS, PASSIVE_CHECKS_DEFAULTS } from '../../../core/snapshot/mod.ts'
import type { HealthConfig } from '../../../core/snapshot/mod.ts'
import {
  createBalancer,
  FAILURE_REST_MS,
  pick,
  reportFailure,
  reportLatency,
  reportSuccess,
} from '../../../core/upstream/mod.ts'
import {
  balancerOf,
  choice,
  count,
  endpoint,
  endpoints,
  rules,
  sameNumbers,
  stateOf,
  turns,
} from './endpoints.ts'

t.test('round-robin spreads by weight, smoothly', (t) => {
  t.equal(turns(balancerOf(endpoints(5, 1, 1)), 14), 'aabacaaaabacaa')
  t.equal(turns(balancerOf(endpoints(1, 1)), 4), 'abab')
  t.end()
})

t.test('weight 0 takes no traffic', (t) => {
  for (
    const balance of [
      'round-robin',
      'random',
      'least-connections',
      'ewma',
      { hash: '$uri' },
    ] as const
  ) {
    t.equal(turns(balancerOf(endpoints(0, 1, 0), balance), 3), 'bbb', JSON.stringify(balance))
    t.equal(turns(balancerOf(endpoints(0, 0), balance), 1), '-')
    t.equal(turns(balancerOf([], balance), 1), '-')
  }
  t.end()
})

t.test('what was tried is left out', (t) => {
  const list = endpoints(1, 1, 1)
  const balancer = balancerOf(list)
  const first = pick(balancer, choice())!.endpoint
  const second = pick(balancer, choice({ tried: [first] }))!.endpoint
  t.not(second, first)
  const third = pick(balancer, choice({ tried: [first, second] }))!.endpoint
  t.not(third, first)
  t.not(third, second)
  t.equal(pick(balancer, choice({ tried: list })), undefined)
  t.end()
})

t.test('an endpoint that failed is tried last for a while', (t) => {
  const list = endpoints(1, 1)
  const balancer = balancerOf(list)
  const [a, b] = [stateOf(balancer, 'a'), stateOf(balancer, 'b')]
  reportFailure(a.vitals, 1000)
  t.equal(turns(balancer, 3, { now: 1001 }), 'bbb')
  t.equal(turns(balancer, 1, { now: 1001, tried: [b.endpoint] }), 'a', 'where no other is left')
  t.match(turns(balancer, 4, { now: 1000 + FAILURE_REST_MS }), /a/)
  reportFailure(a.vitals, 9000)
  reportFailure(b.vitals, 9000)
  t.match(turns(balancer, 4, { now: 9001 }), /ab|ba/, 'where all failed, all are tried')
  reportSuccess(a.vitals)
  t.equal(turns(balancer, 2, { now: 9001 }), 'aa', 'who answers again is back at once')
  t.end()
})

t.test('a new balancer keeps what is known of endpoints that stay', (t) => {
  const before = balancerOf(endpoints(1, 1))
  reportFailure(stateOf(before, 'a').vitals, 1000)
  stateOf(before, 'b').vitals.active = 3
  const after = createBalancer(endpoints(1, 2, 1), rules(), before)
  t.notMatch(turns(after, 4, { now: 1001 }), /a/)
  stateOf(before, 'b').vitals.active--
  t.equal(
    stateOf(after, 'b').vitals.active,
    2,
    'exchanges that began before the change still count',
  )
  t.end()
})

t.test('lower priorities take traffic while no higher one can', (t) => {
  const backup = endpoint('c', { priority: -1 })
  const balancer = balancerOf([...endpoints(1, 1), backup])
  t.equal(turns(balancer, 4), 'abab')
  reportFailure(stateOf(balancer, 'a').vitals, 0)
  t.equal(turns(balancer, 3), 'bbb')
  reportFailure(stateOf(balancer, 'b').vitals, 0)
  t.equal(turns(balancer, 2), 'cc')
  reportFailure(stateOf(balancer, 'c').vitals, 0)
  t.equal(turns(balancer, 2).length, 2)
  t.notMatch(turns(balancer, 2), /c/, 'where all failed, the highest are tried')
  const tried = endpoints(1, 1)
  const fresh = balancerOf([...tried, backup])
  t.equal(turns(fresh, 1, { tried }), 'c', 'a retry goes on to the backup')
  t.end()
})

t.test('random follows the weights', (t) => {
  const text = turns(balancerOf(endpoints(3, 1), 'random'), 4000)
  t.ok(Math.abs(count(text, 'a') - 3000) < 150, `${count(text, 'a')}`)
  t.end()
})

t.test('least-connections goes where least is under way, by weight', (t) => {
  const balancer = balancerOf(endpoints(1, 1, 2), 'least-connections')
  const under = (host: string, active: number): void => {
    stateOf(balancer, host).vitals.active = active
  }
  t.equal(turns(balancer, 1), 'c', 'twice the weight, twice the room')
  under('c', 1)
  t.match(turns(balancer, 4), /a/, 'ties are taken by turns')
  t.match(turns(balancer, 4), /b/)
  under('a', 5)
  under('c', 9)
  t.equal(turns(balancer, 3), 'bbb')
  t.end()
})

t.test('ewma goes to the one of two that answers sooner', (t) => {
  const balancer = balancerOf(endpoints(1, 1, 1), 'ewma')
  reportLatency(stateOf(balancer, 'a').vitals, 200, 0)
  reportLatency(stateOf(balancer, 'b').vitals, 100, 0)
  reportLatency(stateOf(balancer, 'c').vitals, 1, 0)
  const text = turns(balancer, 300, { random: sameNumbers() })
  t.equal(count(text, 'a'), 0, 'the slowest never wins')
  t.ok(count(text, 'c') > count(text, 'b'))
  t.match(turns(balancer, 300, { now: 120_000 }), /a/, 'what is long ago is forgotten')
  stateOf(balancer, 'c').vitals.active = 1000
  t.notMatch(turns(balancer, 300), /c/, 'what is under way counts')
  t.end()
})

t.test('a peak of latency counts at once and fades', (t) => {
  const { vitals } = stateOf(balancerOf(endpoints(1), 'ewma'), 'a')
  reportLatency(vitals, 10, 0)
  t.equal(vitals.latency, 10)
  reportLatency(vitals, 500, 1)
  t.equal(vitals.latency, 500)
  reportLatency(vitals, 10, 2)
  t.ok(vitals.latency > 400 && vitals.latency < 500)
  for (let second = 1; second <= 60; second++) reportLatency(vitals, 10, second * 1000)
  t.ok(vitals.latency < 20, `${vitals.latency}`)
  t.end()
})

const checked = (allUnhealthy: HealthConfig['allUnhealthy']): HealthConfig => (
  { ...HEALTH_DEFAULTS, passive: PASSIVE_CHECKS_DEFAULTS, allUnhealthy }
)

t.test('unhealthy endpoints take no traffic; without any healthy one the rules decide', (t) => {
  const kind = createBalancer(endpoints(1, 1), rules({ health: checked('try') }))
  const strict = createBalancer(endpoints(1, 1), rules({ health: checked('refuse') }))
  for (const balancer of [kind, strict]) {
    const { health } = stateOf(balancer, 'a').vitals
    Object.assign(health, { up: false, failedAt: 0 })
    t.equal(turns(balancer, 3, { now: 1 }), 'bbb')
    t.match(turns(balancer, 3, { now: PASSIVE_CHECKS_DEFAULTS.rest }), /a/, 'after its rest')
    Object.assign(stateOf(balancer, 'b').vitals.health, { up: false, failedAt: 0 })
  }
  t.match(turns(kind, 2, { now: 1 }), /ab|ba/)
  t.equal(turns(strict, 2, { now: 1 }), '--')
  const unchecked = createBalancer(endpoints(1, 1), rules(), strict)
  t.match(turns(unchecked, 2, { now: 1 }), /ab|ba/, 'what nobody checks any more does not count')
  t.end()
})
