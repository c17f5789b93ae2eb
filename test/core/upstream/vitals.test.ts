import t from 'tap'
import { createVitals, reportOutcome } from '../../../core/upstream/mod.ts'
import type { Health, Outcome, Thresholds } from '../../../core/upstream/mod.ts'

const THRESHOLDS: Thresholds = { successes: 2, httpFailures: 3, tcpFailures: 2, timeouts: 1 }

/** Whether the endpoint is up after each outcome: `+` and `-`. */
function after(
  health: Health,
  outcomes: readonly Outcome[],
  thresholds: Thresholds = THRESHOLDS,
): string {
  return outcomes.map((outcome, index) => {
    reportOutcome(health, { outcome, now: index, reason: outcome }, thresholds)
    return health.up ? '+' : '-'
  }).join('')
}

t.test('so many bad outcomes of a kind in a row make an endpoint unhealthy', (t) => {
  t.equal(after(createVitals().health, ['http', 'http', 'http']), '++-')
  t.equal(after(createVitals().health, ['tcp', 'tcp']), '+-')
  t.equal(after(createVitals().health, ['timeout']), '-')
  t.equal(after(createVitals().health, ['http', 'tcp', 'http']), '+++', 'each kind for itself')
  t.equal(after(createVitals().health, ['http', 'http', 'success', 'http', 'http']), '+++++')
  t.end()
})

t.test('so many good outcomes in a row make it healthy again', (t) => {
  const { health } = createVitals()
  t.equal(after(health, ['timeout', 'success', 'http', 'success', 'success']), '----+')
  t.equal(health.since, 4)
  t.equal(after(health, ['http', 'http', 'http']), '++-', 'counting begins anew')
  t.equal(health.reason, 'http')
  t.end()
})

t.test('what has threshold 0 does not count', (t) => {
  const none = { successes: 0, httpFailures: 0, tcpFailures: 0, timeouts: 0 }
  const { health } = createVitals()
  t.equal(after(health, ['http', 'tcp', 'timeout', 'http'], none), '++++')
  after(health, ['timeout'])
  t.equal(after(health, ['success', 'success', 'success'], none), '---')
  t.end()
})

t.test('reportOutcome says whether health changed', (t) => {
  const { health } = createVitals()
  const report = (outcome: Outcome): boolean =>
    reportOutcome(health, { outcome, now: 1, reason: '' }, THRESHOLDS)
  t.same([report('timeout'), report('timeout')], [true, false])
  t.same([report('success'), report('success'), report('success')], [false, true, false])
  t.end()
})
