import t from 'tap'
import { admit, decide, isVerdictCurrent, policyOf } from '../../../core/decide/mod.ts'
import type { ClientPolicy, Decision, Forward, Peer, Snapshot } from '../../../core/decide/mod.ts'
import type { Configuration } from '../../../core/snapshot/types.ts'
import * as scene from './scene.ts'
import { cert, certificate, clients, DAY, head, NOW, peer, tlsEntry, trusted } from './scene.ts'

/** Decides `METHOD host/path`. */
function ask(
  snapshot: Snapshot,
  line: string,
  who: Peer = peer(snapshot),
  { headers = [], now = NOW }: { readonly headers?: string[]; readonly now?: number } = {},
): Decision {
  return decide(snapshot, scene.mainOf(snapshot), head(line, headers), who, now)
}

/** The route's name, or status and code. */
function answer(...question: Parameters<typeof ask>): string {
  const decision = ask(...question)
  if (decision.kind !== 'refuse') return decision.route?.name ?? ''
  return `${decision.refusal.status} ${decision.refusal.code}`
}

const both = clients({ mode: 'request', ca: [cert('ca')], applications: true })

t.test('a request without a route is refused', async (t) => {
  const snapshot = await scene.snapshotOf({ routes: [scene.route('ip', { paths: ['/ip'] })] })
  t.equal(answer(snapshot, 'GET test.com/ip'), 'ip')
  t.equal(answer(snapshot, 'GET test.com/other'), '404 ROUTE_NOT_FOUND')
})

t.test('a route without plans is forwarded without a grant', async (t) => {
  const snapshot = await scene.snapshotOf({ routes: [scene.route('ip')] })
  const decision = ask(snapshot, 'GET test.com/ip') as Forward
  t.equal(decision.grant, undefined)
  t.equal(decision.upstream, snapshot.upstreams.get('backend'))
  t.same(decision.added, [])
})

const plans: scene.Parts = {
  listeners: [scene.listener({ tls: [tlsEntry([], clients({ mode: 'request' }))] })],
  apis: [scene.api('orders', ['mtls', 'api-key'])],
  applications: [
    scene.application('acme', {
      subscriptions: [scene.subscription('orders', 'mtls')],
      apiKeys: [{ key: 'k1', from: undefined, until: undefined }],
    }),
    scene.application('beta', {
      subscriptions: [scene.subscription('orders', 'api-key')],
      apiKeys: [{ key: 'k2', from: undefined, until: NOW + DAY }],
    }),
  ],
}

t.test('plans decide by certificate', async (t) => {
  const snapshot = await scene.snapshotOf(plans)
  const decision = ask(snapshot, 'GET x/orders/1', peer(snapshot, { verdict: trusted('acme') }))
  t.match(decision, {
    kind: 'forward',
    grant: { plan: 'mtls', planType: 'mtls', application: 'acme' },
  })
  t.equal(answer(snapshot, 'GET x/orders/1'), '401 CERTIFICATE_MISSING')
  t.equal(
    answer(snapshot, 'GET x/orders/1', peer(snapshot, { verdict: trusted('stranger') })),
    '401 CERTIFICATE_UNKNOWN',
  )
})

t.test('plans decide by API key, and a key that comes twice is none', async (t) => {
  const snapshot = await scene.snapshotOf(plans)
  const at = (...headers: string[]): string =>
    answer(snapshot, 'GET x/orders/1', undefined, { headers })
  t.equal(at('Host', 'x', 'X-API-Key', 'k2'), 'orders')
  t.equal(at('x-api-key', 'k1'), '401 SUBSCRIPTION_MISSING')
  t.equal(at('x-api-key', 'guess'), '401 API_KEY_UNKNOWN')
  t.equal(at('x-api-key', 'k2', 'X-Api-Key', 'k2'), '401 CERTIFICATE_MISSING')
})

t.test('A certificate is matched by SHA-256 over its DER: never by subject, serial or e-mail', async (t) => {
  const snapshot = await scene.snapshotOf(plans)
  const twin = trusted('acme 400')
  t.equal(twin.certificate?.subject, certificate('acme').subject)
  t.equal(
    answer(snapshot, 'GET x/orders/1', peer(snapshot, { verdict: twin })),
    '401 CERTIFICATE_UNKNOWN',
  )
})

t.test('a certificate that the verdict refuses is told by its reason, not let in', async (t) => {
  const snapshot = await scene.snapshotOf(plans)
  const codes = {
    'malformed': 'CERTIFICATE_MALFORMED',
    'expired': 'CERTIFICATE_EXPIRED',
    'not-yet-valid': 'CERTIFICATE_NOT_YET_VALID',
    'revoked': 'CERTIFICATE_REVOKED',
    'revocation-unknown': 'CERTIFICATE_REVOCATION_UNKNOWN',
    'unknown-issuer': 'CERTIFICATE_UNTRUSTED',
    'bad-signature': 'CERTIFICATE_UNTRUSTED',
  } as const
  for (const [code, refusal] of Object.entries(codes)) {
    const parts = { ok: false, code: code as keyof typeof codes, path: [] }
    const who = peer(snapshot, { verdict: trusted('acme', undefined, parts) })
    t.equal(answer(snapshot, 'GET x/orders/1', who), `401 ${refusal}`)
  }
})

t.test('requireCertificate refuses with 400 on routes, and only there', async (t) => {
  const snapshot = await scene.snapshotOf({
    listeners: [scene.listener({ tls: [tlsEntry([], both)] })],
    routes: [
      scene.route('closed', { paths: ['/closed'] }, { requireCertificate: true }),
      scene.route('open', { paths: ['/open'] }),
    ],
    applications: [scene.application('acme')],
  })
  const at = (path: string, verdict?: ReturnType<typeof trusted>): string =>
    answer(snapshot, `GET x${path}`, peer(snapshot, verdict && { verdict }))
  t.equal(at('/closed'), '400 CERTIFICATE_MISSING')
  t.equal(at('/open'), 'open')
  t.equal(at('/closed', trusted('anyone', 'ca')), 'closed', 'a path to the CA is enough')
  t.equal(at('/closed', trusted('acme')), 'closed', 'an application is enough')
  t.equal(
    at('/closed', trusted('stranger')),
    '400 CERTIFICATE_UNKNOWN',
    'a leaf that vouches for itself is not',
  )
  const refused = { ok: false, code: 'unknown-issuer', path: [] } as const
  t.equal(at('/closed', trusted('acme', undefined, refused)), '400 CERTIFICATE_UNTRUSTED')
  t.equal(at('/open', trusted('acme', undefined, refused)), 'open')
})

t.test('an application certificate outside its span opens no route either', async (t) => {
  const certificates = [{ cert: cert('acme'), from: NOW - DAY, until: NOW }]
  const snapshot = await scene.snapshotOf({
    listeners: [scene.listener({ tls: [tlsEntry([], both)] })],
    routes: [scene.route('closed', {}, { requireCertificate: true })],
    applications: [scene.application('acme', { certificates })],
  })
  const who = peer(snapshot, { verdict: trusted('acme') })
  t.equal(answer(snapshot, 'GET x/', who, { now: NOW - 1 }), 'closed')
  t.equal(answer(snapshot, 'GET x/', who, { now: NOW }), '400 CERTIFICATE_EXPIRED')
})

t.test('a require policy is asked again at every request', async (t) => {
  const required = clients({ mode: 'require', ca: [cert('ca')] })
  const snapshot = await scene.snapshotOf({
    listeners: [scene.listener({ tls: [tlsEntry([], required)] })],
    routes: [scene.route('open')],
    apis: [scene.api('orders', ['keyless'])],
  })
  const who = peer(snapshot, { verdict: trusted('acme 1', 'ca') })
  t.equal(answer(snapshot, 'GET x/', who), 'open')
  t.equal(answer(snapshot, 'GET x/', who, { now: NOW + DAY - 1 }), 'open')
  t.equal(answer(snapshot, 'GET x/', who, { now: NOW + DAY }), '400 CERTIFICATE_EXPIRED')
  t.equal(answer(snapshot, 'GET x/orders/1', who, { now: NOW + DAY }), '401 CERTIFICATE_EXPIRED')
  t.equal(answer(snapshot, 'GET x/'), '400 CERTIFICATE_MISSING')
})

t.test('a paused subscription and a removed certificate are refused on the next request', async (t) => {
  const before = await scene.snapshotOf(plans)
  const who = peer(before, { verdict: trusted('acme') })
  t.equal(answer(before, 'GET x/orders/1', who), 'orders')
  const [acme] = plans.applications ?? []
  const paused = await scene.snapshotOf({
    ...plans,
    applications: [{
      ...acme as Configuration['applications'][0],
      subscriptions: [scene.subscription('orders', 'mtls', { status: 'paused' })],
    }],
  }, { previous: before })
  t.equal(answer(paused, 'GET x/orders/1', who), '401 SUBSCRIPTION_PAUSED')
  const removed = await scene.snapshotOf({ ...plans, applications: [] }, { previous: paused })
  t.equal(answer(removed, 'GET x/orders/1', who), '401 CERTIFICATE_UNKNOWN')
})

t.test('a verdict that was made against other anchors counts no more', async (t) => {
  const policy = (ca: string, depth = 3): scene.Parts => ({
    listeners: [
      scene.listener({ tls: [tlsEntry([], clients({ mode: 'require', ca: [cert(ca)], depth }))] }),
    ],
    routes: [scene.route('open')],
  })
  const before = await scene.snapshotOf(policy('ca'))
  const path = [certificate('acme'), certificate('between'), certificate('ca')]
  const who = peer(before, { verdict: trusted('acme', 'ca', { path }) })
  t.equal(answer(before, 'GET x/', who), 'open')
  const judged = who.certificate as NonNullable<Peer['certificate']>
  const current = (snapshot: Snapshot, now = NOW): boolean =>
    isVerdictCurrent(judged, policyOf(scene.mainOf(snapshot), who) as ClientPolicy, now)
  t.equal(current(before), true)
  t.equal(current(before, judged.verdict.validUntil), false)
  const other = await scene.snapshotOf(policy('other'), { previous: before })
  t.equal(answer(other, 'GET x/', who), '400 CERTIFICATE_UNTRUSTED')
  t.equal(current(other), false)
  const narrow = await scene.snapshotOf(policy('ca', 0), { previous: before })
  t.equal(answer(narrow, 'GET x/', who), '400 CERTIFICATE_UNTRUSTED')
  t.equal(current(narrow), false)
})

t.test('admit: what is asked after the handshake', async (t) => {
  const snapshot = await scene.snapshotOf({
    listeners: [
      scene.listener({
        tls: [
          tlsEntry(['require.test'], clients({ mode: 'require', ca: [cert('ca')] })),
          tlsEntry(['request.test'], clients({ mode: 'request', ca: [cert('ca')] })),
          tlsEntry(['none.test']),
        ],
      }),
    ],
  })
  const at = (sni: string, verdict?: ReturnType<typeof trusted>): string | undefined => {
    const who = peer(snapshot, { sni, ...(verdict && { verdict }) })
    const policy = policyOf(scene.mainOf(snapshot), who) as ClientPolicy
    const refusal = admit(snapshot, { policy, peer: who }, NOW)
    return refusal && `${refusal.status} ${refusal.code}`
  }
  const refused = trusted('acme', undefined, { ok: false, code: 'unknown-issuer', path: [] })
  t.equal(at('require.test'), '0 CERTIFICATE_MISSING')
  t.equal(at('require.test', refused), '0 CERTIFICATE_UNTRUSTED')
  t.equal(at('require.test', trusted('acme', 'ca')), undefined)
  t.equal(at('request.test'), undefined)
  t.equal(at('request.test', refused), undefined)
  t.equal(at('none.test'), undefined)
})

t.test(
  "A request whose Host/:authority belongs to another client policy than its connection's SNI gets 421",
  async (t) => {
    const strict = clients({ mode: 'require', ca: [cert('ca')] })
    const snapshot = await scene.snapshotOf({
      listeners: [
        scene.listener({
          tls: [
            tlsEntry(['open.test', '*.open.test']),
            tlsEntry(['strict.test'], strict),
            tlsEntry(['stricter.test'], strict),
          ],
        }),
      ],
      routes: [scene.route('any')],
    })
    const open = peer(snapshot, { sni: 'open.test' })
    const known = peer(snapshot, { sni: 'strict.test', verdict: trusted('acme', 'ca') })
    t.equal(answer(snapshot, 'GET open.test/', open), 'any')
    t.equal(answer(snapshot, 'GET a.open.test/', open), 'any', 'the same policy')
    t.equal(answer(snapshot, 'GET strict.test/', open), '421 HOST_MISDIRECTED')
    t.equal(answer(snapshot, 'GET open.test/', known), '421 HOST_MISDIRECTED')
    t.equal(answer(snapshot, 'GET stricter.test/', known), 'any', 'equal policies are one')
    t.equal(answer(snapshot, 'GET unknown.test/', known), 'any', 'no other policy')
    t.equal(
      answer(snapshot, 'GET any.test/', peer(snapshot, { sni: 'gone.test' })),
      '421 HOST_MISDIRECTED',
      'a name that the listener serves no more',
    )
  },
)

const behind: scene.Parts = {
  ...plans,
  listeners: [
    scene.listener({
      clients: clients({ mode: 'request' }),
      trustedProxies: {
        cidrs: ['127.0.0.1/32'],
        fingerprints: [],
        clientCertificateHeader: 'X-Client_Cert',
      },
    }),
  ],
}

t.test('behind a trusted proxy the policy of the listener counts, whatever the host', async (t) => {
  const plain = await scene.snapshotOf(behind)
  const who = peer(plain, { trustedProxy: true, verdict: trusted('acme') })
  t.equal(answer(plain, 'GET x/orders/1', who), 'orders')
  const secure = await scene.snapshotOf({
    ...behind,
    listeners: [
      scene.listener({
        ...behind.listeners?.[0],
        secure: true,
        tls: [tlsEntry(['gw.test']), tlsEntry(['x'], clients({ mode: 'require' }))],
      }),
    ],
  })
  const through = peer(secure, { sni: 'gw.test', trustedProxy: true, verdict: trusted('acme') })
  t.equal(answer(secure, 'GET x/orders/1', through), 'orders')
  const stranger = { ...through, trustedProxy: false }
  t.equal(answer(secure, 'GET x/orders/1', stranger), '421 HOST_MISDIRECTED')
})

t.test('a policy of none believes no certificate', async (t) => {
  const snapshot = await scene.snapshotOf({ ...plans, listeners: [scene.listener()] })
  const who = peer(snapshot, { verdict: trusted('acme') })
  t.equal(answer(snapshot, 'GET x/orders/1', who), '401 CERTIFICATE_MISSING')
})

t.test('Headers that carry identity are removed from every request, unless the peer is a trusted proxy', async (t) => {
  const forwardCertificate = {
    form: 'headers',
    fingerprint: 'X-Cert-Hash',
    subject: undefined,
    sans: undefined,
  } as const
  const snapshot = await scene.snapshotOf({
    ...behind,
    routes: [scene.route('told', {}, { forwardCertificate })],
  })
  const identity = [
    'client-cert',
    'client-cert-chain',
    'x-forwarded-client-cert',
    'x_forwarded_client_cert',
    'x_forwarded-client_cert',
    'client_cert',
    'x-client-cert',
    'x_client_cert',
    'x-cert-hash',
    'x_cert_hash',
  ]
  for (const name of identity) t.equal(snapshot.isIdentityHeader(name), true, name)
  for (const name of ['host', 'x-client', 'client-certificate', 'x_other', '__proto__']) {
    t.equal(snapshot.isIdentityHeader(name), false, name)
  }
})

t.test('a route owns the headers it sets, and sets them for certificates that count only', async (t) => {
  const forwardCertificate = { form: 'client-cert' } as const
  const snapshot = await scene.snapshotOf({
    listeners: [scene.listener({ tls: [tlsEntry([], both)] })],
    routes: [scene.route('told', {}, { forwardCertificate })],
  })
  const forward = (verdict?: ReturnType<typeof trusted>): Forward =>
    ask(snapshot, 'GET x/', peer(snapshot, verdict && { verdict })) as Forward
  const known = forward(trusted('acme', 'ca'))
  t.same(known.owned, ['client-cert'])
  t.same(known.added, ['Client-Cert', `:${btoa('cert acme')}:`])
  t.same(forward().added, [])
  t.same(forward().owned, ['client-cert'])
  t.same(forward(trusted('stranger')).added, [], 'a leaf that vouches for itself is not told')
  t.same(forward(trusted('acme', 'ca', { ok: false, code: 'revoked' })).added, [])
})

t.test('refusals are verbose only where the API says so', async (t) => {
  const snapshot = await scene.snapshotOf({
    apis: [scene.api('quiet', ['mtls']), scene.api('loud', ['mtls'], { verbose: true })],
  })
  t.match(ask(snapshot, 'GET x/quiet/1'), { refusal: { verbose: false } })
  t.match(ask(snapshot, 'GET x/loud/1'), { refusal: { verbose: true } })
})

t.test('decide is synchronous and changes nothing', async (t) => {
  const snapshot = await scene.snapshotOf(plans)
  const who = peer(snapshot, { verdict: trusted('acme') })
  const first = ask(snapshot, 'GET x/orders/1', who)
  t.same(ask(snapshot, 'GET x/orders/1', who), first)
  t.equal(Object.isFrozen(snapshot), true)
})
