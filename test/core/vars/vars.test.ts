import { createHash } from 'node:crypto'
import t from 'tap'
import type { ConditionConfig } from '../../../core/snapshot/mod.ts'
import {
  asBytes,
  type ClientFacts,
  compileCondition,
  compileTemplate,
  compileVariable,
  encodePath,
  Facts,
  isKnownVariable,
} from '../../../core/vars/mod.ts'

const der = new TextEncoder().encode('a certificate '.repeat(20))

const client: ClientFacts = {
  address: '10.1.2.3',
  secure: true,
  sni: 'api.test',
  port: 50_000,
  local: { host: '10.9.9.9', port: 9443 },
  certificate: {
    der,
    subject: 'CN=acme\\, Inc.,OU=Sales+L=Paris,O=\\C3\\84',
    issuer: 'CN=CA',
    serial: '0a1b',
    sha256: 'ff'.repeat(32),
    notBefore: Date.UTC(2026, 0, 1),
    notAfter: Date.UTC(2027, 0, 31, 8),
  },
  certificateProblem: undefined,
}

function facts(target = '/a%20b//c.tar.gz?x=1&y=a+b%21&x=2&flag', more: string[] = []): Facts {
  const [path = '', query = ''] = target.split(/(?=\?)/)
  const headers = ['Host', 'api.test:9443', 'X-User', 'ann', 'Cookie', 'a=1; b=2', ...more]
  return new Facts({
    method: 'POST',
    target,
    path,
    query,
    authority: 'api.test:9443',
    host: 'api.test',
    version: '1.1',
    headers,
  }, client)
}

const read = (name: string, from = facts()): string | undefined => compileVariable(name)(from)

t.test('variables have the values that nginx gives them', (t) => {
  const expected: Record<string, string | undefined> = {
    remote_addr: '10.1.2.3',
    uri: '/a b/c.tar.gz',
    document_uri: '/a b/c.tar.gz',
    request_uri: '/a%20b//c.tar.gz?x=1&y=a+b%21&x=2&flag',
    args: 'x=1&y=a+b%21&x=2&flag',
    query_string: 'x=1&y=a+b%21&x=2&flag',
    is_args: '?',
    host: 'api.test',
    http_host: 'api.test:9443',
    request_method: 'POST',
    scheme: 'https',
    server_addr: '10.9.9.9',
    server_port: '9443',
    remote_port: '50000',
    server_protocol: 'HTTP/1.1',
    http_x_user: 'ann',
    'http_X-User': 'ann',
    http_none: undefined,
    arg_x: '1',
    arg_y: 'a b!',
    arg_flag: '',
    arg_none: undefined,
    cookie_b: '2',
    file_extension: 'gz',
    ssl_server_name: 'api.test',
    ssl_client_verify: 'SUCCESS',
    ssl_client_verify_code: '0',
    ssl_client_present: '1',
    ssl_client_s_dn_cn: 'acme, Inc.',
    ssl_client_s_dn_L: 'Paris',
    ssl_client_s_dn_O: '\u00c4',
    ssl_client_i_dn: 'CN=CA',
    ssl_client_i_dn_legacy: '/CN=CA',
    ssl_client_serial: '0A1B',
    ssl_client_fingerprint: createHash('sha1').update(der).digest('hex'),
    ssl_client_v_end: 'Jan 31 08:00:00 2027 GMT',
    route_id: undefined,
    status: undefined,
  }
  for (const [name, value] of Object.entries(expected)) {
    t.equal(read(name), value, name)
    t.ok(isKnownVariable(name), name)
  }
  t.notOk(isKnownVariable('remote_adr'))
  t.end()
})

t.test('parts of paths, and what a bearer token says', (t) => {
  const one = facts('/orders/v1/42')
  t.strictSame(['path_part_0', 'path_part_2', 'path_part_9'].map((name) => read(name, one)), [
    ...['', 'v1', undefined],
  ])
  one.named.set('context_path', '/orders')
  t.equal(read('path_info', one), '/v1/42')
  t.equal(read('path_info_part_1', one), 'v1')
  one.named.set('context_path', '/orders/v1/42')
  t.equal(read('path_info', one), '/')
  const part = (value: unknown): string =>
    btoa(JSON.stringify(value)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '')
  const say = (authorization: string): void =>
    void (one.head = { ...one.head, headers: ['Authorization', authorization] })
  const claims = { iss: 'https://id.test/?>', n: 1, roles: ['a', 'b'], none: null }
  say(`Bearer ${part({ alg: 'none', kid: 'k' })}.${part(claims)}.x`)
  const expected = {
    ...{ jwt_claim_iss: 'https://id.test/?>', jwt_claim_n: '1', jwt_claim_roles: '["a","b"]' },
    ...{ jwt_claim_none: undefined, jwt_claim_toString: undefined, jwt_header_kid: 'k' },
  }
  for (const [name, value] of Object.entries(expected)) {
    t.equal(read(name, one), value, name)
    t.ok(isKnownVariable(name), name)
  }
  for (
    const wrong of ['Bearer a.b.c', 'Bearer abc', 'Basic x', `Bearer ${part(null)}.${part(1)}.`]
  ) {
    say(wrong)
    t.equal(read('jwt_claim_iss', one), undefined, wrong)
  }
  t.end()
})

t.test('what is found out later is told from then on', (t) => {
  const one = facts('/a')
  t.equal(read('uri', one), '/a')
  one.head = { ...one.head, path: '/b' }
  t.equal(read('uri', one), '/b')
  one.moveTo('192.0.2.1', '5000')
  t.strictSame(
    ['remote_addr', 'remote_port', 'realip_remote_addr'].map((name) => read(name, one)),
    [
      '192.0.2.1',
      '5000',
      '10.1.2.3',
    ],
  )
  one.named.set('route_id', '7')
  t.equal(read('route_id', one), '7')
  one.response = { status: 502, headers: ['X-Two-Words', 'v'], upstream: true }
  t.equal(read('status', one), '502')
  t.equal(read('upstream_status', one), '502')
  t.equal(read('upstream_http_x_two_words', one), 'v')
  t.end()
})

t.test('templates put variables into text', (t) => {
  const render = (text: string): string => compileTemplate(text).render(facts())
  t.equal(
    render('https://$host$request_uri'),
    'https://api.test/a%20b//c.tar.gz?x=1&y=a+b%21&x=2&flag',
  )
  t.equal(render('${arg_x}-${ arg_none ?? none }-$arg_none.'), '1-none-')
  t.equal(render('\\$host costs $'), '\\$host costs $')
  t.equal(render('$host.eu/$scheme.'), 'api.test.eu/https.')
  const groups = compileTemplate('/$1_$2/${2}$3')
  t.equal(groups.render(facts(), { group: (index) => ['', 'a', 'b'][index] ?? '' }), '/a_b/b')
  t.strictSame(compileTemplate('$host $1 $arg_a').variables, ['host', 'arg_a'])
  t.equal(compileTemplate('$arg_none-$arg_also').renderAny(facts()), undefined)
  t.equal(compileTemplate('$arg_none-$arg_x').renderAny(facts()), '-1')
  t.end()
})

t.test('conditions hold or do not', (t) => {
  const holds = (config: ConditionConfig): boolean => {
    const condition = compileCondition(config)
    if ('problem' in condition) throw new Error(condition.problem)
    return condition.holds(facts())
  }
  const cases: [string, string, unknown, boolean][] = [
    ['arg_x', 'equals', '1', true],
    ['arg_x', 'equals', 1, true],
    ['arg_x', 'equals', '01', false],
    ['arg_none', 'equals', null, true],
    ['arg_none', 'differs', 'a', true],
    ['arg_x', 'differs', null, true],
    ['arg_x', 'greater', 0, true],
    ['arg_x', 'at-least', '1', true],
    ['arg_x', 'less', 1, false],
    ['arg_x', 'at-most', 1, true],
    ['http_x_user', 'greater', 1, false],
    ['http_x_user', 'matches', '^a[a-z]{2}$', true],
    ['http_x_user', 'matches', '^A', false],
    ['http_x_user', 'matches-any-case', '^A', true],
    ['http_none', 'matches', '.*', false],
    ['http_x_user', 'in', ['bob', 'ann'], true],
    ['arg_x', 'in', [1, 2], true],
    ['uri', 'starts-with', '/a b', true],
    ['uri', 'ends-with', '.gz', true],
    ['uri', 'contains', 'b/c', true],
    ['remote_addr', 'within', ['10.0.0.0/8', '::1'], true],
    ['remote_addr', 'within', '192.168.0.0/16', false],
  ]
  for (const [variable, operator, value, expected] of cases) {
    const config = { variable, operator, value } as ConditionConfig
    t.equal(holds(config), expected, JSON.stringify(config))
    t.equal(holds({ not: config }), !expected)
  }
  const yes: ConditionConfig = { variable: 'host', operator: 'equals', value: 'api.test' }
  t.ok(holds({ any: [{ not: yes }, yes] }))
  t.notOk(holds({ all: [yes, { not: yes }] }))
  t.ok(holds({ all: [] }))
  t.notOk(holds({ any: [] }))
  t.end()
})

t.test('conditions that cannot be used say why, and others what they found', (t) => {
  const problem = (operator: string, value: unknown): unknown => {
    const config = { variable: 'host', operator, value } as ConditionConfig
    return compileCondition({ any: [{ not: config }] })
  }
  t.match(problem('matches', '('), { problem: /matches of host.*not closed/ })
  t.match(problem('within', '10.0.0.0/99'), { problem: /no range/ })
  const found = compileCondition({ variable: 'arg_x', operator: 'equals', value: '2' })
  t.match('explain' in found && found.explain(facts()), 'arg_x equals "2", which has "1"')
  t.end()
})

t.test('text beyond ASCII is compared as its bytes', (t) => {
  t.equal(asBytes('ä'), '\u00c3\u00a4')
  t.equal(asBytes('ä'.repeat(200_000)).length, 400_000)
  t.equal(read('uri', facts('/%C3%A4')), asBytes('/ä'))
  t.equal(encodePath(asBytes('/ä b?%')), '/%C3%A4%20b%3F%25')
  t.end()
})
