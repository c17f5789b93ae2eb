import t from 'tap'
import { compileFilters, LimitState, Passage, runRequest } from '../../../core/filter/mod.ts'
import { FILTER_DEFAULTS } from '../../../core/snapshot/mod.ts'
import type { FilterConfig } from '../../../core/snapshot/mod.ts'
import { Facts } from '../../../core/vars/mod.ts'

const nobody = { byApiKey: () => undefined, byLogin: () => undefined, get: () => undefined }

/** Asks a filter at a time, from an address; what limits have counted is kept in `limits`. */
function asking(config: FilterConfig, limits: LimitState) {
  const problems: string[] = []
  const fail = (_: unknown, message: string): void => void problems.push(message)
  const route = compileFilters([config], { name: 'r', path: [], fail })
  t.strictSame(problems, [])
  return (now: number, address = '10.0.0.1') => {
    const head = { method: 'GET', target: '/', path: '/', query: '', authority: 'h', host: 'h' }
    const client = {
      address,
      secure: false,
      sni: '',
      port: 1,
      local: undefined,
      certificate: undefined,
      certificateProblem: undefined,
    }
    const facts = new Facts({ ...head, version: '1.1', headers: [] }, client)
    const means = { consumers: nobody, limits, random: (n: number) => new Uint8Array(n) }
    const passage = new Passage(facts, means, now)
    const stop = runRequest({ global: [], route }, passage)
    return { status: stop?.status, delay: passage.delay, told: passage.told }
  }
}

t.test('count-limit begins its span with the first request', (t) => {
  const config: FilterConfig = { ...FILTER_DEFAULTS['count-limit'], count: 2, window: 10_000 }
  const ask = asking(config, new LimitState())
  t.equal(ask(5000).status, undefined)
  t.strictSame(ask(9000).told.slice(2), ['X-RateLimit-Remaining', '0', 'X-RateLimit-Reset', '6'])
  t.equal(ask(14_999).status, 503)
  t.equal(ask(14_999, '10.0.0.2').status, undefined, 'each counts for itself')
  t.equal(ask(15_000).status, undefined, 'the span is over')
  t.end()
})

t.test('rate-limit is a bucket that leaks', (t) => {
  const config: FilterConfig = { ...FILTER_DEFAULTS['rate-limit'], rate: 10, burst: 2 }
  const ask = asking(config, new LimitState())
  t.match(ask(1000), { status: undefined, delay: 0 })
  t.match(ask(1000), { status: undefined, delay: 100 })
  t.match(ask(1000), { status: undefined, delay: 200 })
  t.match(ask(1000), { status: 503 })
  t.match(ask(1100), { status: undefined, delay: 200 })
  t.match(ask(2000), { status: undefined, delay: 0 })
  t.end()
})

t.test('what was counted outlives filters that are compiled anew, and starts over with other limits', (t) => {
  const limits = new LimitState()
  const config = { ...FILTER_DEFAULTS['count-limit'], count: 1, window: 10_000 }
  t.equal(asking(config, limits)(0).status, undefined)
  t.equal(asking({ ...config }, limits)(1).status, 503)
  t.equal(asking({ ...config, count: 2 }, limits)(2).status, undefined)
  t.end()
})

t.test('the state of limits is bounded: who was seen longest ago is forgotten', (t) => {
  const limits = new LimitState(3)
  const ask = asking({ ...FILTER_DEFAULTS['count-limit'], count: 5, window: 10_000 }, limits)
  for (const last of [1, 2, 3, 1, 4]) ask(0, `10.0.0.${last}`)
  t.equal(limits.size, 3)
  t.equal(ask(0, '10.0.0.1').told[3], '2', 'the third of its own')
  t.equal(ask(0, '10.0.0.2').told[3], '4', 'a first one again')
  t.end()
})

t.test('filters that cannot be used say where and why', (t) => {
  const problems: [unknown, string][] = []
  const fail = (path: unknown, message: string): void => void problems.push([path, message])
  compileFilters([
    { ...FILTER_DEFAULTS.addresses, allow: ['10.0.0.0/8', 'nonsense'] },
    { ...FILTER_DEFAULTS.rewrite, regex: [{ pattern: '(a)\\1', replacement: '' }] },
    { ...FILTER_DEFAULTS.response, body: '***', base64: true },
    { ...FILTER_DEFAULTS.respond, when: [{ variable: 'uri', operator: 'matches', value: '(' }] },
    { ...FILTER_DEFAULTS.rewrite, method: 'CONNECT' },
  ], { name: 'r', path: ['routes', 0, 'filters'], fail })
  t.match(problems, [
    [['routes', 0, 'filters', 0, 'allow', 1], /nonsense/],
    [['routes', 0, 'filters', 1, 'regex', 0, 'pattern'], /refers back/],
    [['routes', 0, 'filters', 2, 'body'], /not base64/],
    [['routes', 0, 'filters', 3, 'when'], /not closed/],
    [['routes', 0, 'filters', 4, 'method'], /tunnel/],
  ])
  t.end()
})
