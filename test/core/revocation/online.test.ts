/** Revocation over the network, against `openssl ocsp` and an HTTP server on loopback. */
import { readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { hostClock } from '../../../adapters/host/mod.ts'
import { HttpFetcher } from '../../../adapters/http-fetch/mod.ts'
import {
  createTruststore,
  type OnlineRules,
  readCertificates,
  type Truststore,
} from '../../../core/pki/mod.ts'
import { OnlineVerdicts } from '../../../core/revocation/mod.ts'
import { TestClock } from '../../support/gateway.ts'
import { type KeyPairFiles, Pki } from '../../support/pki.ts'
import { good as sound } from '../pki/lab.ts'
import { startResponder, TestHttp } from './responder.ts'

const pki = new Pki(t)
const ca = await pki.authority('ca')
const stranger = await pki.authority('stranger')
const delegate = await pki.issue('delegate', {
  ca,
  use: 'OCSPSigning',
  extensions: ['noCheck=ignored'],
})
const ordinary = await pki.issue('ordinary', { ca, use: 'clientAuth' })
const http = await new TestHttp().listen(t)

const LOOPBACK = ['127.0.0.0/8']
const OFF: OnlineRules = { crlFetch: 'off', ocsp: 'off', ocspNonce: false, fetchFrom: LOOPBACK }

let count = 0
async function leafAt(urls: { readonly ocsp?: string; readonly crl?: string }) {
  const extensions = [
    ...urls.ocsp === undefined ? [] : [`authorityInfoAccess=OCSP;URI:${urls.ocsp}`],
    ...urls.crl === undefined ? [] : [`crlDistributionPoints=URI:${urls.crl}`],
  ]
  return await pki.issue(`leaf-${count++}`, { ca, use: 'clientAuth', extensions })
}

async function storeWith(rules: Partial<OnlineRules>): Promise<Truststore> {
  const anchors = sound(await readCertificates(readFileSync(ca.certFile)))
  return await createTruststore({ anchors, online: { ...OFF, ...rules } })
}

/** Verdicts of their own, which ask nobody any more at the end of the test. */
function verdictsFor(t: Test, options: { readonly timeout?: number } = {}) {
  const clock = new TestClock()
  const told: string[] = []
  const verdicts = new OnlineVerdicts({
    fetcher: new HttpFetcher(),
    clock,
    log: {
      write: (level, message, fields) =>
        void told.push(`${level} ${message} ${fields?.['reason']}`),
    },
    limits: () => ({ revocationTimeout: options.timeout ?? 8000, crlSize: 100_000 }),
  })
  t.teardown(() => verdicts.close())
  const ask = async (leaf: KeyPairFiles, store: Truststore) =>
    await verdicts.judge(
      { chain: [leaf.der], purpose: 'client', depth: 2 },
      store,
      clock.now() + 1000,
    )
  return { ask, clock, told }
}

/** Whether something becomes true within a while, which passes quickly. */
async function soon(clock: TestClock, isSo: () => Promise<boolean>): Promise<boolean> {
  for (let i = 0; i < 500; i++) {
    if (await isSo()) return true
    clock.skip(1000)
    await new Promise<void>((resolve) => hostClock.soon(resolve))
  }
  return false
}

/** Sends what comes to the server on to a responder, and counts it there. */
function relayTo(url: string): void {
  http.answer = (request, response, body) => {
    const type = request.headers['content-type'] ?? ''
    void fetch(url, { method: 'POST', body: body.slice(), headers: { 'content-type': type } })
      .then(async (answer) => {
        response.end(new Uint8Array(await answer.arrayBuffer()))
      })
  }
}

t.test('OCSP: good, revoked, unknown', async (t) => {
  const leaf = await leafAt({ ocsp: http.url })
  const listed = await leafAt({ ocsp: http.url })
  const forgotten = await leafAt({ ocsp: http.url })
  relayTo(await startResponder(t, pki, { ca, good: [leaf], revoked: [listed] }))
  const { ask } = verdictsFor(t)
  const hard = await storeWith({ ocsp: 'hard' })
  t.match(await ask(leaf, hard), { ok: true, code: 'trusted', lacks: undefined })
  t.match(await ask(listed, hard), { ok: false, code: 'revoked', detail: /reason 1/ })
  const unknown = await ask(forgotten, hard)
  t.match(unknown, { code: 'revocation-unknown', detail: /does not know the certificate/ })
  const soft = await storeWith({ ocsp: 'soft' })
  t.match(await ask(listed, soft), { code: 'revoked' })
  t.match(await ask(forgotten, soft), { ok: true, detail: /revocation of .* is not known/ })
})

t.test('OCSP: who signs, and for how long', async (t) => {
  const hard = await storeWith({ ocsp: 'hard' })
  const cases = [
    ['a delegate', { signer: delegate }, /^Accepted/],
    ['a certificate without OCSPSigning', { signer: ordinary }, /not signed by/],
    ['a stranger', { signer: stranger }, /not signed by/],
    [
      'a name in place of a key',
      { signer: delegate, more: ['-nmin', '9', '-resp_key_id'] },
      /^Acc/,
    ],
    ['no nextUpdate', { more: [] }, /^Accepted/],
  ] as const
  for (const [name, how, expected] of cases) {
    const leaf = await leafAt({ ocsp: http.url })
    relayTo(await startResponder(t, pki, { ca, good: [leaf], ...how }))
    const { ask } = verdictsFor(t)
    t.match((await ask(leaf, hard)).detail, expected, name)
  }
})

t.test('OCSP: nonces must come back where they are asked for', async (t) => {
  const leaf = await leafAt({ ocsp: http.url })
  const responder = await startResponder(t, pki, { ca, good: [leaf] })
  relayTo(responder)
  const strict = await storeWith({ ocsp: 'hard', ocspNonce: true })
  t.match(await verdictsFor(t).ask(leaf, strict), { ok: true })
  let kept: Uint8Array | undefined
  http.answer = (_, response) => void response.end(kept)
  const plain = await storeWith({ ocsp: 'hard' })
  relayTo(responder)
  const keep = http.answer
  http.answer = (request, response, body) => {
    const end = response.end.bind(response)
    response.end = ((bytes: Uint8Array) => end(kept = bytes)) as typeof response.end
    keep(request, response, body)
  }
  t.match(await verdictsFor(t).ask(leaf, plain), { ok: true })
  http.answer = (_, response) => void response.end(kept)
  t.match(await verdictsFor(t).ask(leaf, plain), { ok: true }, 'a kept answer is good')
  t.match(await verdictsFor(t).ask(leaf, strict), { ok: false, detail: /repeats no nonce/ })
})

t.test('an answer about another certificate, and an old one', async (t) => {
  const leaf = await leafAt({ ocsp: http.url })
  const other = await leafAt({ ocsp: http.url })
  const hard = await storeWith({ ocsp: 'hard' })
  const responder = await startResponder(t, pki, { ca, good: [leaf, other] })
  let kept: Uint8Array | undefined
  relayTo(responder)
  const keep = http.answer
  http.answer = (request, response, body) => {
    const end = response.end.bind(response)
    response.end = ((bytes: Uint8Array) => end(kept = bytes)) as typeof response.end
    keep(request, response, body)
  }
  t.match(await verdictsFor(t).ask(leaf, hard), { ok: true })
  http.answer = (_, response) => void response.end(kept)
  t.match(await verdictsFor(t).ask(other, hard), { ok: false, detail: /another certificate/ })
  const late = verdictsFor(t)
  late.clock.skip(3_700_000)
  t.match(await late.ask(leaf, hard), { ok: false, detail: /out of date/ })
  http.answer = (_, response) => void response.end('nonsense')
  t.match(await verdictsFor(t).ask(leaf, hard), { ok: false, detail: /Could not read OCSP/ })
  http.answer = (_, response) => void response.end(new Uint8Array([0x30, 3, 10, 1, 3]))
  t.match(await verdictsFor(t).ask(leaf, hard), { ok: false, detail: /tryLater/ })
})

t.test('nobody answers: soft accepts, hard refuses, and it is asked again after a while', async (t) => {
  const leaf = await leafAt({ ocsp: 'http://127.0.0.1:1', crl: `${http.url}/none.crl` })
  const { ask, clock, told } = verdictsFor(t)
  http.answer = (_, response) => void response.writeHead(404).end()
  const hard = await storeWith({ ocsp: 'hard', crlFetch: 'hard' })
  http.asked.length = 0
  t.match(await ask(leaf, hard), { ok: false, code: 'revocation-unknown', detail: /status 404/ })
  t.match(await ask(leaf, await storeWith({ ocsp: 'soft' })), { ok: true })
  t.match(await ask(leaf, await storeWith({ ocsp: 'soft', crlFetch: 'soft' })), { ok: true })
  t.same(http.asked, ['GET /none.crl'], 'asked once for all')
  t.equal(told.length, 2)
  const file = await pki.crl('late.crl', ca)
  let fetched = (): void => {}
  const again = new Promise<void>((resolve) => fetched = resolve)
  http.answer = (_, response) => {
    response.end(readFileSync(file))
    response.on('close', fetched)
  }
  clock.skip(40_000)
  await again
  t.equal(http.asked.length, 2)
  t.ok(await soon(clock, async () => (await ask(leaf, hard)).ok))
})

t.test('a slow responder is waited for once', async (t) => {
  const leaf = await leafAt({ ocsp: `${http.url}/slow` })
  const { ask } = verdictsFor(t, { timeout: 400 })
  http.answer = () => {}
  const hard = await storeWith({ ocsp: 'hard' })
  const before = http.asked.length
  t.match(await ask(leaf, hard), { ok: false, detail: /no answer/ })
  t.match(await ask(leaf, await storeWith({ ocsp: 'soft' })), { ok: true })
  t.equal(http.asked.length, before + 1, 'what is known to be slow is not asked again')
})

t.test('CRLs are fetched once, kept, and fetched again before they end', async (t) => {
  const leaf = await leafAt({ crl: `${http.url}/moved.crl` })
  const { ask, clock } = verdictsFor(t)
  const clean = readFileSync(await pki.crl('clean.crl', ca))
  const listing = readFileSync(await pki.crl('listing.crl', ca, { revoked: [leaf] }))
  let content = clean
  let served = (): void => {}
  http.answer = (request, response) => {
    if (request.url === '/moved.crl') {
      return response.writeHead(302, { location: '/here.crl' }).end()
    }
    response.on('close', () => served())
    response.end(content)
  }
  http.asked.length = 0
  const hard = await storeWith({ crlFetch: 'hard' })
  const verdicts = await Promise.all([ask(leaf, hard), ask(leaf, hard), ask(leaf, hard)])
  t.ok(verdicts.every(({ ok }) => ok), verdicts[0]?.detail)
  t.match(await ask(leaf, await storeWith({ crlFetch: 'soft' })), { ok: true })
  t.same(http.asked, ['GET /moved.crl', 'GET /here.crl'])
  t.ok((verdicts[0]?.validUntil ?? 0) < clock.now() + 3_700_000, 'live connections ask again')
  content = listing
  const again = new Promise<void>((resolve) => served = resolve)
  clock.skip(3_660_000)
  await again
  t.equal(http.asked.length, 4, 'the background has asked')
  t.ok(await soon(clock, async () => (await ask(leaf, hard)).code === 'revoked'))
})

t.test('where no responder answers, a list may', async (t) => {
  const leaf = await leafAt({ ocsp: 'http://127.0.0.1:1', crl: `${http.url}/ca.crl` })
  const file = await pki.crl('fallback.crl', ca, { revoked: [leaf] })
  http.answer = (_, response) => void response.end(readFileSync(file))
  const store = await storeWith({ ocsp: 'soft', crlFetch: 'soft' })
  t.match(await verdictsFor(t).ask(leaf, store), { code: 'revoked' })
})

t.test('what is asked for, and what is not', async (t) => {
  const { ask } = verdictsFor(t)
  http.asked.length = 0
  http.answer = (request, response) => {
    if (request.url === '/out') response.writeHead(302, { location: 'https://127.0.0.1/' }).end()
    else if (request.url === '/loop') response.writeHead(302, { location: '/loop' }).end()
    else response.end(new Uint8Array(200_000))
  }
  const hard = { crlFetch: 'hard' } as const
  const near = await leafAt({ crl: `${http.url}/near.crl` })
  const closed = await storeWith({ ...hard, fetchFrom: [] })
  t.match((await ask(near, closed)).detail, /127\.0\.0\.1 is not public/)
  const byName = await leafAt({ crl: `${http.url.replace('127.0.0.1', 'localhost')}/x` })
  t.match((await ask(byName, closed)).detail, /is not public/)
  t.same(http.asked, [], 'not a byte was sent')
  const forged = await pki.issue('forged', {
    ca: stranger,
    extensions: [`crlDistributionPoints=URI:${http.url}/forged`],
  })
  const open = await storeWith(hard)
  t.match(await ask(forged, open), { code: 'unknown-issuer' })
  t.same(http.asked, [], 'only certificates with a path have a say')
  const secure = await leafAt({ crl: 'https://127.0.0.1/x' })
  t.match((await ask(secure, open)).detail, /says of no CRL where it is/)
  for (
    const [path, expected] of [
      ['out', /scheme https: is not asked/],
      ['loop', /more than 3 redirects/],
      ['large', /more than 100000 bytes/],
    ] as const
  ) {
    const leaf = await leafAt({ crl: `${http.url}/${path}` })
    t.match((await ask(leaf, open)).detail, expected, path)
  }
})

t.test("an application's own certificate cannot keep its issuer back", async (t) => {
  const leaf = await leafAt({ ocsp: http.url })
  const anchors = sound(await readCertificates(readFileSync(stranger.certFile)))
  const online = { ...OFF, ocsp: 'hard' } as const
  const store = await createTruststore({ anchors, acceptsAnyLeaf: true, online })
  const verdict = await verdictsFor(t).ask(leaf, store)
  t.match(verdict, { code: 'revocation-unknown', detail: /no path to a CA vouches/ })
  t.match(await verdictsFor(t).ask(ordinary, store), { ok: true }, 'it names no address')
})
