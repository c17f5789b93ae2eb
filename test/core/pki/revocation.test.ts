import t from 'tap'
import type { Certificate } from '../../../core/pki/mod.ts'
import { entry, extension, makeCrl } from './crl-maker.ts'
import { ask, CA, crl, Lab, LEAF } from './lab.ts'

const DAY = 86_400_000
const lab = new Lab(t)
const root = await lab.make('root', { extensions: CA, days: 3650 })
const inter = await lab.make('inter', { issuer: 'root', extensions: CA, days: 1000 })
const leaf = await lab.make('leaf', { issuer: 'inter', extensions: LEAF, days: 900 })
const direct = await lab.make('direct', { issuer: 'root', extensions: LEAF, days: 900 })
const rootKey = lab.read('root.key')
const later = '400101000000Z'
const soon = Date.UTC(2027, 0, 1)

function bytes(certificate: Certificate): Uint8Array {
  return Uint8Array.from(certificate.serial.match(/../g) ?? [], (hex) => parseInt(hex, 16))
}

t.test('judge refuses the revoked, leaf or intermediate', async (t) => {
  const empty = await crl(lab.crl('inter', {}))
  const crlOfRoot = await crl(lab.crl('root', {}))
  const fine = await ask([leaf, inter], { anchors: [root], crls: [crlOfRoot, empty] })
  t.equal(fine.code, 'trusted')
  t.equal(fine.validUntil, Math.min(empty.nextUpdate ?? 0, crlOfRoot.nextUpdate ?? 0) + 1000)
  const revoked = await crl(
    lab.crl('inter', { [leaf.serial]: 'keyCompromise', 'AB': 'superseded' }),
  )
  t.equal(revoked.entryCount, 2)
  const verdict = await ask([leaf, inter], { anchors: [root], crls: [crlOfRoot, revoked] })
  t.equal(verdict.code, 'revoked')
  t.match(verdict.detail, /revoked \(reason 1\) by the CRL of "CN=inter"/)
  const above = await crl(lab.crl('root', { [inter.serial]: 'cACompromise' }))
  t.equal((await ask([leaf, inter], { anchors: [root], crls: [above, empty] })).code, 'revoked')
})

t.test('judge wants each certificate covered, or says so where the policy is soft', async (t) => {
  const crls = [await crl(lab.crl('inter', {}))]
  const hard = await ask([leaf, inter], { anchors: [root], crls })
  t.equal(hard.code, 'revocation-unknown')
  const soft = await ask([leaf, inter], { anchors: [root], crls, crlPolicy: 'soft' })
  t.equal(soft.code, 'trusted')
  t.match(soft.detail, /revocation of "CN=inter" is not known: there is no CRL of its issuer/)
})

t.test('judge does not go by a CRL that is out of date or does not say until when it holds', async (t) => {
  const stale = await crl(lab.crl('root', {}))
  const now = (stale.nextUpdate ?? 0) + DAY
  t.equal((await ask([direct], { anchors: [root], crls: [stale], now })).code, 'revocation-unknown')
  const soft = { anchors: [root], crls: [stale], crlPolicy: 'soft', now } as const
  t.match((await ask([direct], soft)).detail, /out of date since/)
  const listed = await crl(lab.crl('root', { [direct.serial]: 'superseded' }))
  t.equal((await ask([direct], { ...soft, crls: [listed] })).code, 'revoked', 'stale but listed')
  const endless = await crl(makeCrl({ issuer: root, key: rootKey, entries: [] }))
  t.equal(endless.nextUpdate, undefined)
  t.equal((await ask([direct], { anchors: [root], crls: [endless] })).code, 'revocation-unknown')
  const endlessListed = await crl(
    makeCrl({ issuer: root, key: rootKey, entries: [entry(bytes(direct))] }),
  )
  t.equal((await ask([direct], { anchors: [root], crls: [endlessListed] })).code, 'revoked')
  const future = makeCrl({
    issuer: root,
    key: rootKey,
    thisUpdate: '390101000000Z',
    nextUpdate: later,
    entries: [],
  })
  const early = await ask([direct], { anchors: [root], crls: [await crl(future)] })
  t.equal(early.code, 'revocation-unknown')
  t.equal(early.validUntil, Math.min(Date.UTC(2039, 0, 1), direct.notAfter + 1000))
})

t.test('judge goes by the newest CRL', async (t) => {
  const base = { issuer: root, key: rootKey, nextUpdate: later }
  const old = await crl(
    makeCrl({ ...base, thisUpdate: '250101000000Z', entries: [entry(bytes(direct))] }),
  )
  const fresh = await crl(makeCrl({ ...base, thisUpdate: '250201000000Z', entries: [] }))
  for (const crls of [[old, fresh], [fresh, old]]) {
    t.equal((await ask([direct], { anchors: [root], crls })).code, 'trusted')
  }
})

t.test('judge wants CRLs signed by whom they should be', async (t) => {
  const fake = await lab.make('fake', { subject: '/CN=root', extensions: CA })
  const forged = await crl(lab.crl('fake', {}))
  t.equal((await ask([direct], { anchors: [root], crls: [forged] })).code, 'revocation-unknown')
  t.equal(
    (await ask([direct, fake], { anchors: [root], crls: [forged] })).code,
    'revocation-unknown',
  )
  const mute = await lab.make('mute', {
    extensions: [CA[0] as string, 'keyUsage=critical,keyCertSign'],
  })
  const below = await lab.make('belowmute', { issuer: 'mute', extensions: LEAF })
  const unfit = await crl(
    lab.crl('mute', {}, ['crlNumber=1'].slice(1).concat('authorityKeyIdentifier=issuer')),
  )
  t.equal((await ask([below], { anchors: [mute], crls: [unfit] })).code, 'revocation-unknown')
})

t.test('judge takes a CRL signed with a second key of the same authority', async (t) => {
  const signer = await lab.make('crlkey', {
    subject: '/CN=root',
    issuer: 'root',
    extensions: ['basicConstraints=CA:FALSE', 'keyUsage=critical,cRLSign', ...CA.slice(2)],
  })
  const good = await crl(lab.crl('crlkey', {}))
  const bad = await crl(lab.crl('crlkey', { [direct.serial]: 'superseded' }))
  t.equal((await ask([direct, signer], { anchors: [root], crls: [good] })).code, 'trusted')
  t.equal((await ask([direct, signer], { anchors: [root], crls: [bad] })).code, 'revoked')
  t.equal((await ask([direct], { anchors: [root], crls: [good] })).code, 'revocation-unknown')
})

t.test('judge does not use CRLs with unknown critical extensions, of the list or of an entry', async (t) => {
  const unknown = extension('1.3.6.1.4.1.55555.1', true, new Uint8Array([5, 0]))
  const base = { issuer: root, key: rootKey, nextUpdate: later }
  const list = await crl(makeCrl({ ...base, entries: [], extensions: [unknown] }))
  t.equal((await ask([direct], { anchors: [root], crls: [list] })).code, 'revocation-unknown')
  const other = await crl(makeCrl({ ...base, entries: [entry(new Uint8Array([9]), unknown)] }))
  t.equal((await ask([direct], { anchors: [root], crls: [other] })).code, 'revocation-unknown')
})

t.test('judge minds what a CRL is for', async (t) => {
  const cas = await crl(
    lab.crl('root', {}, ['issuingDistributionPoint=critical,@p\n[p]\nonlyCA=TRUE']),
  )
  t.equal((await ask([direct], { anchors: [root], crls: [cas] })).code, 'revocation-unknown')
  const users = await crl(
    lab.crl('root', {}, ['issuingDistributionPoint=critical,@p\n[p]\nonlyuser=TRUE']),
  )
  t.equal((await ask([direct], { anchors: [root], crls: [users] })).code, 'trusted')
  const some = 'issuingDistributionPoint=critical,@p\n[p]\nonlysomereasons=keyCompromise'
  const part = await crl(lab.crl('root', {}, [some]))
  t.equal((await ask([direct], { anchors: [root], crls: [part] })).code, 'revocation-unknown')
  const point = 'issuingDistributionPoint=critical,@p\n[p]\nfullname=URI:http://crl.test/1'
  const elsewhere = await crl(lab.crl('root', {}, [point]))
  t.equal((await ask([direct], { anchors: [root], crls: [elsewhere] })).code, 'revocation-unknown')
  const pointed = await lab.make('pointed', {
    issuer: 'root',
    extensions: [...LEAF, 'crlDistributionPoints=URI:http://crl.test/1'],
  })
  t.equal((await ask([pointed], { anchors: [root], crls: [elsewhere] })).code, 'trusted')
})

t.test('the strict profile wants CRLs as RFC 5280 does; whom others list is refused all the same', async (t) => {
  const number = extension('2.5.29.20', false, new Uint8Array([2, 1, 5]))
  const plain = lab.crl('root', {}, ['authorityKeyIdentifier=keyid'])
  const listing = [entry(bytes(direct))]
  const base = { issuer: root, key: rootKey, nextUpdate: later }
  const point = extension('2.5.29.28', false, Uint8Array.of(0x30, 3, 0x81, 1, 0xff))
  const lacking: [string, Uint8Array, boolean][] = [
    ['nothing', plain, true],
    ['an authority key identifier', lab.crl('root', {}, ['issuerAltName=DNS:x.test']), false],
    ['everything', makeCrl({ ...base, entries: [] }), false],
    ['a critical point', makeCrl({ ...base, entries: [], extensions: [number, point] }), false],
  ]
  for (const [what, der, fine] of lacking) {
    const crls = [await crl(der)]
    t.equal((await ask([direct], { anchors: [root], crls })).code, 'trusted', what)
    const strict = await ask([direct], { anchors: [root], crls, profile: 'strict' })
    t.equal(strict.code, fine ? 'trusted' : 'revocation-unknown', what)
    if (!fine) t.match(strict.detail, /the CRL of its issuer has no number, no authority key/)
  }
  const crls = [await crl(makeCrl({ ...base, entries: listing }))]
  const soft = { anchors: [root], crls, crlPolicy: 'soft', profile: 'strict' } as const
  t.equal((await ask([direct], soft)).code, 'revoked')
})

t.test('judge adds delta CRLs to complete ones', async (t) => {
  const number = (n: number) => extension('2.5.29.20', false, new Uint8Array([2, 1, n]))
  const delta = (n: number) => extension('2.5.29.27', true, new Uint8Array([2, 1, n]))
  const base = { issuer: root, key: rootKey, nextUpdate: later }
  const complete = await crl(makeCrl({ ...base, entries: [], extensions: [number(5)] }))
  const adding = (from: number) =>
    makeCrl({ ...base, entries: [entry(bytes(direct))], extensions: [number(7), delta(from)] })
  t.equal(
    (await ask([direct], { anchors: [root], crls: [complete, await crl(adding(5))] })).code,
    'revoked',
  )
  t.equal(
    (await ask([direct], { anchors: [root], crls: [complete, await crl(adding(6))] })).code,
    'trusted',
  )
  t.equal(
    (await ask([direct], { anchors: [root], crls: [await crl(adding(5))] })).code,
    'revocation-unknown',
  )
  const held = await crl(
    makeCrl({ ...base, entries: [entry(bytes(direct))], extensions: [number(5)] }),
  )
  const removed = extension('2.5.29.21', false, new Uint8Array([10, 1, 8]))
  const freeing = makeCrl({
    ...base,
    entries: [entry(bytes(direct), removed)],
    extensions: [number(6), delta(5)],
  })
  t.equal(
    (await ask([direct], { anchors: [root], crls: [held, await crl(freeing)] })).code,
    'trusted',
  )
})

t.test('a verdict ends when the CRL behind it does', async (t) => {
  const made = makeCrl({ issuer: root, key: rootKey, nextUpdate: '270101000000Z', entries: [] })
  const verdict = await ask([direct], { anchors: [root], crls: [await crl(made)] })
  t.equal(verdict.validUntil, soon + 1000)
})

t.test('a leaf that is accepted on its own does not get round a CRL by hiding its issuer', async (t) => {
  const acceptsAnyLeaf = true
  const crlOfRoot = await crl(lab.crl('root', {}))
  const listed = await crl(lab.crl('inter', { [leaf.serial]: 'keyCompromise' }))
  const store = { anchors: [root], crls: [crlOfRoot, listed], acceptsAnyLeaf }
  t.equal((await ask([leaf, inter], store)).code, 'revoked')
  t.equal((await ask([leaf], store)).code, 'revoked')
  t.equal((await ask([leaf], { ...store, anchors: [] })).code, 'revoked')
  const clean = await crl(lab.crl('inter', {}))
  const verdict = await ask([leaf], { ...store, crls: [clean] })
  t.equal(verdict.code, 'trusted')
  t.equal(verdict.validUntil, (clean.nextUpdate ?? 0) + 1000)
  const now = (clean.nextUpdate ?? 0) + DAY
  t.equal((await ask([leaf], { ...store, crls: [clean], now })).code, 'revocation-unknown')
  const soft = { ...store, crls: [clean], crlPolicy: 'soft', now } as const
  t.match(await ask([leaf], soft), { code: 'trusted', detail: /not known/ })
  t.equal(
    (await ask([direct], { acceptsAnyLeaf, crls: [listed] })).code,
    'trusted',
    'another issuer',
  )
})
