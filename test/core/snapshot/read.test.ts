import t from 'tap'
import {
  formatProblem,
  readConfiguration,
  readConfigurationObject,
} from '../../../core/snapshot/mod.ts'
import { fixture, MemoryFiles, read } from './means.ts'

const minimal = {
  listeners: [{ address: ':9080' }],
  routes: [{ upstream: { endpoints: [{ address: '127.0.0.1:8080' }] } }],
}

t.test('readConfigurationObject reads an object as readConfiguration reads its text', async (t) => {
  const fromObject = await readConfigurationObject(minimal)
  const fromText = await read(JSON.stringify(minimal))
  t.strictSame(fromObject.problems, [])
  t.strictSame(fromObject.watched, [])
  t.strictSame(fromObject.configuration?.listeners, fromText.configuration?.listeners)
  t.strictSame(fromObject.configuration?.routes, fromText.configuration?.routes)
  t.equal(fromObject.configuration?.store.folder, 'data')
})

t.test('readConfigurationObject tells paths where there are no lines', async (t) => {
  const { configuration, problems } = await readConfigurationObject({
    ...minimal,
    workers: 0,
    routes: [{ upstream: 'nowhere', match: { paths: ['x'] } }],
  })
  t.equal(configuration, undefined)
  t.strictSame(problems.map(({ path, position }) => ({ path, position })), [
    { path: ['routes', 0, 'match', 'paths', 0], position: undefined },
    { path: ['workers'], position: undefined },
    { path: ['routes', 0, 'upstream'], position: undefined },
  ])
  t.equal(
    formatProblem(problems[2]!),
    'routes[0].upstream: error: Unknown upstream "nowhere": there are none',
  )
})

t.test('readConfigurationObject takes dates, variables and inline PEM', async (t) => {
  const from = new Date('2027-01-01T00:00:00Z')
  const document = {
    ...minimal,
    applications: [{
      name: 'acme',
      certificates: [{ cert: '-----BEGIN CERTIFICATE-----', from }],
      apiKeys: [{ key: { env: 'KEY' } }],
    }],
  }
  const env = (name: string) => name === 'KEY' ? 'secret' : undefined
  const { configuration, problems } = await readConfigurationObject(document, { env })
  t.strictSame(problems, [])
  t.equal(configuration?.applications[0]?.certificates[0]?.from, from.getTime())
  t.equal(configuration?.applications[0]?.apiKeys[0]?.key, 'secret')
})

t.test('readConfigurationObject says where a host has no files and no variables', async (t) => {
  const document = {
    ...minimal,
    applications: [{
      name: 'a',
      certificates: [{ cert: 'a.crt' }],
      apiKeys: [{ key: { env: 'K' } }],
    }],
  }
  const means = {
    env: () => {
      throw new Error('Permission denied')
    },
  }
  for (const given of [{}, means]) {
    const { problems } = await readConfigurationObject(document, given)
    t.strictSame(problems.map(formatProblem), [
      'applications[0].certificates[0].cert: error: Cannot read file "a.crt": this host has no files',
      'applications[0].apiKeys[0].key.env: error: Cannot read environment variable "K": it is not set',
    ])
  }
})

t.test('readConfigurationObject refuses what is no map', async (t) => {
  for (const document of [undefined, null, 7, 'listeners', [], new Date()]) {
    const { configuration, problems } = await readConfigurationObject(document)
    t.equal(configuration, undefined)
    t.equal(problems.length, 1)
    t.match(problems[0]?.message, /^Cannot use .* as configuration: /)
  }
  const cycle: Record<string, unknown> = { ...minimal }
  cycle['admin'] = cycle
  const { problems } = await readConfigurationObject(cycle)
  t.match(problems[0]?.message, 'Unknown key "listeners" in admin')
})

t.test('readConfiguration reads a file once, however often it is named', async (t) => {
  const files = new MemoryFiles({ '/etc/a.crt': 'a', '/etc/b.crt': 'b' })
  const certificates = ['a.crt', './a.crt', 'b.crt', 'a.crt'].map((cert) => ({ cert }))
  const text = JSON.stringify({ ...minimal, applications: [{ name: 'a', certificates }] })
  const env = () => undefined
  const result = await readConfiguration({ text, file: '/etc/gateway.yaml', files, env })
  t.strictSame(files.reads, ['/etc/a.crt', '/etc/./a.crt', '/etc/b.crt'])
  t.strictSame(result.watched, ['/etc/gateway.yaml', ...files.reads], 'also what is not there yet')
})

t.test('readConfiguration keeps secrets out of problems', async (t) => {
  const secret = 'hunter2'
  const { problems } = await read(
    JSON.stringify({
      ...minimal,
      applications: [
        { name: 'a', apiKeys: [{ key: secret }], certificates: [] },
        { name: 'b', apiKeys: [{ key: secret }, { key: `${secret} ${secret}` }, { key: '' }] },
        { name: 'c', apiKeys: [{ key: [secret] }] },
        { name: 'd', apiKeys: [{ key: { value: secret } }] },
        { name: 'e', apiKeys: secret },
      ],
    }),
  )
  t.equal(problems.length, 7)
  t.notMatch(problems.slice(0, -1).map(formatProblem).join('\n'), secret)
})

t.test('readConfiguration escapes what could forge a line', async (t) => {
  const { problems } = await read(
    '"a\\nb\\u2028c\\u202ed\\e[31m": 1\nlisteners: [{ address: ":1" }]',
  )
  t.strictSame(problems.map(formatProblem), [
    '/etc/gateway.yaml:1:1: error: Unknown key "a\\nb\\u2028c\\u202ed\\u001b[31m" in the configuration: ' +
    'expected listeners, upstreams, apis, routes, applications, filters, admin, limits, tickets, accessLog, store, workers or drainTimeout',
  ])
})

t.test('readConfiguration bounds nesting and aliases', async (t) => {
  const deep = await read('['.repeat(50_000))
  t.match(deep.problems, [{ message: 'Cannot parse YAML: nested too deep' }])
  const list = (name: string, of: string) =>
    `${name}: &${name} [${Array(10).fill(of).join(', ')}]\n`
  let laughs = list('a', '1')
  for (const [name, of] of ['ba', 'cb', 'dc', 'ed', 'fe', 'gf']) laughs += list(name!, `*${of}`)
  const { problems } = await read(laughs)
  t.match(problems, [{ message: 'Cannot parse YAML: too many uses of aliases' }])
})

t.test('readConfiguration tells few of many syntax errors', async (t) => {
  const { configuration, problems } = await read('a: [\n'.repeat(100))
  t.equal(configuration, undefined)
  t.ok(problems.length > 0 && problems.length <= 20, `${problems.length} problems`)
})

t.test('readConfiguration reads CRLF, a byte order mark and YAML 1.1 dates', async (t) => {
  const text = '\ufeff' + fixture('good/small').replaceAll('\n', '\r\n')
  t.strictSame((await read(text)).problems, [])
  const old = `%YAML 1.1
---
listeners: [{ address: ":9080" }]
applications: [{ name: a, apiKeys: [{ key: k, from: 2027-01-01 }] }]
`
  const { configuration, problems } = await read(old)
  t.strictSame(problems, [])
  t.equal(configuration?.applications[0]?.apiKeys[0]?.from, Date.UTC(2027, 0, 1))
})

t.test('readConfiguration looks at the rest of a part that is wrong in one place', async (t) => {
  const text = `
listeners:
  - address: :9443
    proxyProtocol: 1
    tls:
      - names: [a.test, "*"]
        certificate: { cert: missing.crt, key: missing.key }
routes:
  - priority: high
    upstream: nowhere
`
  const { problems } = await read(text)
  t.strictSame(problems.map(({ position }) => [position?.line, position?.column]), [
    [4, 20],
    [6, 25],
    [7, 30],
    [7, 48],
    [9, 15],
    [10, 15],
  ])
})

t.test('locate finds the places of what is found later', async (t) => {
  const text = `
listeners: [{ address: ":9443" }]
routes:
  - upstream:
      endpoints: [{ address: 127.0.0.1:1 }]
`
  const { locate } = await read(text)
  const place = (...path: (string | number)[]) => {
    const position = locate(path)
    return `${position?.line}:${position?.column}`
  }
  t.equal(place('listeners', 0, 'address'), '2:24')
  t.equal(place('listeners', 0, 'tls', 3), '2:13', 'the last part that is written')
  t.equal(place('upstreams', 'route-1', 'endpoints', 0, 'address'), '5:30', 'an inline upstream')
  t.equal(place('upstreams', 'nowhere'), '2:1')
  t.equal((await readConfigurationObject(minimal)).locate(['routes', 0]), undefined)
})
