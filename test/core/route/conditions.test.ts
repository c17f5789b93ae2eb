import t from 'tap'
import { atOnce, compileRoutes } from '../../../core/route/mod.ts'
import type { RouteEntry } from '../../../core/route/mod.ts'
import type { MatchConfig } from '../../../core/snapshot/mod.ts'
import { compileCondition, Facts } from '../../../core/vars/mod.ts'

type Fit = Partial<MatchConfig> & { readonly arg?: string; readonly priority?: number }

/** A route, with the condition that the argument `a` is `arg`. */
function route(name: string, { arg, priority = 0, ...match }: Fit = {}): RouteEntry {
  const none = { hosts: [], paths: [], methods: [], addresses: [], conditions: [] }
  const full: MatchConfig = { ...none, order: 'priority', ...match }
  if (arg === undefined) return { name, match: full, priority }
  const condition = compileCondition({ variable: 'arg_a', operator: 'equals', value: arg })
  if ('problem' in condition) throw new Error(condition.problem)
  return { name, match: full, priority, condition }
}

function fit(name: string, match: Fit = {}): RouteEntry {
  return route(name, { order: 'fit', ...match })
}

function factsOf(host: string, path: string, query: string): Facts {
  const head = { method: 'GET', target: path + query, path, query, authority: host, host }
  return new Facts({ ...head, version: '1.1', headers: [] }, {
    address: '10.0.0.1',
    secure: false,
    sni: '',
    port: undefined,
    local: undefined,
    certificate: undefined,
    certificateProblem: undefined,
  })
}

/** The route for `host/path?query`. */
function find(routes: readonly RouteEntry[], url: string): string | undefined {
  const [, host = '', path = '', query = ''] = /^([^/]*)([^?]*)(.*)$/.exec(url) ?? []
  const facts = factsOf(host, path, query)
  const matcher = compileRoutes(routes)
  const found = matcher.match(host, path, 'GET', () => facts)?.name
  const explained = matcher.explain({ host, path, method: 'GET' }, { facts: () => facts })
  t.equal(explained.route?.name, found, url)
  return found
}

t.test('a route whose conditions do not hold is passed over', (t) => {
  const routes = [
    route('all', { paths: ['/*'] }),
    route('one', { paths: ['/x'], arg: '1' }),
    route('two', { paths: ['/x'], arg: '2', priority: 5 }),
    route('plain', { paths: ['/x'], methods: ['GET'] }),
    route('wide', { paths: ['/*'], arg: '3', priority: 9 }),
  ]
  for (const order of [routes, [...routes].reverse()]) {
    t.equal(find(order, 'h/x?a=1'), 'one')
    t.equal(find(order, 'h/x?a=2'), 'two')
    t.equal(find(order, 'h/x?a=3'), 'wide')
    t.equal(find(order, 'h/x'), 'plain')
    t.equal(find(order, 'h/y?a=1'), 'all')
  }
  t.end()
})

t.test('a route with conditions shadows no other, and may be shadowed', (t) => {
  const matcher = compileRoutes([
    route('conditional', { paths: ['/x'], arg: '1', priority: 2 }),
    route('all', { paths: ['/x'], priority: 1 }),
    route('never', { paths: ['/x'], arg: '2' }),
  ])
  t.same(atOnce(matcher.shadowed()).map(({ route, by }) => [route.name, by.name]), [[
    'never',
    'all',
  ]])
  t.end()
})

t.test('without facts no condition holds', (t) => {
  const matcher = compileRoutes([route('one', { arg: '1' }), route('all', { priority: -1 })])
  t.equal(matcher.match('h', '/', 'GET')?.name, 'all')
  t.end()
})

t.test('explain tells which condition did not hold, and what the request has', (t) => {
  const matcher = compileRoutes([route('one', { arg: '1' }), route('all', { priority: -1 })])
  const facts = factsOf('h', '/', '?a=7')
  const question = { host: 'h', path: '/', method: 'GET' }
  const found = matcher.explain(question, { facts: () => facts })
  t.match(found.lost, [{
    route: { name: 'one' },
    reason: 'condition',
    detail: 'arg_a equals "1", which has "7"',
  }])
  t.end()
})

t.test('by fit, host and path count before priority', (t) => {
  const routes = [
    fit('prefix', { paths: ['/a/*'], priority: 100 }),
    fit('longer', { paths: ['/a/b/*'], priority: 50 }),
    fit('exact', { paths: ['/a/b/c'] }),
    fit('high', { paths: ['/a/b/c'], priority: 1, arg: '1' }),
    fit('later', { paths: ['/a/b/c'] }),
  ]
  t.equal(find(routes, 'h/a/b/c'), 'exact')
  t.equal(find(routes, 'h/a/b/c?a=1'), 'high')
  t.equal(find(routes, 'h/a/b/d'), 'longer')
  t.equal(find(routes, 'h/a/d'), 'prefix')
  t.equal(find(routes, 'h/a'), undefined, 'the slash is part of the prefix')
  t.equal(find(routes, 'h/a/'), 'prefix')
  t.end()
})

t.test('by fit, the best host decides, and worse ones where it has nothing', (t) => {
  const routes = [
    fit('none', { paths: ['/*'], priority: 100 }),
    fit('wild', { hosts: ['*.foo.com'], paths: ['/*'], priority: 50 }),
    fit('deep', { hosts: ['*.bar.foo.com'], paths: ['/x'] }),
    fit('exact', { hosts: ['a.bar.foo.com'], paths: ['/y'], arg: '1' }),
    fit('loose', { hosts: ['*oo.org'], paths: ['/*'] }),
  ]
  t.equal(find(routes, 'a.bar.foo.com/y?a=1'), 'exact')
  t.equal(find(routes, 'a.bar.foo.com/x'), 'deep')
  t.equal(find(routes, 'a.bar.foo.com/y'), 'wild', 'several labels')
  t.equal(find(routes, 'a.com/y'), 'none')
  t.equal(find(routes, 'foo.org/'), 'loose')
  t.equal(find(routes, 'x.foo.org/'), 'loose')
  t.end()
})

t.test('by fit, paths count as they are decoded', (t) => {
  const routes = [
    fit('admin', { paths: ['/admin/*'] }),
    fit('space', { paths: ['/a b'] }),
    fit('umlaut', { paths: ['/ä/*'] }),
    fit('all', { paths: ['/*'] }),
  ]
  t.equal(find(routes, 'h/admin%2Fx'), 'admin')
  t.equal(find(routes, 'h//admin//x'), 'admin')
  t.equal(find(routes, 'h/a%20b'), 'space')
  t.equal(find(routes, 'h/%C3%A4/x'), 'umlaut')
  t.equal(find(routes, 'h/adminx'), 'all')
  t.end()
})

t.test('routes by priority are asked before those by fit', (t) => {
  const routes = [
    fit('fit', { paths: ['/*'], priority: 100 }),
    route('own', { paths: ['/own/*'] }),
  ]
  t.equal(find(routes, 'h/own/x'), 'own')
  t.equal(find(routes, 'h/x'), 'fit')
  const matcher = compileRoutes(routes)
  const { lost } = matcher.explain({ host: 'h', path: '/own/x', method: 'GET' })
  t.match(lost, [{ route: { name: 'fit' }, reason: 'order' }])
  t.end()
})
