import { Buffer } from 'node:buffer'
import { createHash, randomBytes } from 'node:crypto'
import { join } from 'node:path'
import t from 'tap'
import { HostFiles } from '../../../adapters/host/mod.ts'
import { concatBytes } from '../../../core/pki/bytes.ts'
import { contentOf } from '../../../core/pki/crl.ts'
import { type Crl, joinCrls, readCrl, readCrls } from '../../../core/pki/mod.ts'
import { Sha256 } from '../../../core/pki/sha256.ts'
import { countOperations } from '../../support/webcrypto.ts'
import { entry, makeCrl } from './crl-maker.ts'
import { CA, good, Lab } from './lab.ts'

const lab = new Lab(t)
const issuer = await lab.make('root', { extensions: CA })
const files = new HostFiles()

function listed(...serials: readonly Uint8Array[]): Uint8Array {
  const times = { nextUpdate: '491231000000Z' }
  const entries = serials.map((serial) => entry(serial))
  return makeCrl({ issuer, key: lab.read('root.key'), ...times, entries })
}

function pemOf(der: Uint8Array): Uint8Array {
  lab.write('in.der', der)
  lab.openssl('crl', '-inform', 'DER', '-in', 'in.der', '-out', 'out.pem')
  return lab.read('out.pem')
}

/** What parts of this size make of a text. */
async function joined(
  bytes: Uint8Array,
  part: number,
  size: number = bytes.length,
): Promise<Uint8Array | undefined> {
  async function* parts(): AsyncGenerator<Uint8Array, void> {
    for (let at = 0; at < bytes.length; at += part) yield await bytes.slice(at, at + part)
  }
  return await joinCrls({ size, parts })
}

const [one, two] = [listed(Uint8Array.of(1)), listed(Uint8Array.of(2), Uint8Array.of(3))]
const text = (value: string) => new TextEncoder().encode(value)

t.test('a file of CRLs comes as DER, wherever its parts end', async (t) => {
  const pem = concatBytes(
    text('------BEGIN X509 CRL\n-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'),
    pemOf(one),
    text('and '),
    text(new TextDecoder().decode(pemOf(two)).replaceAll('\n', '\r\n')),
  )
  const whole = concatBytes(one, two)
  for (const size of [1, 7, 64, 1000, 1_000_000]) {
    t.same(await joined(pem, size), whole, `PEM in parts of ${size} bytes`)
    t.same(await joined(whole, size), whole, `DER in parts of ${size} bytes`)
  }
  const crls = good(await readCrls(whole))
  t.same(crls.map(({ entryCount }) => entryCount), [1, 2])
  t.same(crls, good(await readCrls(pem)))
  t.hasProp(await readCrl(whole), 'problem', 'where one is wanted, nothing follows it')
})

t.test('what is no CRL in form is left to whoever reads the whole file', async (t) => {
  for (
    const bad of [
      '',
      'no CRL',
      '-----BEGIN X509 CRL-----\nAAAA',
      '-----BEGIN X509 CRL-----\nA*AA\n-----END X509 CRL-----\n',
      '-----BEGIN X509 CRL-----\nAA==AA\n-----END X509 CRL-----\n',
      '-----BEGIN X509 CRL-----\nAAAA\n-----END CERTIFICATE-----\n',
    ]
  ) {
    t.equal(await joined(text(bad), 10), undefined, bad)
    t.hasProp(await readCrls(bad), 'problem')
  }
  for (const size of [one.length - 1, one.length + 1]) {
    t.equal(await joined(one, 100, size), undefined, 'a file that changes meanwhile')
  }
})

t.test('a file that did not change is kept once, and read once', async (t) => {
  lab.write('a.crl', pemOf(two))
  const read = async () => {
    const bytes = await joinCrls(await files.open(join(lab.folder, 'a.crl')))
    return { bytes, crls: good(await readCrls(bytes as Uint8Array)) }
  }
  const [first, second] = [await read(), await read()]
  t.equal(first.bytes, second.bytes)
  t.equal(first.crls[0], second.crls[0])
})

t.test('digests of parts are those of the whole', (t) => {
  const bytes = new Uint8Array(randomBytes(1000))
  for (const size of [1, 3, 63, 64, 65, 500]) {
    const hash = new Sha256()
    for (let at = 0; at < bytes.length; at += size) hash.add(bytes.subarray(at, at + size))
    t.equal(hash.hex(), createHash('sha256').update(bytes).digest('hex'))
  }
  t.end()
})

t.test('a list of 100,000 in PEM is kept as its DER, and read in slices', async (t) => {
  const serials = Array.from(
    { length: 100_000 },
    () => new Uint8Array(randomBytes(16)).fill(1, 0, 1),
  )
  const der = listed(...serials)
  const pem = pemOf(der)
  lab.write('long.crl', pem)
  const bytes = await joinCrls(await files.open(join(lab.folder, 'long.crl'))) as Uint8Array
  t.equal(Buffer.compare(bytes, der), 0)
  t.ok(bytes.buffer.byteLength < der.length * 1.1, `${bytes.buffer.byteLength} bytes are kept`)
  // A digest of one byte is where others get their turn: after 8,000 entries, twice, and after 128 KiB that are digested.
  const turns = countOperations(t, 'digest')
  const crls = good(await readCrls(bytes))
  const slices = 2 * serials.length / 8000 + der.length / 131_072
  t.ok(turns.count >= Math.floor(slices), `${turns.count} turns`)
  turns.count = 0
  good(await readCrls(pem))
  t.ok(
    turns.count >= Math.floor(slices + pem.length / 131_072),
    `${turns.count} turns for the text`,
  )
  t.equal(crls[0]?.entryCount, serials.length)
  const table = contentOf(crls[0] as Crl)?.table
  t.equal(serials.filter((serial) => table?.find(serial).length !== 1).length, 0)
  t.same(table?.find(new Uint8Array(16).fill(2)), [])
})
