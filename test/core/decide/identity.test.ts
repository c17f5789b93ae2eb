import t from 'tap'
import { decide, explain } from '../../../core/decide/mod.ts'
import type { Peer, Snapshot } from '../../../core/decide/mod.ts'
import { matchesGlob, parseGlob } from '../../../core/decide/glob.ts'
import { compileSubject, matchesSubject, parseSubject } from '../../../core/decide/subject.ts'
import type { SubjectAltNames } from '../../../core/pki/types.ts'
import type { IdentityConfig } from '../../../core/snapshot/types.ts'
import * as scene from './scene.ts'
import { cert, clients, head, NOW, peer, tlsEntry, trusted } from './scene.ts'

/** A condition that names these alone. */
function condition(parts: Partial<IdentityConfig>): IdentityConfig {
  const none = { subject: undefined, commonName: undefined, dns: undefined, uri: undefined }
  return { ...none, email: undefined, ip: undefined, ...parts }
}

interface Shown extends Partial<SubjectAltNames> {
  readonly subject?: string
}

/** A peer of SNI `a` whose trusted certificate has these names. */
function shows(snapshot: Snapshot, { subject = 'CN=x', ...names }: Shown): Peer {
  const verdict = trusted('acme', 'ca')
  const none = { dns: [], ip: [], email: [], uri: [] }
  const certificate = { ...verdict.certificate!, subject, names: { ...none, ...names } }
  return peer(snapshot, { sni: 'a', verdict: { ...verdict, certificate } })
}

/** The answer for a client policy with one condition. */
async function policyTakes(parts: Partial<IdentityConfig>, shown: Shown): Promise<boolean> {
  const policy = clients({ mode: 'request', ca: [cert('ca')], allow: [condition(parts)] })
  const snapshot = await scene.snapshotOf({
    listeners: [scene.listener({ tls: [tlsEntry(['a'], policy)] })],
    routes: [scene.route('r', {}, { requireCertificate: true })],
  })
  const who = shows(snapshot, shown)
  const decision = decide(snapshot, scene.mainOf(snapshot), head('GET a/'), who, NOW)
  if (decision.kind === 'refuse') {
    t.equal(decision.refusal.code, 'CERTIFICATE_NOT_ALLOWED')
    t.equal(decision.refusal.status, 403)
  }
  return decision.kind === 'forward'
}

interface Case {
  readonly pattern: Partial<IdentityConfig>
  readonly takes: readonly Shown[]
  readonly refuses: readonly Shown[]
}

const cases: readonly Case[] = [
  {
    pattern: { dns: 'api.example.com' },
    takes: [{ dns: ['API.example.COM'] }, { dns: ['other', 'api.example.com.'] }],
    refuses: [{}, { dns: ['x.api.example.com'] }, { subject: 'CN=api.example.com' }],
  },
  {
    pattern: { dns: '*.example.com' },
    takes: [{ dns: ['a.example.com'] }, { dns: ['b.a.example.com'] }],
    refuses: [
      { dns: ['example.com'] },
      { dns: ['.example.com'] },
      { dns: ['a..example.com'] },
      { dns: ['a.example.com.evil.test'] },
      { dns: ['badexample.com'] },
    ],
  },
  {
    pattern: { dns: 'node-?.*.example.com' },
    takes: [{ dns: ['node-1.eu.example.com'] }],
    refuses: [{ dns: ['node-12.eu.example.com'] }, { dns: ['node-1.a.b.example.com'] }],
  },
  {
    pattern: { uri: 'spiffe://Example.org/ns/prod/*' },
    takes: [
      { uri: ['spiffe://example.org/ns/prod/api'] },
      { uri: ['SPIFFE://EXAMPLE.org/ns/prod/sa/api/1'] },
    ],
    refuses: [
      { uri: ['spiffe://example.org/ns/dev/api'] },
      { uri: ['spiffe://example.org.evil.test/ns/prod/api'] },
      { uri: ['spiffe://example.org/ns/PROD/api'] },
      { uri: ['spiffe://example.org/ns/prod/../dev/api'] },
      { uri: ['spiffe://example.org/ns/prod/%2e%2E/dev/api'] },
      { uri: ['https://evil.test/?spiffe://example.org/ns/prod/api'] },
      { uri: ['spiffe://example.org/ns/prod'] },
    ],
  },
  {
    pattern: { uri: 'spiffe://example.org/ns/*/sa/web' },
    takes: [{ uri: ['spiffe://example.org/ns/eu/sa/web'] }],
    refuses: [
      { uri: ['spiffe://example.org/ns/eu/x/sa/web'] },
      { uri: ['spiffe://example.org/ns/eu/sa/web/x'] },
      { uri: ['spiffe://example.org/ns/a?b/sa/web'] },
    ],
  },
  {
    pattern: { uri: 'https://*.example.org/x/*' },
    takes: [{ uri: ['https://a.example.org/x/1'] }, { uri: ['https://b.a.example.org/x/'] }],
    refuses: [
      { uri: ['https://example.org/x/1'] },
      { uri: ['https://evil.test/.example.org/x/1'] },
      { uri: ['https://evil.test?.example.org/x/1'] },
      { uri: ['https://a@evil.test#.example.org/x/1'] },
      { uri: ['http://a.example.org/x/1'] },
      { uri: ['https://a.example.org:8443/x/1'] },
    ],
  },
  {
    pattern: { uri: 'urn:example:*' },
    takes: [{ uri: ['URN:example:a:b'] }],
    refuses: [{ uri: ['urn:example'] }, { uri: ['urn:examples:a'] }],
  },
  {
    pattern: { uri: 'https://a.test/x\\?y=\\*' },
    takes: [{ uri: ['https://a.test/x?y=*'] }],
    refuses: [{ uri: ['https://a.test/xzy=1'] }, { uri: ['https://a.test/x?y=1'] }],
  },
  {
    pattern: { email: '*@Example.com' },
    takes: [{ email: ['a.b@example.COM'] }],
    refuses: [{ email: ['a@x@example.com'] }, { email: ['a@example.com.evil.test'] }],
  },
  {
    pattern: { email: 'Root@example.com' },
    takes: [{ email: ['Root@EXAMPLE.com'] }],
    refuses: [{ email: ['root@example.com'] }, { subject: 'emailAddress=Root@example.com' }],
  },
  {
    pattern: { ip: '10.0.0.0/8' },
    takes: [{ ip: ['10.1.2.3'] }, { ip: ['192.0.2.1', '10.0.0.0'] }],
    refuses: [{ ip: ['11.0.0.1'] }, { ip: ['10.0.0.1/255.0.0.0'] }, { ip: ['::a00:1'] }],
  },
  {
    pattern: { ip: '2001:db8::/32' },
    takes: [{ ip: ['2001:db8:1::1'] }],
    refuses: [{ ip: ['2001:db9::1'] }, { ip: ['10.0.0.1'] }],
  },
  {
    pattern: { commonName: 'client-*' },
    takes: [{ subject: 'CN=client-1,O=x' }, { subject: 'O=x,CN=client-' }],
    refuses: [
      { subject: 'CN=Client-1' },
      { subject: 'O=client-1' },
      { subject: 'CN=client-1,CN=other' },
      { subject: 'CN=other+CN=client-1' },
      { subject: 'O=CN\\=client-1,CN=x' },
    ],
  },
  {
    pattern: { subject: 'CN=api, O=Example' },
    takes: [{ subject: 'CN=api,O=Example' }],
    refuses: [
      { subject: 'CN=api,O=Example,C=DE' },
      { subject: 'CN=api\\,O=Example' },
      { subject: 'O=Example,CN=api' },
      { subject: 'CN=API,O=Example' },
    ],
  },
  {
    pattern: { subject: '*,O=Example,C=DE' },
    takes: [{ subject: 'CN=a,O=Example,C=DE' }, { subject: 'CN=a,OU=b,O=Example,C=DE' }],
    refuses: [
      { subject: 'O=Example,C=DE' },
      { subject: 'CN=a\\,O=Example,C=DE' },
      { subject: 'CN=a,O=Example' },
    ],
  },
  {
    pattern: { subject: 'CN=*,O=Example' },
    takes: [{ subject: 'CN=a,O=Example' }, { subject: 'CN=a\\, b,O=Example' }],
    refuses: [{ subject: 'CN=a,OU=b,O=Example' }],
  },
  {
    pattern: { commonName: 'api', dns: '*.example.com' },
    takes: [{ subject: 'CN=api', dns: ['a.example.com'] }],
    refuses: [{ subject: 'CN=api' }, { dns: ['a.example.com'] }],
  },
]

for (const { pattern, takes, refuses } of cases) {
  t.test(`allow ${JSON.stringify(pattern)}`, async (t) => {
    for (const each of takes) t.ok(await policyTakes(pattern, each), JSON.stringify(each))
    for (const each of refuses) t.notOk(await policyTakes(pattern, each), JSON.stringify(each))
  })
}

t.test('parseSubject reads RFC 4514 and nothing else', (t) => {
  const texts = (text: string) =>
    parseSubject(text)?.map((part) => part.map(({ type, value }) => `${type}=${value.join('')}`))
  t.same(texts('CN=a\\,b\\+c\\20,O=\\ x\\ ,2.5.4.99=#0401ff+ou=y '), [
    ['CN=a,b+c '],
    ['O= x '],
    ['2.5.4.99=#0401ff', 'OU=y'],
  ])
  t.same(texts('CN=\\C3\\A4\\0a'), [['CN=ä\n']])
  t.same(texts('CN='), [['CN=']])
  t.equal(parseSubject('CN'), undefined)
  t.equal(parseSubject('CN=a,'), undefined)
  t.equal(parseSubject('C N=a'), undefined)
  t.end()
})

t.test('compileSubject: escapes, hex values and several attributes in one part', (t) => {
  const takes = (pattern: string, subject: string): boolean =>
    matchesSubject(compileSubject(pattern)!, parseSubject(subject)!)
  t.ok(takes('CN=\\*', 'CN=*'))
  t.notOk(takes('CN=\\*', 'CN=a'))
  t.ok(takes('O=x+CN=a*', 'CN=ab+O=x'))
  t.notOk(takes('O=x+CN=a*', 'CN=ab'))
  t.notOk(takes('CN=\\#0401ff', 'CN=#0401ff'), 'text is not BER')
  t.ok(takes('CN=#0401ff', 'CN=#0401ff'))
  t.ok(takes('CN=???', 'CN=äöü'))
  t.equal(compileSubject('*'), undefined)
  t.equal(compileSubject('*,'), undefined)
  t.end()
})

t.test('matchesGlob ends in due time, whatever the pattern', (t) => {
  const text = 'a'.repeat(5000)
  t.notOk(matchesGlob(parseGlob('*a'.repeat(300) + 'b'), text))
  t.ok(matchesGlob(parseGlob('*a'.repeat(300)), text))
  t.ok(matchesGlob(parseGlob('**?*'), 'x'))
  t.notOk(matchesGlob(parseGlob('**?*'), ''))
  t.ok(matchesGlob(parseGlob(''), ''))
  t.end()
})

t.test('allow of a plan: after the owner, before the subscription', async (t) => {
  const api = scene.api('orders', ['mtls'])
  const plan = { ...api.plans[0]!, allow: [condition({ dns: 'a*' }), condition({ ip: '::1' })] }
  const snapshot = await scene.snapshotOf({
    listeners: [scene.listener({ tls: [tlsEntry(['a'], clients({ mode: 'request' }))] })],
    apis: [{ ...api, plans: [plan] }],
    applications: [
      scene.application('acme', { subscriptions: [scene.subscription('orders', 'mtls')] }),
      scene.application('beta', { subscriptions: [scene.subscription('orders', 'mtls')] }),
    ],
  })
  const asked = (name: string) => {
    const who = peer(snapshot, { sni: 'a', verdict: trusted(name) })
    const listener = scene.mainOf(snapshot)
    return explain({ snapshot, listener, head: head('GET a/orders/1'), peer: who, now: NOW })
  }
  t.equal(asked('acme').answer, 'forward')
  t.ok(
    asked('acme').steps.some(({ text }) => text === 'Plan "mtls" allows it: dns "a*" by "acme"'),
  )
  t.match(asked('beta').refusal, {
    code: 'CERTIFICATE_NOT_ALLOWED',
    status: 403,
    detail: 'Plan "mtls" does not allow it: dns "a*" is wanted, the certificate has "beta"; ' +
      'ip "::1" is wanted, the certificate has none',
  })
  t.equal(asked('stranger').refusal?.code, 'CERTIFICATE_UNKNOWN')
})

t.test('allow of a route and of a policy, as explained', async (t) => {
  const policy = clients({
    mode: 'require',
    ca: [cert('ca')],
    allow: [condition({ commonName: 'x' })],
  })
  const route = scene.route('r', {}, {
    requireCertificate: true,
    allow: [condition({ dns: 'b' })],
  })
  const snapshot = await scene.snapshotOf({
    listeners: [scene.listener({ tls: [tlsEntry(['a'], policy)] })],
    routes: [route],
  })
  const asked = (shown: Shown) => {
    const listener = scene.mainOf(snapshot)
    const question = { snapshot, listener, head: head('GET a/'), now: NOW }
    return explain({ ...question, peer: shows(snapshot, shown) })
  }
  const allowed = asked({ dns: ['b'] })
  t.equal(allowed.answer, 'forward')
  const texts = allowed.steps.map(({ text }) => text)
  t.ok(texts.includes(
    'The client policy of listener "main" for "a" allows it: commonName "x" by "x"',
  ))
  t.ok(texts.includes('Route "r" allows it: dns "b" by "b"'))
  t.match(asked({ dns: ['c'] }).refusal, { code: 'CERTIFICATE_NOT_ALLOWED', status: 403 })
  const closed = asked({ subject: 'CN=y', dns: ['b'] })
  t.match(closed.refusal, { code: 'CERTIFICATE_NOT_ALLOWED', status: 0 })
  t.match(closed.steps.at(-1), { phase: 'identify', outcome: 'stopped' })
})

t.test('allow: names are read once for each certificate', async (t) => {
  const policy = clients({ mode: 'request', ca: [cert('ca')], allow: [condition({ dns: 'b' })] })
  const snapshot = await scene.snapshotOf({
    listeners: [scene.listener({ tls: [tlsEntry(['a'], policy)] })],
    routes: [scene.route('r', {}, { requireCertificate: true })],
  })
  const who = shows(snapshot, {})
  let reads = 0
  const names = who.certificate!.verdict.certificate!.names
  Object.defineProperty(names, 'dns', { get: () => (reads++, ['b']) })
  const listener = scene.mainOf(snapshot)
  for (let i = 0; i < 100; i++) {
    t.equal(decide(snapshot, listener, head('GET a/'), who, NOW).kind, 'forward')
  }
  t.equal(reads, 1)
})

t.test('allow: a subject that cannot be read is told with its place', async (t) => {
  const policy = clients({
    mode: 'request',
    ca: [cert('ca')],
    allow: [condition({ dns: 'b' }), condition({ subject: 'CN=a,' })],
  })
  const { snapshot, problems } = await scene.tryCompile({
    listeners: [scene.listener({ tls: [tlsEntry(['a'], policy)] })],
  })
  t.equal(snapshot, undefined)
  t.match(problems, [{
    severity: 'error',
    path: ['listeners', 0, 'tls', 0, 'clients', 'allow', 1, 'subject'],
    message: /^Could not read "CN=a,": it is no distinguished name/,
  }])
})
