import t from 'tap'
import { DerFault, DerReader, readWhole } from '../../../core/pki/der.ts'
import { readBoolean, readIntegerBytes, readOid, readTime } from '../../../core/pki/der-values.ts'
import {
  describeCertificate,
  describeCrl,
  isPkiProblem,
  parseCertificate,
  readCertificates,
  readCrl,
  readPem,
  writePem,
} from '../../../core/pki/mod.ts'
import { CA, crl, good, Lab, LEAF } from './lab.ts'

const lab = new Lab(t)
const root = await lab.make('root', { extensions: CA })
const leaf = await lab.make('leaf', {
  issuer: 'root',
  subject: '/C=DE/O=A, B \\+ "C"/OU= pad /CN=Müller',
  extensions: [
    ...LEAF,
    'extendedKeyUsage=clientAuth',
    'subjectAltName=DNS:a.test,email:x@y.test,URI:spiffe://a/b,IP:1::2',
  ],
})

t.test('DerReader takes one encoding for each value', (t) => {
  const refused: [string, number[]][] = [
    ['indefinite', [0x30, 0x80, 0, 0]],
    ['length not minimal', [4, 0x81, 1, 0]],
    ['leading zero in length', [4, 0x82, 0, 0x80, ...new Array<number>(128).fill(0)]],
    ['cut short', [4, 2, 0]],
    ['long tag', [0x1f, 0x81, 1, 0]],
    ['length of five bytes', [4, 0x85, 0, 0, 0, 0, 1, 0]],
    ['more behind', [5, 0, 5, 0]],
    ['nothing', []],
  ]
  for (const [name, bytes] of refused) {
    t.throws(() => readWhole(new Uint8Array(bytes)), DerFault, name)
  }
  t.throws(() => new DerReader(new Uint8Array([4, 0])).read(2), DerFault, 'another tag')
  const whole = (...bytes: number[]) => readWhole(new Uint8Array(bytes))
  t.throws(() => readBoolean(whole(1, 1, 1)), DerFault)
  t.throws(() => readIntegerBytes(whole(2, 2, 0, 1)), DerFault)
  t.throws(() => readIntegerBytes(whole(2, 2, 0xff, 0x80)), DerFault)
  t.throws(() => readOid(whole(6, 2, 0x80, 1)), DerFault)
  t.throws(() => readOid(whole(6, 1, 0x81)), DerFault)
  t.equal(readOid(whole(6, 3, 0x55, 0x1d, 0x0f)), '2.5.29.15')
  t.equal(readOid(whole(6, 3, 0x88, 0x37, 1)), '2.999.1')
  t.equal(
    readOid(whole(6, 11, 0x69, ...new Array<number>(9).fill(0xff), 0x7f)),
    '2.25.1180591620717411303423',
  )
  t.end()
})

t.test('readTime takes the forms of RFC 5280 alone', (t) => {
  const time = (tag: number, text: string) =>
    readTime(readWhole(new Uint8Array([tag, text.length, ...new TextEncoder().encode(text)])))
  t.equal(time(0x17, '491231235959Z'), Date.UTC(2049, 11, 31, 23, 59, 59))
  t.equal(time(0x17, '500101000000Z'), Date.UTC(1950, 0, 1))
  t.equal(time(0x18, '99991231235959Z'), Date.UTC(9999, 11, 31, 23, 59, 59))
  for (
    const text of [
      '4912312359Z',
      '491231235959+0100',
      '490231000000Z',
      '491231235960Z',
      '49123123595AZ',
    ]
  ) {
    t.throws(() => time(0x17, text), DerFault, text)
  }
  for (const text of ['20491231235959.5Z', '20491231235959', '2049123123Z']) {
    t.throws(() => time(0x18, text), DerFault, text)
  }
  t.end()
})

t.test('readPem overlooks what stands around', (t) => {
  const pem = writePem('CERTIFICATE', root.der)
  const text = `Bag Attributes\r\n  x: y\r\n${
    pem.replaceAll('\n', '\r\n')
  }\r\nmore ${pem.trimEnd()}`
  const blocks = readPem(text)
  t.ok(Array.isArray(blocks))
  t.same(Array.isArray(blocks) && blocks.map((b) => [b.label, b.der.length]), [
    ['CERTIFICATE', root.der.length],
    ['CERTIFICATE', root.der.length],
  ])
  const headed = readPem(
    '-----BEGIN X-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,\n 00FF\n\nAAAA\n-----END X-----',
  )
  t.match(headed, [{ headers: { 'Proc-Type': '4,ENCRYPTED', 'DEK-Info': 'AES-128-CBC,00FF' } }])
  t.same(readPem('nothing'), [])
  const bad = [
    '-----BEGIN A-----\n!\n-----END A-----',
    '-----BEGIN A-----\nAAAA',
    '-----BEGIN A-----\nAAAA\n-----END B-----',
  ]
  for (const content of bad) t.ok(isPkiProblem(readPem(content)), content)
  t.ok(isPkiProblem(readPem('-----BEGIN A-----'.repeat(100_000))), 'at once')
  t.end()
})

t.test('readCertificates reads PEM, DER and trusted PEM', async (t) => {
  lab.openssl(
    'x509',
    '-in',
    'root.crt',
    '-addtrust',
    'clientAuth',
    '-trustout',
    '-out',
    'trusted.pem',
  )
  for (const data of [lab.read('root.crt'), root.der, lab.read('trusted.pem')]) {
    t.same(good(await readCertificates(data)).map((c) => c.sha256), [root.sha256])
  }
  t.match(await readCertificates(lab.read('root.key')), { problem: 'empty' })
  t.match(await readCertificates(root.der.subarray(0, 200)), { problem: 'malformed' })
  t.match(await parseCertificate(new Uint8Array(300_000)), { problem: 'limit' })
})

t.test('a certificate is read as openssl prints it', (t) => {
  t.equal(leaf.subject, 'CN=Müller,OU=\\ pad\\ ,O=A\\, B \\+ \\"C\\",C=DE')
  t.equal(leaf.issuer, 'CN=root')
  t.same(leaf.names, { dns: ['a.test'], email: ['x@y.test'], uri: ['spiffe://a/b'], ip: ['1::2'] })
  const text = new TextDecoder().decode(
    lab.openssl('x509', '-in', 'leaf.crt', '-noout', '-fingerprint', '-sha256'),
  )
  t.equal(text.trim().split('=')[1]?.replaceAll(':', '').toLowerCase(), leaf.sha256)
  const description = describeCertificate(leaf, leaf.notAfter - 86_400_000 * 1.5)
  t.match(description, {
    daysLeft: 1,
    keyType: 'EC P-256',
    keyBits: 256,
    signatureAlgorithm: 'ecdsa-with-SHA256',
    keyUsages: ['digitalSignature'],
    extendedKeyUsages: ['clientAuth'],
    serial: leaf.serial,
    isCa: false,
  })
  t.equal(describeCertificate(root, 0).isCa, true)
  t.end()
})

t.test('readCrl reads PEM and DER alike', async (t) => {
  const pem = lab.crl('root', { 'ABCDEF': 'keyCompromise', '01': 'superseded' })
  lab.openssl('crl', '-in', 'out.crl', '-outform', 'DER', '-out', 'out.der')
  const [one, two] = [await crl(pem), await crl(lab.read('out.der'))]
  t.same(one, two)
  t.match(describeCrl(one), { issuer: 'CN=root', entries: 2, number: '4096', delta: false })
  t.match(await readCrl('no CRL'), { problem: 'empty' })
  t.match(await readCrl(lab.read('out.der').subarray(0, 90)), { problem: 'malformed' })
  const damaged = lab.read('out.der')
  const serial = damaged.findIndex((byte, i) => byte === 0xab && damaged[i + 1] === 0xcd)
  damaged[serial - 3] = 4
  t.match(await readCrl(damaged), { problem: 'malformed' })
})
