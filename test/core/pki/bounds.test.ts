import t from 'tap'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { clearImmediate, setImmediate } from 'node:timers'
import { contentOf } from '../../../core/pki/crl.ts'
import { derElement, derOid, derSequence } from '../../../core/pki/der-write.ts'
import { parseCertificate } from '../../../core/pki/mod.ts'
import { countOperations } from '../../support/webcrypto.ts'
import { entry, makeCrl } from './crl-maker.ts'
import { ask, CA, crl, good, Lab, LEAF } from './lab.ts'

const lab = new Lab(t)
const root = await lab.make('root', { extensions: CA })

t.test('judge gives up where authorities of one name certify one another', async (t) => {
  await lab.make('x0', { subject: '/CN=X', extensions: CA })
  const crowd = []
  for (let i = 1; i < 12; i++) {
    crowd.push(await lab.make(`x${i}`, { subject: '/CN=X', issuer: `x${i - 1}`, extensions: CA }))
  }
  const leaf = await lab.make('lost', { issuer: 'x11', extensions: LEAF })
  const double = await lab.make('double', { subject: '/CN=X', extensions: CA })
  const checks = countOperations(t, 'verify')
  const verdict = await ask([leaf, ...crowd], { anchors: [double], depth: 100 })
  t.notOk(verdict.ok)
  t.ok(checks.count > 0 && checks.count <= 16, `${checks.count} signatures were checked`)
  const good = await ask([leaf, ...crowd], { anchors: [crowd[10] as typeof leaf], depth: 100 })
  t.equal(good.code, 'trusted')
})

t.test('judge tries every anchor of a name, however many an operator has', async (t) => {
  const anchors = []
  for (let i = 0; i < 20; i++) anchors.push(await lab.make(`same${i}`, { subject: '/CN=ROOTCA' }))
  const client = await lab.make('client', { issuer: 'same19' })
  t.equal((await ask([client], { anchors })).code, 'trusted')
})

t.test('parseCertificate refuses lists without end', async (t) => {
  const usages = derSequence(...Array.from({ length: 300 }, (_, i) => derOid(`1.2.${i}`)))
  const list = derSequence(derSequence(derOid('2.5.29.37'), derElement(4, usages)))
  t.ok('problem' in await parseCertificate(withExtensions(root.der, list)))
})

/** A certificate whose extensions are replaced; its signature fits no more. */
function withExtensions(der: Uint8Array, list: Uint8Array): Uint8Array {
  const at = der.findIndex((byte, i) => byte === 0xa3 && der[i + 1] === (der[i + 3] as number) + 2)
  const head = der.subarray(4 + 4, at)
  const tail = der.subarray(at + 2 + (der[at + 1] as number))
  return derSequence(derSequence(head, derElement(0xa3, list)), tail)
}

t.test('CrlTable finds each of many serial numbers and no other', async (t) => {
  const serial = (i: number) => new Uint8Array([0x40, i >> 16, (i >> 8) & 255, i & 255, 7])
  const entries = Array.from({ length: 30_000 }, (_, i) => entry(serial(i)))
  const made = makeCrl({
    issuer: root,
    key: lab.read('root.key'),
    nextUpdate: '400101000000Z',
    entries,
  })
  let turns = 0
  const turn = () => {
    turns++
    next = setImmediate(turn)
  }
  let next = setImmediate(turn)
  const list = await crl(made)
  clearImmediate(next)
  t.ok(turns > 2, 'others had their turn')
  t.equal(list.entryCount, 30_000)
  const table = contentOf(good(list))?.table
  let found = 0
  for (let i = 0; i < 40_000; i++) found += table?.find(serial(i)).length ?? 0
  t.equal(found, 30_000)
})

t.test('what is asked at a handshake loads no package', (t) => {
  const seen = new Set<string>()
  const packages: string[] = []
  const visit = (file: string) => {
    if (seen.has(file)) return
    seen.add(file)
    for (
      const [, from = ''] of readFileSync(file, 'utf8').matchAll(
        /^(?:import|export|\}) .*?from '(.+)'$/gm,
      )
    ) {
      if (from.startsWith('.')) visit(join(dirname(file), from))
      else packages.push(from)
    }
  }
  visit('core/pki/mod.ts')
  visit('core/pki/bundle.ts')
  t.same(packages, [])
  t.ok(seen.size > 30)
  t.end()
})
