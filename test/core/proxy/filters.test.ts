import t, { type Test } from 'tap'
import { head, plainClient } from '../../support/client.ts'
import { startGateway } from '../../support/gateway.ts'
import type { Message } from '../../support/message.ts'
import { startUpstream, type TestUpstream, type UpstreamOptions } from '../../support/upstream.ts'

interface Scene {
  readonly upstream: TestUpstream
  /** Asks over a connection of its own. */
  readonly ask: (line: string, fields?: string[], body?: string) => Promise<Message>
  /** The last request that the upstream got. */
  readonly last: () => Message
}

interface SceneOptions extends UpstreamOptions {
  /** Further YAML. */
  readonly more?: string
  readonly style?: string
}

/** Routes by path, each with filters as YAML in one line; `/*` goes without. */
async function scene(
  t: Test,
  routes: Readonly<Record<string, string>>,
  { more = '', style = 'native', ...options }: SceneOptions = {},
): Promise<Scene> {
  const upstream = await startUpstream(t, options)
  const to = `upstream: { endpoints: [{ address: "${upstream.address}" }] }`
  const list = Object.entries(routes).map(([path, filters]) =>
    `  - { name: "${path}", match: { paths: ["${path}"] }, ${to}, style: ${style}, filters: [${filters}] }`
  )
  const listener = `{ name: main, address: 127.0.0.1:0, style: ${style} }`
  const text = `listeners: [${listener}]\nroutes:\n${list.join('\n')}\n${more}\n`
  const gateway = await startGateway(t, text)
  const ask = async (line: string, fields: string[] = [], body = ''): Promise<Message> => {
    const client = await plainClient(t, gateway.port())
    client.send(head(line, fields, 'api.test:80') + body)
    const message = await client.message({ head: line.startsWith('HEAD') })
    client.close()
    return message
  }
  return { upstream, ask, last: () => upstream.requests.at(-1) as Message }
}

const ok = (body: string, ...fields: string[]): string =>
  [`HTTP/1.1 200 OK`, `Content-Length: ${body.length}`, ...fields, '', body].join('\r\n')

t.test('rewrite changes path, query, method, Host and headers', async (t) => {
  const { ask, last } = await scene(t, {
    '/v1/*': `{ type: rewrite, method: PUT, host: inner.test,
      regex: [{ pattern: "^/v1/([^/]+)/(.*)", replacement: "/$2/$1?from=$http_x_who" }],
      headers: { add: [{ name: X-A, value: "a-$1" }],
        set: [{ name: X-B, value: $remote_addr }, { name: X-Real-IP, value: 192.0.2.1 }], remove: [X-C] } }`,
    '/uri': '{ type: rewrite, uri: "/new/$arg_a?b=1" }',
    '/strip/*': '{ type: rewrite, stripPrefix: /strip, addPrefix: /base/ }',
    '/raw': '{ type: rewrite, uri: "/r w?x", raw: true }',
  })
  await ask('GET /v1/users/7%20x?q=1', ['X-Who: m?e', 'X-B: old', 'X-C: old', 'X-A: first'])
  t.equal(last().start, 'PUT /7%20x/users?from=m%3Fe&q=1 HTTP/1.1')
  t.equal(last().header('host'), 'inner.test')
  t.equal(last().header('x-a'), 'first, a-users')
  t.equal(last().header('x-b'), '127.0.0.1')
  t.equal(last().header('x-c'), undefined)
  t.equal(last().header('x-real-ip'), '192.0.2.1', 'a filter has the last word')
  await ask('GET /uri?a=%C3%A4')
  t.equal(last().start, 'GET /new/%C3%A4?b=1&a=%C3%A4 HTTP/1.1')
  await ask('GET /strip/a%2Fb?q')
  t.equal(last().start, 'GET /base/a%2Fb?q HTTP/1.1', 'the encoding stays')
  await ask('GET /strip')
  t.equal(last().start, 'GET /base/ HTTP/1.1')
  await ask('GET /raw')
  t.equal(last().start, 'GET /r%20w?x HTTP/1.1', 'no target is broken')
})

t.test('rewritten fields cannot end a line', async (t) => {
  const { ask, last } = await scene(t, {
    '/a': '{ type: rewrite, headers: { set: [{ name: X-A, value: $arg_a }] } }',
  })
  await ask('GET /a?a=1%0D%0AX-Evil:%201')
  t.equal(last().header('x-a'), '1X-Evil: 1')
  t.equal(last().header('x-evil'), undefined)
})

t.test('response changes status, headers and body', async (t) => {
  const answer = (): string => ok('old old', 'Server: x', 'X-Keep: 1', 'ETag: "a"')
  const { ask } = await scene(t, {
    '/head': `{ type: response, status: 201,
      headers: { set: [{ name: X-Host, value: $host }], add: [{ name: X-Keep, value: "2" }], remove: [Server] } }`,
    '/body':
      '{ type: response, body: "now $host ä", headers: { set: [{ name: X-From, value: "$balancer_ip $upstream_http_x_keep" }] } }',
    '/base64': '{ type: response, body: aGk=, base64: true }',
    '/once': '{ type: response, replace: [{ pattern: "o(l)d", replacement: "n$1" }] }',
    '/all':
      '{ type: response, replace: [{ pattern: OLD, replacement: new, all: true, anyCase: true }] }',
    '/when': `{ type: response, status: 500,
      when: [{ variable: status, operator: equals, value: 404 }] }`,
  }, { answer })
  const changed = await ask('GET /head')
  t.equal(changed.status, 201)
  t.equal(changed.header('x-host'), 'api.test')
  t.equal(changed.header('x-keep'), '1, 2')
  t.equal(changed.header('server'), undefined)
  t.equal(changed.body, 'old old')
  const body = await ask('GET /body')
  t.equal(body.body, 'now $host \u00c3\u00a4', 'as it is')
  t.equal(body.header('x-from'), '127.0.0.1 1')
  t.equal(body.header('etag'), undefined, 'it is another body')
  t.equal((await ask('GET /base64')).body, 'hi')
  t.equal((await ask('GET /once')).body, 'nl old')
  t.equal((await ask('GET /all')).body, 'new new')
  t.equal((await ask('GET /when')).status, 200)
  t.equal((await ask('HEAD /body')).header('content-length'), '12')
})

t.test('redirect and respond answer themselves', async (t) => {
  const { ask, upstream } = await scene(t, {
    '/https': '{ type: redirect, toHttps: true, httpsPort: 9443 }',
    '/to':
      '{ type: redirect, uri: "https://$host/new path", encode: true, appendQuery: true, status: 307 }',
    '/re/*': '{ type: redirect, regex: { pattern: "^/re/(.*)$", replacement: "/to/$1" } }',
    '/respond':
      '{ type: respond, status: 418, headers: [{ name: X-A, value: $arg_a }], body: "I am $host" }',
  })
  const https = await ask('POST /https?a=1', ['Content-Length: 0'])
  t.equal(https.status, 308)
  t.equal(https.header('location'), 'https://api.test:9443/https?a=1')
  t.equal((await ask('GET /https')).status, 301)
  const told = await ask('GET /https', ['X-Forwarded-Proto: https'])
  t.equal(told.status, 200, 'a proxy in front ended TLS')
  const to = await ask('GET /to?q=1')
  t.equal(to.status, 307)
  t.equal(to.header('location'), 'https://api.test/new%20path?q=1')
  t.equal((await ask('GET /re/a/b')).header('location'), '/to/a/b')
  const respond = await ask('GET /respond?a=7')
  t.match([respond.status, respond.header('x-a'), respond.body], [418, '7', 'I am api.test'])
  t.equal(upstream.requests.length, 1)
})

t.test('addresses let in or not, and real-address says whose they are', async (t) => {
  const { ask, last } = await scene(t, {
    '/deny': '{ type: addresses, deny: [127.0.0.0/8], message: not you }',
    '/allow': '{ type: addresses, allow: [127.0.0.1] }',
    '/told': `{ type: addresses, allow: [192.0.2.0/24], status: 404 },
      { type: real-address, trusted: [127.0.0.1, 10.0.0.0/8], recursive: true }`,
    '/arg': '{ type: real-address, source: arg_ip }',
  })
  const denied = await ask('GET /deny', ['Accept: application/json'])
  t.equal(denied.status, 403)
  t.strictSame(JSON.parse(denied.body), {
    message: 'not you',
    http_status_code: 403,
    code: 'ADDRESS_NOT_ALLOWED',
  })
  t.equal((await ask('GET /allow')).status, 200)
  t.equal((await ask('GET /told')).status, 404)
  const told = await ask('GET /told', ['X-Forwarded-For: 198.51.100.7, 192.0.2.9, 10.1.1.1'])
  t.equal(told.status, 200)
  t.equal(last().header('x-real-ip'), '192.0.2.9')
  await ask('GET /arg?ip=[2001:db8::1]:7000')
  t.equal(last().header('x-real-ip'), '2001:db8::1')
  await ask('GET /arg?ip=nonsense')
  t.equal(last().header('x-real-ip'), '127.0.0.1')
})

const consumers = `
applications:
  - name: c-jack
    apiKeys: [{ key: key-of-jack }]
    logins: [{ user: jack, password: secret }]
    filters: [{ type: respond, status: 299, when: [{ variable: arg_own, operator: equals, value: "1" }] }]
  - { name: c-rose, apiKeys: [{ key: key-of-rose }] }
  - { name: other, apiKeys: [{ key: key-of-other }] }
`

t.test('key-auth, basic-auth and consumers tell who calls', async (t) => {
  const { ask, last } = await scene(t, {
    '/key': '{ type: key-auth, namePrefix: c-, hide: true }',
    '/only': `{ type: key-auth, namePrefix: c- },
      { type: consumers, allow: [rose], allowMethods: [{ name: jack, methods: [POST] }] }`,
    '/methods': `{ type: key-auth, namePrefix: c- },
      { type: consumers, allowMethods: [{ name: jack, methods: [POST] }] }`,
    '/nobody': '{ type: consumers, allow: [rose] }',
    '/guest': '{ type: key-auth, anonymous: c-rose, namePrefix: c- }',
    '/basic':
      `{ type: basic-auth, namePrefix: c-, hide: true, users: [{ user: root, password: "p:w" }] }`,
  }, { more: consumers })
  t.equal((await ask('GET /key')).status, 401)
  t.equal((await ask('GET /key', ['apikey: wrong'])).status, 401)
  t.equal((await ask('GET /key', ['apikey: key-of-other'])).status, 401, 'none of these')
  t.equal((await ask('GET /key', ['apikey: key-of-jack', 'X-Consumer-Username: rose'])).status, 200)
  t.equal(last().header('apikey'), undefined)
  t.equal(last().header('x-consumer-username'), 'jack')
  await ask('GET /key?a=1&apikey=key-of-jack&b=2')
  t.equal(last().start, 'GET /key?a=1&b=2 HTTP/1.1')
  t.equal((await ask('GET /key?own=1', ['apikey: key-of-jack'])).status, 299, 'filters of its own')
  t.equal((await ask('GET /only', ['apikey: key-of-rose'])).status, 200)
  t.equal((await ask('GET /only', ['apikey: key-of-jack'])).status, 403)
  t.equal((await ask('GET /methods', ['apikey: key-of-jack'])).status, 403)
  t.equal((await ask('GET /methods', ['apikey: key-of-rose'])).status, 200)
  t.equal((await ask('GET /nobody')).status, 401)
  await ask('GET /guest')
  t.equal(last().header('x-consumer-username'), 'rose')
  const basic = (text: string): string[] => [`Authorization: Basic ${btoa(text)}`]
  const asked = await ask('GET /basic')
  t.match([asked.status, asked.header('www-authenticate')], [401, 'Basic realm="basic"'])
  t.equal((await ask('GET /basic', basic('jack:wrong'))).status, 401)
  t.equal((await ask('GET /basic', basic('jack:secret'))).status, 200)
  t.equal(last().header('authorization'), undefined)
  t.equal(last().header('x-consumer-username'), 'jack')
  t.equal((await ask('GET /basic', basic('root:p:w'))).status, 200)
})

t.test('limits count, hold back, and bound bodies', async (t) => {
  const { ask, upstream } = await scene(t, {
    '/count': '{ type: count-limit, count: 2, window: 1m, key: http_x_user, message: enough }',
    '/one': '{ type: count-limit, count: 1, window: 1m, group: both, names: { limit: X-L } }',
    '/two': '{ type: count-limit, count: 1, window: 1m, group: both }',
    '/rate': '{ type: rate-limit, rate: 2, burst: 1, status: 503 }',
    '/body': '{ type: body-size, max: 4 }',
  })
  const first = await ask('GET /count', ['X-User: a'])
  t.match(
    [first.status, first.header('x-ratelimit-limit'), first.header('x-ratelimit-remaining')],
    [
      200,
      '2',
      '1',
    ],
  )
  t.match(first.header('x-ratelimit-reset'), /^(59|60)$/)
  t.equal((await ask('GET /count', ['X-User: a'])).header('x-ratelimit-remaining'), '0')
  const over = await ask('GET /count', ['X-User: a'])
  t.match([over.status, over.header('x-ratelimit-remaining'), over.body], [429, '0', /enough/])
  t.equal((await ask('GET /count', ['X-User: b'])).status, 200)
  const one = await ask('GET /one')
  t.match([one.status, one.header('x-l'), one.header('x-ratelimit-reset')], [200, '1', /./])
  t.equal((await ask('GET /two')).status, 429)
  const started = Date.now()
  const answers = await Promise.all([1, 2, 3].map(() => ask('GET /rate')))
  t.strictSame(answers.map(({ status }) => status).sort(), [200, 200, 503])
  t.ok(Date.now() - started >= 400, 'one was held back')
  t.equal((await ask('POST /body', ['Content-Length: 4'], 'four')).status, 200)
  t.equal((await ask('POST /body', ['Content-Length: 5'], 'fiver')).status, 413)
  const before = upstream.requests.length
  const chunked = await ask('POST /body', ['Transfer-Encoding: chunked'], '5\r\nfiver\r\n0\r\n\r\n')
  t.equal(chunked.status, 413)
  t.equal(upstream.requests.length, before)
})

t.test('cors and request-id speak on the way back', async (t) => {
  const { ask, last } = await scene(t, {
    '/cors':
      `{ type: cors, allowOrigins: ["https://a.test", "https://b.test"], allowCredentials: true,
      allowOriginsByRegex: ["^https://[a-z]+\\\\.c\\\\.test$"], allowHeaders: "**", exposeHeaders: X-A, maxAge: 7 }`,
    '/any': '{ type: cors }',
    '/id': '{ type: request-id }',
    '/ksuid': '{ type: request-id, algorithm: ksuid }',
    '/range':
      '{ type: request-id, header: X-Id, inResponse: false, algorithm: range, length: 8, characters: abc }',
  })
  const preflight = await ask('OPTIONS /cors', [
    'Origin: https://b.test',
    'Access-Control-Request-Headers: X-B',
  ])
  t.equal(preflight.status, 200)
  t.equal(preflight.header('access-control-allow-origin'), 'https://b.test')
  t.equal(preflight.header('access-control-allow-headers'), 'X-B')
  t.equal(preflight.header('access-control-allow-credentials'), 'true')
  t.equal(preflight.header('access-control-expose-headers'), 'X-A')
  t.equal(preflight.header('access-control-max-age'), '7')
  t.equal(preflight.header('vary'), 'Origin')
  const origin = async (path: string, from: string): Promise<string | undefined> =>
    (await ask(`GET ${path}`, [`Origin: ${from}`])).header('access-control-allow-origin')
  t.equal(await origin('/cors', 'https://x.c.test'), 'https://x.c.test')
  t.equal(await origin('/cors', 'https://evil.test'), undefined)
  t.equal(await origin('/any', 'https://evil.test'), '*')
  const named = await ask('GET /id')
  t.match(
    named.header('x-request-id'),
    /^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/,
  )
  t.equal(last().header('x-request-id'), named.header('x-request-id'))
  t.equal((await ask('GET /id', ['X-Request-Id: mine'])).header('x-request-id'), 'mine')
  t.match((await ask('GET /ksuid')).header('x-request-id'), /^[\dA-Za-z]{27}$/)
  t.equal((await ask('GET /range')).header('x-id'), undefined)
  t.match(last().header('x-id'), /^[abc]{8}$/)
})

t.test("the document's filters are met by every request, with a route or without", async (t) => {
  const { ask } = await scene(t, { '/a': '{ type: key-auth }' }, {
    more: `filters:
  - { type: response, headers: { set: [{ name: X-Every, value: "$status" }] } }
  - { type: redirect, uri: /elsewhere, when: [{ variable: uri, operator: equals, value: /moved }] }
`,
  })
  t.match([(await ask('GET /a')).status, (await ask('GET /a')).header('x-every')], [401, '401'])
  t.match([(await ask('GET /b')).status, (await ask('GET /b')).header('x-every')], [404, '404'])
  t.equal((await ask('GET /moved')).header('location'), '/elsewhere')
})

t.test("refusals have APISIX's look where the route says so", async (t) => {
  const { ask } = await scene(t, {
    '/key': '{ type: key-auth }',
    '/count': '{ type: count-limit, count: 1, window: 1m, status: 503 }',
    '/body': '{ type: body-size, max: 1 }',
    '/to': '{ type: redirect, uri: /b }',
  }, { style: 'apisix' })
  const missing = await ask('GET /none')
  t.match([missing.status, missing.header('content-type'), missing.body], [
    404,
    'text/plain; charset=utf-8',
    '{"error_msg":"404 Route Not Found"}\n',
  ])
  t.equal((await ask('GET /key')).body, '{"message":"Missing API key in request"}\n')
  await ask('GET /count')
  const over = await ask('GET /count')
  t.equal(over.header('content-type'), 'text/html; charset=utf-8')
  t.match(over.body, '<head><title>503 Service Temporarily Unavailable</title></head>')
  const large = await ask('POST /body', ['Content-Length: 2'], 'ab')
  t.match(large.body, '<title>413 Request Entity Too Large</title>')
  const to = await ask('GET /to')
  t.match([to.status, to.header('location'), to.body], [302, '/b', /302 Found/])
})

t.test('another method is framed as the client asked', async (t) => {
  const answer = ({ start }: Message): string =>
    start.startsWith('HEAD') ? 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n' : ok('nine char')
  const { ask, last } = await scene(t, {
    '/head': '{ type: rewrite, method: HEAD }',
    '/get': '{ type: rewrite, method: GET }',
  }, { answer: (request) => answer(request) })
  const asHead = await ask('GET /head')
  t.match([last().start, asHead.header('content-length'), asHead.body], [/^HEAD/, '0', ''])
  const asGet = await ask('HEAD /get')
  t.match([last().start, asGet.header('content-length'), asGet.body], [/^GET/, '9', ''])
})

t.test('a body that is changed is bounded; one that is replaced may be of any length', async (t) => {
  const long = 'x'.repeat(5 * 1024 * 1024)
  const { ask } = await scene(t, {
    '/replaced': '{ type: response, body: short }',
    '/changed': '{ type: response, replace: [{ pattern: y, replacement: z }] }',
  }, { answer: () => ok(long) })
  t.equal((await ask('GET /replaced')).body, 'short')
  t.equal((await ask('GET /changed')).status, 502)
})

t.test('variables do not show what a stranger says about its own identity', async (t) => {
  const { ask, last } = await scene(t, {
    '/a':
      `{ type: rewrite, headers: { set: [{ name: X-Told, value: "a$http_x_forwarded_client_cert" },
      { name: Client-Cert, value: ":own:" }] } }`,
  })
  await ask('GET /a', [
    'X-Forwarded-Client-Cert: Hash=1',
    'X_Forwarded_Client_Cert: Hash=2',
    'Client-Cert: :no:',
  ])
  t.equal(last().header('x-told'), 'a')
  t.equal(last().header('client-cert'), ':own:', 'what a filter says is said')
  t.equal(last().header('x-forwarded-client-cert'), undefined)
})
