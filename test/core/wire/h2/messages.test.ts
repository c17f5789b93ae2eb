import t from 'tap'
import {
  type HeaderList,
  requestFieldsFor,
  requestFromFields,
  responseFieldsFor,
  responseFromFields,
  trailerFieldsFor,
} from '../../../../core/wire/mod.ts'

const LIMITS = { targetSize: 100, bodySize: 1000 }
const GET = [':method', 'GET', ':scheme', 'https', ':path', '/a?b', ':authority', 'A.example:8443']
const POST = [':method', 'POST', ...GET.slice(2)]

function request(...more: string[]): ReturnType<typeof requestFromFields> {
  return requestFromFields([...GET, ...more], true, LIMITS)
}

/** A GET's fields with one pseudo-field changed; taken out where there is no value. */
function changed(name: string, value?: string): HeaderList {
  const at = GET.indexOf(name)
  const fields = [...GET]
  if (value === undefined) fields.splice(at, 2)
  else fields[at + 1] = value
  return fields
}

t.test('requestFromFields makes the head that HTTP/1.1 would have made', (t) => {
  t.same(requestFromFields([...GET, 'x', 'y'], true, LIMITS), {
    method: 'GET',
    target: '/a?b',
    path: '/a',
    query: '?b',
    authority: 'A.example:8443',
    host: 'a.example',
    version: '2',
    headers: ['host', 'A.example:8443', 'x', 'y'],
    framing: 'none',
    length: 0,
    keepAlive: true,
    upgrade: '',
    expectContinue: false,
  })
  t.match(requestFromFields(changed(':path', '/%61/../b/./c'), true, LIMITS), {
    target: '/b/c',
    path: '/b/c',
  })
  t.match(
    requestFromFields([':method', 'OPTIONS', ...changed(':path', '*').slice(2)], true, LIMITS),
    {
      target: '*',
    },
  )
  t.match(requestFromFields([...changed(':authority'), 'host', 'b.example'], true, LIMITS), {
    authority: 'b.example',
    headers: ['host', 'b.example'],
  })
  t.match(request('host', 'a.EXAMPLE:8443'), { headers: ['host', 'A.example:8443'] })
  t.match(request('te', 'Trailers'), { method: 'GET' })
  t.match(requestFromFields(changed(':scheme', 'HTTPS'), true, LIMITS), { method: 'GET' })
  t.end()
})

t.test('requestFromFields compares Host and :authority as RFC 9113 section 8.3.1 wants it', (t) => {
  const both = (scheme: string, authority: string, host: string): unknown => {
    const fields = [':method', 'GET', ':scheme', scheme, ':path', '/', ':authority', authority]
    const head = requestFromFields([...fields, 'host', host], true, LIMITS)
    return 'code' in head ? head.code : head.headers
  }
  t.same(both('https', 'a.example', 'A.example:443'), ['host', 'a.example'])
  t.same(both('https', 'a.example:443', 'a.example.'), ['host', 'a.example:443'])
  t.same(both('http', 'a.example', 'a.example:080'), ['host', 'a.example'])
  t.equal(both('http', 'a.example', 'a.example:443'), 'MALFORMED_REQUEST')
  t.equal(both('https', 'a.example', 'b.example'), 'MALFORMED_REQUEST')
  t.equal(both('https', 'a.example', 'u@a.example'), 'MALFORMED_REQUEST')
  t.equal(both('https', 'a.example', ''), 'MALFORMED_REQUEST')
  t.end()
})

t.test('requestFromFields frames the body', (t) => {
  const framed = (ends: boolean, ...more: string[]): unknown => {
    const head = requestFromFields([...POST, ...more], ends, LIMITS)
    return 'code' in head ? head.code : [head.framing, head.length, head.expectContinue]
  }
  t.same(framed(true), ['none', 0, false])
  t.same(framed(false), ['chunked', 0, false])
  t.same(framed(false, 'content-length', '5'), ['length', 5, false])
  t.same(framed(true, 'content-length', '0'), ['length', 0, false])
  t.same(framed(false, 'expect', '100-Continue'), ['chunked', 0, true])
  t.same(framed(true, 'expect', '100-continue'), ['none', 0, false])
  t.equal(framed(true, 'content-length', '5'), 'MALFORMED_REQUEST')
  t.equal(framed(false, 'content-length', '+5'), 'MALFORMED_REQUEST')
  t.equal(framed(false, 'content-length', '5', 'content-length', '5'), 'MALFORMED_REQUEST')
  t.equal(framed(false, 'content-length', '1001'), 'BODY_TOO_LARGE')
  t.match(requestFromFields([...POST, 'content-length', '007'], false, LIMITS), {
    headers: ['host', 'A.example:8443', 'content-length', '7'],
  })
  t.end()
})

t.test('requestFromFields joins the crumbs of a cookie', (t) => {
  const head = request('cookie', 'a=1', 'x', 'y', 'cookie', 'b=2', 'cookie', 'c=3')
  t.match(head, { headers: ['host', 'A.example:8443', 'cookie', 'a=1; b=2; c=3', 'x', 'y'] })
  t.end()
})

t.test('requestFromFields refuses what is malformed', (t) => {
  const cases: [string, HeaderList, string][] = [
    ['no method', changed(':method'), '8.3.1'],
    ['an empty method', changed(':method', ''), '8.3.1'],
    ['a method with a space', changed(':method', 'GET /x'), '8.3.1'],
    ['no scheme', changed(':scheme'), '8.3.1'],
    ['another scheme', changed(':scheme', 'ftp'), '8.3.1'],
    ['a scheme with CR and LF', changed(':scheme', 'https\r\nx: y'), '8.3.1'],
    ['no path', changed(':path'), '8.3.1'],
    ['an empty path', changed(':path', ''), '8.3.1'],
    ['a path without a slash', changed(':path', 'a'), '8.3.1'],
    ['a URI for a path', changed(':path', 'https://a.example/'), '8.3.1'],
    ['a fragment', changed(':path', '/a#b'), '8.3.1'],
    ['a space in the path', changed(':path', '/a b'), '8.3.1'],
    ['a backslash in the path', changed(':path', '/a\\b'), '8.3.1'],
    ['an 8-bit character in the path', changed(':path', '/\xe4'), '8.3.1'],
    ['no authority', changed(':authority'), '8.3.1'],
    ['an empty authority', changed(':authority', ''), '8.3.1'],
    ['userinfo', changed(':authority', 'me@a.example'), '8.3.1'],
    ['a space in the authority', changed(':authority', 'a.example evil'), '8.3.1'],
    ['NUL in the authority', changed(':authority', 'a.example\0'), '8.3.1'],
    ['two methods', [':method', 'GET', ...GET], '8.3'],
    ['two paths', [':path', '/', ...GET], '8.3'],
    ['an unknown pseudo-field', [':x', 'y', ...GET], '8.3'],
    ['a pseudo-field of responses', [':status', '200', ...GET], '8.3'],
    [':protocol that was not announced', [':protocol', 'websocket', ...GET], '8.3'],
    ['a pseudo-field behind others', [...GET.slice(2), 'x', 'y', ':method', 'GET'], '8.3'],
    ['another Host', [...GET, 'host', 'b.example'], '8.3.1'],
    ['two Hosts', [...GET, 'host', 'A.example:8443', 'host', 'A.example:8443'], '8.3.1'],
    ['an upper-case name', [...GET, 'X', 'y'], '8.2.1'],
    ['an empty name', [...GET, '', 'y'], '8.2.1'],
    ['a space in a name', [...GET, 'x ', 'y'], '8.2.1'],
    ['a colon in a name', [...GET, 'x:', 'y'], '8.2.1'],
    ['an 8-bit character in a name', [...GET, '\xe4', 'y'], '8.2.1'],
    ['NUL in a value', [...GET, 'x', 'a\0b'], '8.2.1'],
    ['LF in a value', [...GET, 'x', 'a\nb'], '8.2.1'],
    ['CR in a value', [...GET, 'x', 'a\rb'], '8.2.1'],
    ['a blank before a value', [...GET, 'x', ' y'], '8.2.1'],
    ['a tab behind a value', [...GET, 'x', 'y\t'], '8.2.1'],
    ['Connection', [...GET, 'connection', 'close'], '8.2.2'],
    ['Keep-Alive', [...GET, 'keep-alive', '5'], '8.2.2'],
    ['Proxy-Connection', [...GET, 'proxy-connection', 'close'], '8.2.2'],
    ['Transfer-Encoding', [...GET, 'transfer-encoding', 'chunked'], '8.2.2'],
    ['Upgrade', [...GET, 'upgrade', 'websocket'], '8.2.2'],
    ['another TE', [...GET, 'te', 'trailers, gzip'], '8.2.2'],
    ['CONNECT with a path', changed(':method', 'CONNECT'), '8.5'],
    ['no fields', [], '8.3.1'],
  ]
  for (const [name, fields, section] of cases) {
    t.match(requestFromFields(fields, true, LIMITS), {
      code: 'MALFORMED_REQUEST',
      clause: `RFC 9113 section ${section}`,
    }, name)
  }
  for (const path of ['/a%', '/%00', '/..%2fa']) {
    t.match(requestFromFields(changed(':path', path), true, LIMITS), {
      code: 'MALFORMED_REQUEST',
      clause: 'RFC 9112 section 3.2.1',
    }, path)
  }
  t.match(requestFromFields(changed(':path', '*'), true, LIMITS), { code: 'MALFORMED_REQUEST' })
  t.match(requestFromFields(changed(':path', `/${'a'.repeat(100)}`), true, LIMITS), {
    code: 'TARGET_TOO_LONG',
  })
  t.end()
})

t.test('requestFromFields reads CONNECT, plain and extended', (t) => {
  const plain = [':method', 'CONNECT', ':authority', 'a.example:443']
  t.match(requestFromFields(plain, false, LIMITS), {
    method: 'CONNECT',
    target: 'a.example:443',
    host: 'a.example',
    framing: 'none',
    upgrade: '',
  })
  t.match(requestFromFields([':method', 'CONNECT', ':authority', 'a.example'], false, LIMITS), {
    code: 'MALFORMED_REQUEST',
  })
  const extended = [...changed(':method', 'CONNECT'), ':protocol', 'websocket']
  const announced = { ...LIMITS, connectProtocol: true }
  t.match(requestFromFields(extended, false, announced), {
    method: 'CONNECT',
    target: '/a?b',
    path: '/a',
    framing: 'none',
    upgrade: 'websocket',
  })
  t.match(requestFromFields([...GET, ':protocol', 'websocket'], false, announced), {
    code: 'MALFORMED_REQUEST',
    clause: 'RFC 8441 section 4',
  })
  t.end()
})

t.test('responseFromFields frames the body', (t) => {
  const framed = (status: string, ends: boolean, method = 'GET', ...more: string[]): unknown => {
    const head = responseFromFields([':status', status, ...more], ends, method)
    return 'code' in head ? head.clause : [head.status, head.framing, head.length]
  }
  t.same(framed('200', false), [200, 'chunked', 0])
  t.same(framed('200', true), [200, 'length', 0])
  t.match(responseFromFields([':status', '200'], true, 'GET'), { headers: ['content-length', '0'] })
  t.same(framed('200', false, 'GET', 'content-length', '5'), [200, 'length', 5])
  t.same(framed('200', true, 'HEAD', 'content-length', '5'), [200, 'none', 0])
  t.same(framed('304', true, 'GET', 'content-length', '5'), [304, 'none', 0])
  t.same(framed('204', true, 'GET', 'content-length', '5'), [204, 'none', 0])
  t.same(framed('103', false), [103, 'none', 0])
  t.same(framed('200', false, 'CONNECT'), [200, 'none', 0])
  t.equal(framed('200', true, 'GET', 'content-length', '5'), 'RFC 9113 section 8.1.1')
  t.equal(framed('200', false, 'GET', 'content-length', 'x'), 'RFC 9110 section 8.6')
  t.equal(framed('101', false), 'RFC 9113 section 8.3.2')
  t.equal(framed('099', false), 'RFC 9113 section 8.3.2')
  t.equal(framed('20', false), 'RFC 9113 section 8.3.2')
  t.equal(framed('600', false), 'RFC 9113 section 8.3.2')
  t.match(responseFromFields([':status', '204', 'content-length', '5', 'x', 'y'], true, 'GET'), {
    version: '2',
    reason: '',
    keepAlive: true,
    headers: ['x', 'y'],
  })
  t.end()
})

t.test('responseFromFields refuses what is malformed', (t) => {
  const cases: [HeaderList, string][] = [
    [[], '8.3.2'],
    [['x', 'y'], '8.3.2'],
    [[':status', '200', ':status', '200'], '8.3'],
    [[':status', '200', ':path', '/'], '8.3'],
    [['x', 'y', ':status', '200'], '8.3'],
    [[':status', '200', 'X', 'y'], '8.2.1'],
    [[':status', '200', 'x', 'a\r\nb: c'], '8.2.1'],
    [[':status', '200', 'connection', 'close'], '8.2.2'],
  ]
  for (const [fields, section] of cases) {
    t.match(responseFromFields(fields, true, 'GET'), {
      code: 'MALFORMED_RESPONSE',
      clause: `RFC 9113 section ${section}`,
    }, JSON.stringify(fields))
  }
  t.end()
})

t.test('fields for sending are in lower case and without those of HTTP/1.1', (t) => {
  const headers = [
    ...['Host', 'b.example', 'X-A', 'Y', 'Connection', 'close', 'Keep-Alive', '5'],
    ...[
      'Transfer-Encoding',
      'chunked',
      'Upgrade',
      'h2c',
      'Proxy-Connection',
      'close',
      'TE',
      'gzip',
    ],
  ]
  const sent = { method: 'GET', scheme: 'https', authority: 'a.example', target: '/a?b' } as const
  const pseudo = [':method', 'GET', ':authority', 'a.example', ':scheme', 'https', ':path', '/a?b']
  t.same(requestFieldsFor({ ...sent, headers }), [...pseudo, 'x-a', 'Y'])
  t.same(requestFieldsFor({ ...sent, headers: ['TE', 'trailers'] }), [...pseudo, 'te', 'trailers'])
  t.same(requestFieldsFor({ ...sent, method: 'CONNECT', headers: [] }), [
    ...[':method', 'CONNECT', ':authority', 'a.example'],
  ])
  t.same(requestFieldsFor({ ...sent, method: 'CONNECT', protocol: 'websocket', headers: [] }), [
    ...[':method', 'CONNECT', ':authority', 'a.example', ':scheme', 'https', ':path', '/a?b'],
    ...[':protocol', 'websocket'],
  ])
  t.same(responseFieldsFor({ status: 200, headers: ['X-A', 'Y', 'Connection', 'close'] }), [
    ...[':status', '200', 'x-a', 'Y'],
  ])
  t.same(trailerFieldsFor(['X-Sum', '1', 'Transfer-Encoding', 'chunked']), ['x-sum', '1'])
  t.end()
})
