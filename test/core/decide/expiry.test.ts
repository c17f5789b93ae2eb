import t from 'tap'
import { expiries, expiryNews } from '../../../core/decide/mod.ts'
import { UPSTREAM_TLS_DEFAULTS } from '../../../core/snapshot/mod.ts'
import type { Expiry } from '../../../core/decide/mod.ts'
import * as scene from './scene.ts'
import { cert, clients, DAY, keyPair, NOW, text, tlsEntry, trust } from './scene.ts'

t.test('expiries: everything that expires, the most urgent first', async (t) => {
  const policy = clients({
    mode: 'request',
    ca: [cert('clients-ca 90')],
    crl: [text('crl clients-ca -2', 'clients.crl'), text('crl no-end', 'open.crl')],
  })
  const entry = { ...tlsEntry(['a.test'], policy, 'a.test'), certificates: [keyPair('a.test')] }
  const old = { cert: cert('old -10'), from: undefined, until: undefined }
  const snapshot = await scene.snapshotOf({
    listeners: [scene.listener({ tls: [entry] })],
    applications: [scene.application('acme', { certificates: [old] })],
    upstreams: {
      backend: scene.upstream('backend', {
        tls: {
          verify: true,
          checkName: true,
          name: undefined,
          certificate: { ...keyPair('gateway'), cert: cert('gateway 5') },
          trust: trust({
            ca: [cert('backends-ca 60')],
            crl: [text('crl backends-ca 20', 'b.crl')],
          }),
        },
      }),
      public: scene.upstream('public', {
        tls: { ...UPSTREAM_TLS_DEFAULTS, trust: trust() },
      }),
    },
  })
  const told = expiries(snapshot, NOW).map(({ kind, usedBy, subject, daysLeft }) =>
    `${daysLeft} ${kind} ${subject}: ${usedBy}`
  )
  t.same(told, [
    '-10 application CN=old: application "acme"',
    '-2 crl clients-ca: listener "main" for "a.test"',
    '5 upstream-client CN=gateway: upstream "backend"',
    '20 crl backends-ca: upstream "backend"',
    '60 upstream-ca CN=backends-ca: upstream "backend"',
    '90 client-ca CN=clients-ca: listener "main" for "a.test"',
    '365 server CN=a.test: listener "main" for "a.test"',
  ], 'the roots of the host are not the operator’s to renew')
})

function expiry(sha256: string, days: number, parts: Partial<Expiry> = {}): Expiry {
  return {
    kind: 'server',
    usedBy: 'listener "main"',
    subject: `CN=${sha256}`,
    issuer: 'CN=ca',
    sha256,
    notBefore: NOW - 365 * DAY,
    notAfter: NOW + days * DAY,
    daysLeft: Math.floor(days),
    ...parts,
  }
}

t.test('expiryNews tells at 30, 14, 7, 3 and 1 days, then daily, once each', (t) => {
  const item = expiry('a', 40)
  let told: ReadonlyMap<string, number> = new Map()
  const days: number[] = []
  for (let hour = 0; hour < 24 * 44; hour++) {
    const now = NOW + hour * DAY / 24
    const news = expiryNews([item], told, now)
    told = news.told
    for (const _ of news.notices) days.push((item.notAfter - now) / DAY)
  }
  t.same(days, [30, 14, 7, 3, 1, 0, -1, -2, -3])
  t.end()
})

t.test('expiryNews: at start, after a reload, and of what several use', (t) => {
  const list = [expiry('a', -5), expiry('b', 10), expiry('c', 100)]
  const first = expiryNews(list, new Map(), NOW)
  t.same(first.notices.map(({ sha256 }) => sha256), ['a', 'b'])
  t.same(expiryNews(list, first.told, NOW + 1000).notices, [], 'looking again tells nothing new')
  const more = [...list, expiry('d', 2), expiry('d', 2, { usedBy: 'upstream "x"' })]
  const second = expiryNews(more, first.told, NOW + 1000)
  t.same(second.notices.map(({ sha256, usedBy }) => [sha256, usedBy]), [
    ['d', ['listener "main"', 'upstream "x"']],
  ])
  const gone = expiryNews([], second.told, NOW)
  t.equal(gone.told.size, 0, 'what is gone is forgotten')
  t.end()
})

t.test('expiryNews and warnings: a CRL is fresh in the first half of its life', async (t) => {
  const crl = (days: number, life: number): Expiry =>
    expiry('crl', days, { kind: 'crl', notBefore: NOW + (days - life) * DAY })
  const notices = (each: Expiry) => expiryNews([each], new Map(), NOW).notices.length
  t.equal(notices(crl(6, 7)), 0)
  t.equal(notices(crl(3, 7)), 1)
  t.equal(notices(crl(-1, 7)), 1)
  t.equal(notices(crl(40, 365)), 0)
  t.equal(notices(crl(20, 365)), 1)
  const problems = async (days: number): Promise<string[]> => {
    const policy = clients({
      mode: 'request',
      ca: [cert('ca')],
      crl: [text(`crl ca ${days}`, 'a.crl')],
    })
    const result = await scene.tryCompile({
      listeners: [scene.listener({ tls: [tlsEntry(['a'], policy)] })],
    })
    return result.problems.map(({ message }) => message)
  }
  t.same(await problems(5), [])
  t.same(await problems(0.5), ['CRL for listener "main" for "a", "ca", expires in 0 days'])
})
