import t from 'tap'
import { atOnce, compileRoutes } from '../../../core/route/mod.ts'
import type { RouteEntry } from '../../../core/route/mod.ts'

interface Fit {
  readonly hosts?: string[]
  readonly paths?: string[]
  readonly methods?: string[]
}

function route(name: string, fit: Fit = {}, priority = 0): RouteEntry {
  const { hosts = [], paths = [], methods = [] } = fit
  const rest = { addresses: [], conditions: [], order: 'priority' as const }
  return { name, match: { hosts, paths, methods, ...rest }, priority }
}

/** Matches `METHOD host/path` and gives the route's name. */
function find(routes: readonly RouteEntry[], question: string): string | undefined {
  const [method = '', rest = ''] = question.split(' ')
  const slash = rest.indexOf('/')
  return compileRoutes(routes).match(rest.slice(0, slash), rest.slice(slash), method)?.name
}

t.test('hosts: exact before the longest wildcard before any', (t) => {
  const routes = [
    route('any'),
    route('wide', { hosts: ['*.test.com'] }),
    route('narrow', { hosts: ['*.eu.test.com'] }),
    route('exact', { hosts: ['a.eu.test.com'] }),
  ]
  for (const order of [routes, [...routes].reverse()]) {
    t.equal(find(order, 'GET a.eu.test.com/'), 'exact')
    t.equal(find(order, 'GET b.eu.test.com/'), 'narrow')
    t.equal(find(order, 'GET x.y.eu.test.com/'), 'narrow', 'any number of labels deeper')
    t.equal(find(order, 'GET a.us.test.com/'), 'wide')
    t.equal(find(order, 'GET test.com/'), 'any', 'a wildcard does not take its own domain')
    t.equal(find(order, 'GET eviltest.com/'), 'any')
    t.equal(find(order, 'GET .test.com/'), 'any', 'an empty label is none')
    t.equal(find(order, 'GET /'), 'any', 'a request without host')
  }
  t.end()
})

t.test('hosts: a better host falls back to a worse one where its paths do not fit', (t) => {
  const routes = [
    route('exact', { hosts: ['test.com'], paths: ['/a'] }),
    route('any', { paths: ['/b'] }),
  ]
  t.equal(find(routes, 'GET test.com/a'), 'exact')
  t.equal(find(routes, 'GET test.com/b'), 'any')
  t.equal(find(routes, 'GET test.com/c'), undefined)
  t.end()
})

t.test('paths: exact before the longest prefix', (t) => {
  const routes = [
    route('all', { paths: ['/*'] }),
    route('orders', { paths: ['/orders/*'] }),
    route('order', { paths: ['/orders/7'] }),
    route('images', { paths: ['/img*'] }),
    route('deep', { paths: ['/orders/7/lines/*'] }),
  ]
  t.equal(find(routes, 'GET x/orders/7'), 'order')
  t.equal(find(routes, 'GET x/orders/7/'), 'orders')
  t.equal(find(routes, 'GET x/orders/7/lines/1'), 'deep')
  t.equal(find(routes, 'GET x/orders/7/lines'), 'deep', 'also without the slash')
  t.equal(find(routes, 'GET x/orders/77'), 'orders')
  t.equal(find(routes, 'GET x/orders'), 'orders', 'also without the slash')
  t.equal(find(routes, 'GET x/ordersheet'), 'all', 'not by characters')
  t.equal(find(routes, 'GET x/img'), 'images')
  t.equal(find(routes, 'GET x/img7.png'), 'images', 'by characters')
  t.equal(find(routes, 'GET x/im'), 'all')
  t.end()
})

t.test('paths: an exact path fits better than a prefix without its slash', (t) => {
  const routes = [
    route('prefix', { paths: ['/orders/*'] }),
    route('characters', { paths: ['/orders*'] }),
    route('exact', { paths: ['/orders'] }),
  ]
  t.equal(find(routes, 'GET x/orders'), 'exact')
  t.equal(find(routes.slice(0, 2), 'GET x/orders'), 'prefix')
  t.equal(find(routes, 'GET x/orders/1'), 'prefix')
  t.equal(find(routes, 'GET x/orders1'), 'characters')
  t.end()
})

t.test('paths: percent-encoding of patterns is normalised as that of requests is', (t) => {
  const routes = [route('tilde', { paths: ['/%7euser/*'] }), route('slash', { paths: ['/a%2fb'] })]
  t.equal(find(routes, 'GET x/~user/'), 'tilde')
  t.equal(find(routes, 'GET x/a%2Fb'), 'slash')
  t.equal(find(routes, 'GET x/a/b'), undefined)
  t.end()
})

t.test('methods: restricted before any, and no route where none takes the method', (t) => {
  const routes = [
    route('any', { paths: ['/a'] }),
    route('writes', { paths: ['/a'], methods: ['POST', 'PUT'] }),
    route('reads', { paths: ['/b'], methods: ['GET'] }),
  ]
  t.equal(find(routes, 'POST x/a'), 'writes')
  t.equal(find(routes, 'GET x/a'), 'any')
  t.equal(find(routes, 'GET x/b'), 'reads')
  t.equal(find(routes, 'POST x/b'), undefined)
  t.equal(find(routes, 'get x/b'), undefined, 'methods are case-sensitive (RFC 9110 section 9.1)')
  t.end()
})

t.test('methods: a better fit that does not take the method gives way to a worse one', (t) => {
  const routes = [
    route('exact', { hosts: ['x'], paths: ['/a'], methods: ['GET'] }),
    route('prefix', { paths: ['/*'] }),
  ]
  t.equal(find(routes, 'GET x/a'), 'exact')
  t.equal(find(routes, 'DELETE x/a'), 'prefix')
  t.end()
})

t.test('priority: the higher one wins over any better fit', (t) => {
  const routes = [
    route('exact', { hosts: ['a.test.com'], paths: ['/orders'], methods: ['GET'] }),
    route('high', { paths: ['/*'] }, 10),
    route('low', { hosts: ['a.test.com'], paths: ['/low'] }, -1),
  ]
  t.equal(find(routes, 'GET a.test.com/orders'), 'high')
  t.equal(find(routes.slice(0, 1), 'GET a.test.com/orders'), 'exact')
  t.equal(find([...routes.slice(2), route('any')], 'GET a.test.com/low'), 'any')
  t.end()
})

t.test('order: of equals the first in the document wins', (t) => {
  const routes = [route('first', { paths: ['/a'] }), route('second', { paths: ['/a'] })]
  t.equal(find(routes, 'GET x/a'), 'first')
  t.equal(find([...routes].reverse(), 'GET x/a'), 'second')
  t.end()
})

t.test('match agrees with a plain search over all rules', (t) => {
  const hosts = ['', 'a.b.c', '*.b.c', '*.c', 'c']
  const paths = ['*', '/', '/a', '/a*', '/a/*', '/a/b', '/a/b*', '/ab/*']
  const methods = [[], ['GET'], ['GET', 'POST']]
  let seed = 7
  const random = (below: number): number => {
    seed = Math.imul(seed, 1103515245) + 12345 >>> 0
    return (seed >>> 8) % below
  }
  const some = <T>(list: readonly T[]): T => list[random(list.length)] as T
  for (let round = 0; round < 60; round++) {
    const routes = Array.from({ length: 1 + random(12) }, (_, index) => {
      const host = some(hosts)
      const fit = { hosts: host === '' ? [] : [host], paths: [some(paths)], methods: some(methods) }
      return route(`r${index}`, fit, random(3))
    })
    const matcher = compileRoutes(routes)
    for (const host of ['a.b.c', 'x.b.c', 'b.c', 'c', 'd']) {
      for (const path of ['/', '/a', '/a/', '/a/b', '/ab', '/ab/c', '*']) {
        const found = matcher.match(host, path, 'GET')
        if (found !== slowMatch(routes, host, path)) {
          t.same(found, slowMatch(routes, host, path), `${host}${path}`)
        }
      }
    }
  }
  t.end()
})

/** The rules once more, as a sort over everything that fits. */
function slowMatch(routes: readonly RouteEntry[], host: string, path: string): unknown {
  const hostRank = (pattern: string | undefined): number =>
    pattern === undefined
      ? 0
      : pattern === host
      ? 1000
      : pattern.startsWith('*.') && host.endsWith(pattern.slice(1)) && host !== pattern.slice(1)
      ? pattern.length
      : -1
  const pathRank = (pattern: string): number =>
    pattern === path
      ? 1000
      : !pattern.endsWith('*')
      ? -1
      : path.startsWith(pattern.slice(0, -1)) || path + '/*' === pattern
      ? pattern.length
      : -1
  return routes
    .map((each, order) => ({
      each,
      rank: [
        each.priority,
        hostRank(each.match.hosts[0]),
        pathRank(each.match.paths[0] as string),
        each.match.methods.length > 0 ? 1 : 0,
        -order,
      ],
    }))
    .filter(({ each, rank }) =>
      rank[1] as number >= 0 && rank[2] as number >= 0 &&
      (each.match.methods.length === 0 || each.match.methods.includes('GET'))
    )
    .sort((a, b) => {
      for (const [index, value] of a.rank.entries()) {
        if (value !== b.rank[index]) return (b.rank[index] as number) - value
      }
      return 0
    })[0]?.each
}

t.test('explain: gives the same route and why others lost', (t) => {
  const matcher = compileRoutes([
    route('winner', { hosts: ['a.c'], paths: ['/a'], methods: ['GET'] }, 1),
    route('later', { hosts: ['a.c'], paths: ['/a'], methods: ['GET'] }, 1),
    route('any-method', { hosts: ['a.c'], paths: ['/a'] }, 1),
    route('method', { hosts: ['a.c'], paths: ['/a'], methods: ['POST'] }, 1),
    route('priority', { hosts: ['a.c'], paths: ['/a'] }),
    route('fit', { hosts: ['*.c'], paths: ['/a'] }, 1),
    route('elsewhere', { hosts: ['b.c'], paths: ['/a'] }, 1),
  ])
  const found = matcher.explain({ host: 'a.c', path: '/a', method: 'GET' })
  t.equal(found.route?.name, 'winner')
  t.same(
    Object.fromEntries(found.lost.map(({ route, reason }) => [route.name, reason])),
    {
      'later': 'later',
      'any-method': 'any-method',
      'method': 'method',
      'priority': 'priority',
      'fit': 'fit',
    },
  )
  t.end()
})

t.test('explain: no route, except for the method', (t) => {
  const matcher = compileRoutes([route('reads', { paths: ['/a'], methods: ['GET'] })])
  const found = matcher.explain({ host: 'x', path: '/a', method: 'POST' })
  t.equal(found.route, undefined)
  t.equal(found.lost[0]?.reason, 'method')
  t.end()
})

t.test('explain: tells no more than it was asked for', (t) => {
  const routes = Array.from({ length: 50 }, (_, index) => route(`r${index}`, { paths: ['/a'] }))
  const found = compileRoutes(routes).explain({ host: 'x', path: '/a', method: 'GET' }, {
    limit: 5,
  })
  t.equal(found.lost.length, 5)
  t.equal(found.further, 44)
  t.end()
})

t.test('shadowed: routes that can never be chosen', (t) => {
  const matcher = compileRoutes([
    route('all', { paths: ['/a'] }),
    route('never', { paths: ['/a'] }),
    route('reads', { paths: ['/a'], methods: ['GET'] }),
    route('elsewhere too', { paths: ['/a', '/b'] }),
  ])
  t.same(atOnce(matcher.shadowed()).map(({ route, by }) => [route.name, by.name]), [[
    'never',
    'all',
  ]])
  t.same(atOnce(compileRoutes([route('twice', { paths: ['/a', '/a'] })]).shadowed()), [])
  t.end()
})

t.test('compileRoutes over what was compiled before agrees with compiling anew', (t) => {
  let routes = Array.from(
    { length: 30 },
    (_, index) =>
      route(`r${index}`, { hosts: [`h${index % 5}`], paths: [`/a${index % 7}*`] }, index % 3),
  )
  let matcher = compileRoutes(routes)
  for (let round = 0; round < 60; round++) {
    const at = round * 11 % routes.length
    const fit = { hosts: [`h${round % 6}`], paths: [`/a${round % 8}*`] }
    if (round % 3 === 0) routes = routes.filter((_, index) => index !== at)
    else if (round % 3 === 1) routes = routes.with(at, route(`n${round}`, fit))
    else routes = [...routes.slice(1), routes[0] as RouteEntry, route(`n${round}`, fit, 1)]
    matcher = compileRoutes(routes, matcher)
    const anew = compileRoutes(routes)
    for (let host = 0; host < 6; host++) {
      for (let path = 0; path < 8; path++) {
        const question = [`h${host}`, `/a${path}x`, 'GET'] as const
        if (matcher.match(...question) !== anew.match(...question)) t.fail(question.join(' '))
      }
    }
    t.same(atOnce(matcher.shadowed()).length, atOnce(anew.shadowed()).length)
  }
  t.end()
})

t.test('compileRoutes of a few changes among many agrees with compiling anew', (t) => {
  let state = 11
  const take = (below: number): number => {
    state = (state * 48271) % 2147483647
    return state % below
  }
  let made = 0
  const hosts = ['', 'a.test', 'b.test', '*.test', '*.a.test', '*b.test']
  const any = (): RouteEntry => {
    const host = hosts[take(hosts.length)] as string
    const path = [`/p${take(6)}`, `/p${take(6)}/*`, `/p*`, '/*'][take(4)] as string
    const methods = take(3) === 0 ? ['GET'] : take(3) === 0 ? ['GET', 'PUT'] : []
    const order = take(2) === 0 ? 'fit' as const : 'priority' as const
    const fit = { hosts: host === '' ? [] : [host], paths: [path], methods }
    const found = route(`m${made++}`, fit, take(3))
    return { ...found, match: { ...found.match, order } }
  }
  // Most of them are out of the way, so that those in question meet.
  let routes: RouteEntry[] = Array.from(
    { length: 600 },
    (_, at) => at % 10 === 0 ? any() : route(`x${at}`, { hosts: [`x${at}.test`], paths: ['/x'] }),
  )
  let matcher = compileRoutes(routes)
  let partial = 0
  for (let round = 0; round < 300; round++) {
    routes = [...routes]
    for (let changes = 1 + take(3); changes > 0; changes--) {
      const at = take(routes.length)
      if (take(3) === 0 && routes.length > 590) routes.splice(at, 1)
      else if (take(2) === 0) routes[at] = any()
      else routes.splice(take(4) === 0 ? at : routes.length, 0, any())
    }
    matcher = compileRoutes(routes, matcher)
    partial += Number(matcher.partial)
    const anew = compileRoutes(routes)
    for (const host of ['a.test', 'b.test', 'c.a.test', 'xb.test', 'none']) {
      for (const path of ['/p1', '/p2/x', '/p9', '/']) {
        const method = take(2) === 0 ? 'GET' : 'POST'
        const [found, wanted] = [matcher, anew].map((each) => each.match(host, path, method))
        if (found !== wanted) {
          return t.fail(`round ${round}: ${host}${path}: ${found?.name}, not ${wanted?.name}`)
        }
        const told = matcher.explain({ host, path, method })
        if (told.route !== wanted) return t.fail(`round ${round}: explains ${told.route?.name}`)
      }
    }
  }
  t.ok(partial > 200, `${partial} of 300 were compiled in part`)
  t.same(atOnce(matcher.shadowed()).length, atOnce(compileRoutes(routes).shadowed()).length)
  t.end()
})

t.test('places count as they are, also of routes that were taken over when all others were compiled anew', (t) => {
  const filler = (at: number): RouteEntry => route(`x${at}`, { hosts: [`x${at}.test`] })
  const twin = (name: string): RouteEntry => route(name, { hosts: ['a.test'], paths: ['/p'] })
  let routes = Array.from({ length: 600 }, (_, at) => filler(at))
  routes[300] = twin('old')
  let matcher = compileRoutes(routes)
  const found = (): string | undefined => matcher.match('a.test', '/p', 'GET')?.name
  routes = [...Array.from({ length: 60 }, (_, at) => filler(1000 + at)), ...routes]
  for (let from = 0; from < 300; from += 60) {
    routes = [...Array.from({ length: 60 }, (_, at) => filler(2000 + from + at)), ...routes]
    matcher = compileRoutes(routes, matcher)
  }
  t.equal(found(), 'old')
  const at = routes.findIndex(({ name }) => name === 'old')
  routes = [...routes.slice(0, at - 100), twin('earlier'), ...routes.slice(at - 100)]
  matcher = compileRoutes(routes, matcher)
  t.ok(matcher.partial)
  t.equal(found(), 'earlier')
  routes = [...routes, twin('later')].filter(({ name }) => name !== 'earlier')
  matcher = compileRoutes(routes, matcher)
  t.equal(found(), 'old')
  t.end()
})
