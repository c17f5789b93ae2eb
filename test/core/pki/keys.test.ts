import t from 'tap'
import { readPkcs12 } from '../../../core/pki/bundle.ts'
import { isPkiProblem, keyFits, readKeyPair, readPrivateKey } from '../../../core/pki/mod.ts'
import { CA, certificates, good, Lab, LEAF } from './lab.ts'

const lab = new Lab(t)
const limits = { pkcs12Iterations: 100_000, pkcs12Size: 100_000 }
const RSA = ['rsa:2048']
const P521 = ['ec', '-pkeyopt', 'ec_paramgen_curve:P-521']
await lab.make('root', { extensions: CA })
await lab.make('mid', { issuer: 'root', extensions: CA, key: P521 })
const leaf = await lab.make('leaf', { issuer: 'mid', extensions: LEAF, key: RSA })
const other = await lab.make('other', { extensions: LEAF, key: P521 })
const pem = (name: string) => new TextDecoder().decode(lab.read(name))
lab.write('rest.pem', pem('root.crt') + pem('mid.crt'))

/** Runs `openssl pkcs12 -export` for the leaf. */
function export12(name: string, ...args: string[]): Uint8Array {
  const files = ['-inkey', 'leaf.key', '-in', 'leaf.crt', '-certfile', 'rest.pem', '-out', name]
  lab.openssl('pkcs12', '-export', ...files, ...args)
  return lab.read(name)
}

t.test('readPkcs12 opens what openssl makes', async (t) => {
  const cases: [string, string | undefined, ...string[]][] = [
    ['modern', 'pä$s', '-passout', 'pass:pä$s'],
    ['legacy: RC2-40 and 3DES', 'secret', '-legacy', '-passout', 'pass:secret'],
    ['RC2-128', 'secret', '-legacy', '-certpbe', 'PBE-SHA1-RC2-128', '-passout', 'pass:secret'],
    ['two-key 3DES', 'secret', '-legacy', '-keypbe', 'PBE-SHA1-2DES', '-passout', 'pass:secret'],
    ['PBES2 with 3DES', 'secret', '-keypbe', 'des-ede3-cbc', '-passout', 'pass:secret'],
    ['PBES2 with AES-192', 'secret', '-certpbe', 'aes-192-cbc', '-passout', 'pass:secret'],
    ['SHA-512 MAC', 'secret', '-macalg', 'sha512', '-passout', 'pass:secret'],
    ['one iteration', 'secret', '-noiter', '-nomaciter', '-passout', 'pass:secret'],
    ['an empty passphrase', '', '-passout', 'pass:'],
    ['an empty passphrase, not given', undefined, '-passout', 'pass:'],
    ['legacy, empty', '', '-legacy', '-passout', 'pass:'],
    [
      'nothing encrypted, no MAC',
      undefined,
      '-keypbe',
      'NONE',
      '-certpbe',
      'NONE',
      '-nomac',
      '-passout',
      'pass:',
    ],
  ]
  for (const [name, passphrase, ...args] of cases) {
    const pair = good(await readPkcs12(export12('x.p12', ...args), passphrase, limits))
    t.same(pair.certificates.map((c) => c.subject), ['CN=leaf', 'CN=mid'], name)
    t.ok(await keyFits(leaf, pair.key), name)
    t.equal(pair.chain, pem('leaf.crt') + pem('mid.crt'), name)
  }
})

t.test('readPkcs12 says what is wrong', async (t) => {
  const file = export12('y.p12', '-passout', 'pass:right')
  const codeOf = async (data: Uint8Array, passphrase: string, bounds = limits) => {
    const result = await readPkcs12(data, passphrase, bounds)
    return isPkiProblem(result) ? result.problem : 'read'
  }
  t.equal(await codeOf(file, 'wrong'), 'passphrase')
  t.equal(await codeOf(file, ''), 'passphrase')
  const flipped = file.slice()
  flipped[100] = (flipped[100] as number) ^ 1
  t.not(await codeOf(flipped, 'right'), 'read')
  t.equal(await codeOf(file, 'right', { ...limits, pkcs12Size: file.length - 1 }), 'limit')
  t.equal(await codeOf(file, 'right', { ...limits, pkcs12Iterations: 2047 }), 'limit')
  t.equal(await codeOf(file.subarray(0, 500), 'right'), 'malformed')
  const bare = ['-export', '-nokeys', '-in', 'leaf.crt', '-passout', 'pass:x', '-out', 'z.p12']
  lab.openssl('pkcs12', ...bare)
  t.equal(await codeOf(lab.read('z.p12'), 'x'), 'empty')
  const legacy = export12('w.p12', '-legacy', '-nomac', '-passout', 'pass:right')
  t.equal(await codeOf(legacy, 'wrong'), 'passphrase')
})

t.test('readPrivateKey reads the forms that are about', async (t) => {
  lab.openssl('ec', '-in', 'other.key', '-out', 'sec1.key')
  lab.openssl('rsa', '-in', 'leaf.key', '-traditional', '-out', 'pkcs1.key')
  lab.openssl('pkcs8', '-topk8', '-in', 'leaf.key', '-passout', 'pass:pass word', '-out', 'enc.key')
  lab.openssl(
    'pkcs8',
    '-topk8',
    '-v1',
    'PBE-SHA1-3DES',
    '-in',
    'leaf.key',
    '-passout',
    'pass:pass word',
    '-out',
    'old.key',
  )
  lab.openssl(
    'pkcs8',
    '-topk8',
    '-nocrypt',
    '-in',
    'other.key',
    '-outform',
    'DER',
    '-out',
    'der.key',
  )
  const cases: [string, typeof leaf][] = [
    ['sec1.key', other],
    ['pkcs1.key', leaf],
    ['enc.key', leaf],
    ['old.key', leaf],
    ['der.key', other],
    ['leaf.key', leaf],
  ]
  for (const [file, certificate] of cases) {
    const key = good(await readPrivateKey(lab.read(file), 'pass word'))
    t.match(key, /^-----BEGIN PRIVATE KEY-----\n/, file)
    t.ok(await keyFits(certificate, key), file)
    t.notOk(await keyFits(certificate === leaf ? other : leaf, key), file)
  }
})

t.test('readPrivateKey says what is wrong', async (t) => {
  const codeOf = async (data: Uint8Array | string, passphrase?: string) => {
    const result = await readPrivateKey(data, passphrase)
    return isPkiProblem(result) ? result.problem : 'read'
  }
  lab.openssl('pkcs8', '-topk8', '-in', 'leaf.key', '-passout', 'pass:right', '-out', 'e.key')
  t.equal(await codeOf(lab.read('e.key')), 'passphrase')
  t.equal(await codeOf(lab.read('e.key'), 'wrong'), 'passphrase')
  lab.openssl(
    'rsa',
    '-in',
    'leaf.key',
    '-traditional',
    '-aes128',
    '-passout',
    'pass:right',
    '-out',
    'o.key',
  )
  t.equal(await codeOf(lab.read('o.key'), 'right'), 'unsupported')
  t.equal(await codeOf(''), 'empty')
  t.equal(await codeOf(pem('leaf.crt')), 'empty')
  t.equal(await codeOf('-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----'), 'malformed')
})

t.test('readKeyPair puts the leaf first and leaves out what does not belong', async (t) => {
  const cert = pem('root.crt') + pem('other.crt') + pem('mid.crt') + pem('leaf.crt')
  const pair = good(await readKeyPair({ cert, key: pem('leaf.key') }))
  t.equal(pair.chain, pem('leaf.crt') + pem('mid.crt'))
  const alone = good(await readKeyPair({ cert: pem('other.crt'), key: pem('other.key') }))
  t.equal(alone.certificates.length, 1, 'a self-signed leaf stays')
  const wrong = await readKeyPair({ cert: pem('leaf.crt'), key: pem('other.key') })
  t.match(wrong, { problem: 'mismatch', message: /"CN=leaf": it belongs to another$/ })
  const read = await certificates(cert)
  t.equal(read.length, 4)
})
