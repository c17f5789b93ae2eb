import t from 'tap'
import {
  createBalancer,
  FAILURE_REST_MS,
  pick,
  reportFailure,
  reportSuccess,
} from '../../../core/upstream/mod.ts'
import type { Balancer } from '../../../core/upstream/mod.ts'
import type { EndpointConfig } from '../../../core/snapshot/types.ts'

const rest = { priority: 0, monitor: undefined }

function endpoints(...weights: number[]): EndpointConfig[] {
  return weights.map((weight, index) => ({
    host: 'abcdef'[index] as string,
    port: 80,
    weight,
    ...rest,
  }))
}

function turns(balancer: Balancer<EndpointConfig>, count: number, now = 0): string {
  let text = ''
  for (let turn = 0; turn < count; turn++) text += pick(balancer, now)?.host ?? '-'
  return text
}

t.test('pick spreads by weight, smoothly', (t) => {
  t.equal(turns(createBalancer(endpoints(5, 1, 1)), 14), 'aabacaaaabacaa')
  t.equal(turns(createBalancer(endpoints(1, 1)), 4), 'abab')
  t.end()
})

t.test('pick gives no traffic to weight 0', (t) => {
  t.equal(turns(createBalancer(endpoints(0, 1, 0)), 3), 'bbb')
  t.equal(turns(createBalancer(endpoints(0, 0)), 1), '-')
  t.equal(turns(createBalancer([]), 1), '-')
  t.end()
})

t.test('pick leaves out what was tried', (t) => {
  const list = endpoints(1, 1, 1)
  const balancer = createBalancer(list)
  const first = pick(balancer, 0) as EndpointConfig
  const second = pick(balancer, 0, [first]) as EndpointConfig
  t.not(second, first)
  const third = pick(balancer, 0, [first, second])
  t.not(third, first)
  t.not(third, second)
  t.equal(pick(balancer, 0, list), undefined)
  t.end()
})

t.test('an endpoint that failed is tried last for a while', (t) => {
  const list = endpoints(1, 1)
  const balancer = createBalancer(list)
  const [a, b] = list as [EndpointConfig, EndpointConfig]
  reportFailure(balancer, a, 1000)
  t.equal(turns(balancer, 3, 1001), 'bbb')
  t.equal(pick(balancer, 1001, [b]), a, 'where no other is left')
  t.match(turns(balancer, 4, 1000 + FAILURE_REST_MS), /a/)
  reportFailure(balancer, a, 9000)
  reportFailure(balancer, b, 9000)
  t.match(turns(balancer, 4, 9001), /ab|ba/, 'where all failed, all are tried')
  t.end()
})

t.test('an endpoint that answers again is back at once', (t) => {
  const list = endpoints(1, 1)
  const balancer = createBalancer(list)
  const [a] = list as [EndpointConfig]
  reportFailure(balancer, a, 1000)
  reportSuccess(balancer, a)
  t.match(turns(balancer, 2, 1001), /a/)
  t.end()
})

t.test('reports about strangers change nothing', (t) => {
  const balancer = createBalancer(endpoints(1))
  const before = JSON.stringify(balancer)
  reportFailure(balancer, { host: 'z', port: 1, weight: 1, ...rest }, 0)
  reportSuccess(balancer, { host: 'z', port: 1, weight: 1, ...rest })
  t.equal(JSON.stringify(balancer), before)
  t.end()
})

t.test('a new balancer keeps what is known of endpoints that stay', (t) => {
  const list = endpoints(1, 1)
  const before = createBalancer(list)
  reportFailure(before, list[0] as EndpointConfig, 1000)
  const after = createBalancer(endpoints(1, 1, 1), before)
  t.notMatch(turns(after, 4, 1001), /a/)
  t.end()
})
