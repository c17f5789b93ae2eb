/** Each file under fixtures/dialect/apisix: documents, and what the gateway is asked for by them. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ApisixTranslator } from '../../../../core/dialect/apisix/translate/mod.ts'
import { changesOf, OPTIONS, summary } from './summary.ts'

const FOLDER = 'fixtures/dialect/apisix'

interface Fixture {
  readonly options?: Partial<typeof OPTIONS>
  readonly env?: Readonly<Record<string, string>>
  readonly documents: Readonly<Record<string, unknown>>
  readonly expected: unknown
  readonly warnings: readonly string[]
}

for (const file of readdirSync(FOLDER).sort()) {
  t.test(file, (t) => {
    const fixture = JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as Fixture
    const { documents, expected, warnings, options, env = {} } = fixture
    const translator = new ApisixTranslator({ ...OPTIONS, env: (name) => env[name], ...options })
    translator.take(changesOf(documents))
    const told = summary(translator.parts())
    t.strictSame(told.parts, expected)
    t.strictSame(told.warnings, warnings)
    t.end()
  })
}

t.test('what a change does not touch stays the same object', (t) => {
  const translator = new ApisixTranslator(OPTIONS)
  const upstream = { nodes: { '10.0.0.1:80': 1 } }
  translator.take(changesOf({
    '/upstreams/1': upstream,
    '/services/1': { upstream_id: '1', hosts: ['a.com'] },
    '/routes/1': { uri: '/1', service_id: '1' },
    '/routes/2': { uri: '/2', upstream_id: '1' },
    '/ssls/1': { sni: 'a.com', cert: 'cert', key: '---key' },
  }))
  const before = translator.parts()
  t.equal(translator.parts(), before, 'nothing changed')
  translator.take(changesOf({ '/services/1': { upstream_id: '1', hosts: ['b.com'] } }, 10))
  const after = translator.parts()
  t.strictSame(after.routes.map(({ match }) => match.hosts), [['b.com'], []])
  t.equal(after.routes[1], before.routes[1], 'a route of another service')
  t.equal(after.tls, before.tls)
  t.equal(after.upstreams.get('apisix:upstream:1'), before.upstreams.get('apisix:upstream:1'))
  translator.take(changesOf({ '/upstreams/1': { nodes: { '10.0.0.2:80': 1 } } }, 11))
  const moved = translator.parts()
  t.equal(moved.routes[0], after.routes[0], 'a route names its upstream, and does not copy it')
  t.not(moved.upstreams.get('apisix:upstream:1'), after.upstreams.get('apisix:upstream:1'))
  t.equal(translator.documentOf(moved.routes[0] as object), '/routes/1')
  translator.take(changesOf({ '/upstreams/1': undefined }, 12))
  t.match(translator.parts().routes[1]?.filters, [{ type: 'respond', status: 502 }])
  t.end()
})

t.test('a part tells the document that it was made of', (t) => {
  const translator = new ApisixTranslator(OPTIONS)
  const upstream = { nodes: { '10.0.0.1:80': 1 } }
  translator.take(changesOf({
    '/upstreams/a:b': upstream,
    '/services/s': { upstream },
    '/routes/r': { uri: '/1', upstream },
    '/consumers/c': { username: 'c', plugins: { 'key-auth': { key: 'k' } } },
    '/global_rules/g': { plugins: { 'ip-restriction': { blacklist: ['10.0.0.0/8'] } } },
  }))
  const { upstreams, routes, applications, filters = [] } = translator.parts()
  const parts = [...upstreams.values(), ...routes, ...applications.values(), ...filters]
  t.strictSame(parts.map((part) => translator.documentOf(part)).sort(), [
    '/consumers/c',
    '/global_rules/g',
    '/routes/r',
    '/routes/r',
    '/services/s',
    '/upstreams/a:b',
  ])
  // gateway.yaml may have a part of the same name: whose a part is tells the part itself.
  t.equal(translator.documentOf({ ...upstreams.get('apisix:upstream:a:b') }), undefined)
  t.end()
})

t.test('the oldest ssl keeps a name that another one wants, too', (t) => {
  const translator = new ApisixTranslator(OPTIONS)
  const pair = { cert: 'cert', key: '---key' }
  translator.take(changesOf({
    '/ssls/z': { snis: ['a.com', 'b.com'], ...pair },
    '/ssls/a': { snis: ['b.com', 'c.com'], ...pair },
  }))
  const { tls, problems } = translator.parts()
  t.strictSame(tls.map(({ names }) => names), [['a.com', 'b.com'], ['c.com']])
  t.match(problems, [{
    key: '/ssls/a',
    severity: 'warning',
    message: /"b\.com" is that of \/ssls\/z/,
  }])
  t.equal(translator.documentOf(tls[1] as object), '/ssls/a')
  translator.take([{ key: '/ssls/z', document: undefined }])
  t.strictSame(translator.parts().tls.map(({ names }) => names), [['b.com', 'c.com']])
  t.end()
})
