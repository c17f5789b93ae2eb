import t from 'tap'
import { decide, explain, formatExplanation } from '../../../core/decide/mod.ts'
import type { Explanation, Peer, Snapshot } from '../../../core/decide/mod.ts'
import { FILTER_DEFAULTS } from '../../../core/snapshot/mod.ts'
import * as scene from './scene.ts'
import { cert, clients, head, mainOf, NOW, peer, tlsEntry, trusted } from './scene.ts'

function scenery(): Promise<Snapshot> {
  const ca = [cert('ca')]
  return scene.snapshotOf({
    listeners: [
      scene.listener({
        tls: [
          tlsEntry(['strict.test'], clients({ mode: 'require', ca })),
          tlsEntry(['asked.test'], clients({ mode: 'request', ca, applications: true })),
          tlsEntry(['open.test']),
        ],
      }),
    ],
    apis: [scene.api('orders', ['mtls', 'api-key', 'keyless'])],
    routes: [
      scene.route('closed', { paths: ['/closed'] }, { requireCertificate: true }),
      scene.route('told', { paths: ['/told'] }, { forwardCertificate: { form: 'xfcc' } }),
      scene.route('reads', { paths: ['/told'], methods: ['GET'] }),
      scene.route('posts', { paths: ['/posts'], methods: ['POST'] }),
    ],
    applications: [
      scene.application('acme', { subscriptions: [scene.subscription('orders', 'mtls')] }),
      scene.application('beta', {
        subscriptions: [scene.subscription('orders', 'mtls', { status: 'paused' })],
      }),
    ],
  })
}

function ask(snapshot: Snapshot, line: string, who: Peer): Explanation {
  return explain({ snapshot, listener: mainOf(snapshot), head: head(line), peer: who, now: NOW })
}

t.test('explain tells each step of a request that is let in', async (t) => {
  const snapshot = await scenery()
  const who = peer(snapshot, { sni: 'asked.test', verdict: trusted('acme', 'ca') })
  const found = ask(snapshot, 'GET asked.test/orders/1', who)
  t.match(found, {
    answer: 'forward',
    route: 'orders',
    upstream: 'backend',
    grant: { plan: 'mtls', planType: 'mtls', application: 'acme' },
    refusal: undefined,
  })
  const { sha256 } = scene.certificate('acme')
  t.equal(
    formatExplanation(found),
    [
      'accept    ok   Listener "main" on 127.0.0.1 port 0, TLS',
      'accept         The peer 192.0.2.1 is no trusted proxy',
      'peek      ok   SNI "asked.test" selects server certificate "CN=asked.test"',
      'handshake ok   Client policy "request": a client certificate is asked for',
      `identify       Client certificate "CN=acme", SHA-256 ${sha256}`,
      'identify  ok   Trusted by "CN=acme" < "CN=ca"',
      'identify       It belongs to application "acme"',
      'decide    ok   API "orders" takes GET /orders/1 on host "asked.test"',
      'decide         Plan "mtls" (mtls) lets in application "acme"',
      'forward   ok   Upstream "backend", plain: 10.0.0.7:8080',
      'Let in by plan "mtls" for application "acme": route "orders" to upstream "backend"',
    ].join('\n'),
  )
  t.same(JSON.parse(formatExplanation(found, 'json')), JSON.parse(JSON.stringify(found)))
})

t.test('explain tells where a connection is closed', async (t) => {
  const snapshot = await scenery()
  const unknown = ask(snapshot, 'GET x/orders/1', peer(snapshot, { sni: 'other.test' }))
  t.match(unknown, { answer: 'refuse', refusal: { code: 'SNI_UNKNOWN', status: 0 } })
  t.match(unknown.steps.at(-1), { phase: 'peek', outcome: 'stopped' })
  const missing = ask(snapshot, 'GET strict.test/', peer(snapshot, { sni: 'strict.test' }))
  t.match(missing, { answer: 'refuse', refusal: { code: 'CERTIFICATE_MISSING', status: 0 } })
  t.match(missing.steps.at(-1), { phase: 'handshake', outcome: 'stopped' })
  const verdict = trusted('x', undefined, { ok: false, code: 'unknown-issuer', path: [] })
  const refused = ask(snapshot, 'GET strict.test/', peer(snapshot, { sni: 'strict.test', verdict }))
  t.match(refused, { answer: 'refuse', refusal: { code: 'CERTIFICATE_UNTRUSTED', status: 0 } })
  t.match(refused.steps.at(-1), { phase: 'identify', outcome: 'stopped' })
  t.match(
    formatExplanation(refused),
    /\nRefused: closes the connection, CERTIFICATE_UNTRUSTED\nTo do: /,
  )
})

t.test('explain tells why others lost and what each plan said', async (t) => {
  const snapshot = await scenery()
  const open = peer(snapshot, { sni: 'open.test' })
  const texts = (line: string, who: Peer): string[] =>
    ask(snapshot, line, who).steps.map(({ text }) => text)
  t.ok(texts('GET open.test/told', open).includes('Route "told" fits, but names no methods'))
  t.ok(
    texts('GET open.test/posts', open).includes('Route "posts" fits, but does not take the method'),
  )
  const beta = peer(snapshot, { sni: 'asked.test', verdict: trusted('beta', 'ca') })
  const found = ask(snapshot, 'GET asked.test/orders/1', beta)
  t.match(found.refusal, { code: 'SUBSCRIPTION_PAUSED', status: 401 })
  t.match(found.advice, /Resume/)
  const said = found.steps.filter(({ text }) => text.startsWith('Plan')).map(({ text }) => text)
  t.match(said, [
    /^Plan "mtls" \(mtls\) refuses: .* is paused$/,
    /^Plan "api-key" \(api-key\) finds no token: /,
    'Plan "keyless" (keyless) is passed over: an earlier plan found a token',
  ])
  t.match(formatExplanation(found), /\nRefused: answers 401, SUBSCRIPTION_PAUSED\n/)
})

t.test('explain tells which conditions do not hold, and which filters are met', async (t) => {
  const snapshot = await scene.snapshotOf({
    filters: [{ ...FILTER_DEFAULTS['request-id'] }],
    routes: [
      scene.route('mobile', {
        paths: ['/a'],
        conditions: [{ variable: 'http_x_app', operator: 'equals', value: 'mobile' }],
      }),
      scene.route('all', { paths: ['/*'] }, {
        filters: [
          { ...FILTER_DEFAULTS['count-limit'] },
          { ...FILTER_DEFAULTS['key-auth'] },
          {
            ...FILTER_DEFAULTS.redirect,
            uri: '/b',
            when: [{ variable: 'uri', operator: 'equals', value: '/b' }],
          },
        ],
      }),
    ],
  })
  const found = ask(snapshot, 'GET x/a', peer(snapshot, {}))
  t.equal(found.route, 'all')
  const said = found.steps.map(({ text }) => text)
  t.ok(said.includes(
    'Route "mobile" fits, but its conditions do not hold: ' +
      'http_x_app equals "mobile", which has nothing',
  ))
  t.strictSame(said.filter((text) => text.startsWith('Filter')), [
    'Filter "request-id" of the configuration is met',
    'Filter "key-auth" of the route is met',
    'Filter "redirect" of the route is passed over: it asks for uri equals "/b", which has "/a"',
    'Filter "count-limit" of the route is met',
  ])
})

t.test('explain tells the headers that are added', async (t) => {
  const snapshot = await scenery()
  const who = peer(snapshot, { sni: 'asked.test', verdict: trusted('acme', 'ca') })
  const found = ask(snapshot, 'POST asked.test/told', who)
  t.match(found.steps.at(-1)?.text, /^Adds X-Forwarded-Client-Cert: Hash=/)
})

t.test('explain never differs from decide', async (t) => {
  const snapshot = await scenery()
  const refused = trusted('acme', undefined, { ok: false, code: 'revoked', path: [] })
  const verdicts = [
    undefined,
    trusted('acme', 'ca'),
    trusted('acme'),
    trusted('beta', 'ca'),
    trusted('stranger'),
    trusted('acme', 'ca', { validUntil: NOW }),
    refused,
  ]
  const paths = ['/orders/1', '/closed', '/told', '/posts', '/nowhere']
  for (const sni of ['strict.test', 'asked.test', 'open.test']) {
    for (const verdict of verdicts) {
      const who = peer(snapshot, { sni, ...(verdict && { verdict }) })
      for (const host of ['strict.test', 'asked.test', 'open.test', 'x']) {
        for (const path of paths) {
          const line = `GET ${host}${path}`
          const found = ask(snapshot, line, who)
          const decision = decide(snapshot, mainOf(snapshot), head(line), who, NOW)
          const stops = found.steps.filter(({ outcome }) => outcome === 'stopped')
          t.equal(stops.length, found.answer === 'refuse' ? 1 : 0, line)
          t.equal(found.answer, decision.kind, line)
          if (found.refusal?.status === 0) continue
          t.same(found.refusal, decision.kind === 'refuse' ? decision.refusal : undefined, line)
        }
      }
    }
  }
})

t.test('nothing from outside reaches an explanation raw', async (t) => {
  const snapshot = await scenery()
  const who = peer(snapshot, { sni: 'open.test' })
  const found = ask(snapshot, 'GET open.test/a\u001b[2J\n', who)
  t.ok(found.steps.every(({ text }) => !/\p{Cc}/u.test(text)))
})
