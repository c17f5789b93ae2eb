import t from 'tap'
import { KnownIssuers } from '../../../core/proxy/known-issuers.ts'
import { type Certificate, parseCertificate, type Verdict } from '../../../core/pki/mod.ts'
import { type KeyPairFiles, Pki } from '../../support/pki.ts'

const pki = new Pki(t)
const ca = await pki.authority('ca')
const upper = await pki.authority('upper', ca)
const lower = await pki.authority('lower', upper)
const leaf = await pki.issue('leaf', { ca: lower })

async function certificate({ der }: KeyPairFiles): Promise<Certificate> {
  const found = await parseCertificate(der)
  if ('problem' in found) throw new Error(found.message)
  return found
}

async function verdict(ok: boolean): Promise<Verdict> {
  const path = await Promise.all([leaf, lower, upper, ca].map(certificate))
  const times = { validFrom: 0, validUntil: Infinity }
  return { ok, code: ok ? 'trusted' : 'revoked', detail: '', certificate: path[0], path, ...times }
}

t.test('KnownIssuers completes a chain with the intermediates of trusted ones', async (t) => {
  const issuers = new KnownIssuers()
  const alone = [leaf.der]
  t.equal(await issuers.complete(alone), alone, 'nothing is known yet')
  issuers.learn(await verdict(false))
  t.equal((await issuers.complete(alone)).length, 1, 'nothing is learned of who is not trusted')
  issuers.learn(await verdict(true))
  t.same(await issuers.complete(alone), [leaf.der, lower.der, upper.der], 'the root is not needed')
  const whole = [leaf.der, lower.der]
  t.equal(await issuers.complete(whole), whole)
  t.same(await issuers.complete([]), [])
  t.same(await issuers.complete([ca.der]), [ca.der])
  t.same(await issuers.complete([Uint8Array.of(1, 2)]), [Uint8Array.of(1, 2)])
})

t.test('KnownIssuers tells other processes of each issuer once, and takes theirs', async (t) => {
  const here = new KnownIssuers()
  const there = new KnownIssuers()
  const told: Uint8Array[] = []
  t.equal(await there.news(), false, 'nobody to wait for')
  const after = (_: number, task: () => void) => {
    if (told.length > 0) task()
    return () => {}
  }
  here.share({ tell: (der) => void told.push(der), after })
  there.share({ tell: () => t.fail('what was told is not told back'), after })
  const waiting = there.news()
  here.learn(await verdict(true))
  here.learn(await verdict(true))
  t.same(told, [lower.der, upper.der])
  for (const der of told) await there.take(der)
  await there.take(Uint8Array.of(0x30, 0))
  t.equal(await waiting, true)
  t.same(await there.complete([leaf.der]), [leaf.der, lower.der, upper.der])
  t.same([...there], told)
  t.equal(await there.news(), false, 'nothing came in due time')
})
