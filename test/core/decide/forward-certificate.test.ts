import { Buffer } from 'node:buffer'
import t from 'tap'
import { compileForward } from '../../../core/decide/forward-certificate.ts'
import { safeName, safeSubject } from '../../../core/decide/safe-text.ts'
import type { Certificate } from '../../../core/pki/types.ts'
import { certificate } from './scene.ts'

function named(subject: string, names: Partial<Certificate['names']> = {}): Certificate {
  const base = certificate('acme')
  return { ...base, subject, names: { dns: [], ip: [], email: [], uri: [], ...names } }
}

t.test('client-cert: a byte sequence of structured fields (RFC 9440)', (t) => {
  const der = Uint8Array.from({ length: 300 }, (_, index) => index & 0xff)
  const forward = compileForward({ form: 'client-cert' })
  const added = forward.headers({ ...certificate('acme'), der })
  t.same(added, ['Client-Cert', `:${Buffer.from(der).toString('base64')}:`])
  t.same(forward.names, ['client-cert'])
  t.end()
})

t.test("xfcc: Envoy's elements", (t) => {
  const forward = compileForward({ form: 'xfcc' })
  const leaf = named('CN=acme,O=Acme\\, Inc.', {
    uri: ['spiffe://acme/orders', 'urn:a=b'],
    dns: ['acme.test', 'www.acme.test'],
  })
  t.same(forward.headers(leaf), [
    'X-Forwarded-Client-Cert',
    `Hash=${leaf.sha256};Subject="CN=acme,O=Acme\\2C Inc.";URI=spiffe://acme/orders;URI="urn:a=b";` +
    'DNS=acme.test;DNS=www.acme.test',
  ])
  t.same(forward.names, ['x-forwarded-client-cert'])
  t.end()
})

t.test('headers: those that are named, and only those', (t) => {
  const forward = compileForward({
    form: 'headers',
    fingerprint: 'X_Hash',
    subject: undefined,
    sans: 'X-Names',
  })
  const leaf = named('CN=acme', { dns: ['a.test'], uri: ['urn:x,y'], ip: ['::1'], email: ['a@b'] })
  t.same(forward.names, ['x-hash', 'x-names'])
  t.same(forward.headers(leaf), [
    'X_Hash',
    leaf.sha256,
    'X-Names',
    'DNS:a.test,URI:urn:x%2Cy,IP:::1,EMAIL:a@b',
  ])
  t.end()
})

t.test('values are made once per certificate', (t) => {
  const forward = compileForward({ form: 'xfcc' })
  const leaf = certificate('acme')
  t.equal(forward.headers(leaf), forward.headers(leaf))
  t.end()
})

t.test('Nothing from outside reaches a header unescaped', (t) => {
  const hostile = [
    'CN=a\r\nX-Admin: yes',
    'CN=a\\0D\\0AX-Admin: yes',
    'CN=a";Hash=0;Subject="CN=root',
    'CN=a\\";Hash=0;Subject=\\"CN=root',
    'CN=a\\\\',
    'CN=a\\',
    'CN=\u0000\u2028\ud800é漢',
  ]
  for (const text of hostile) {
    const subject = safeSubject(text)
    t.match(subject, /^[\x20-\x7e]*$/)
    t.notMatch(subject, /"/, 'no quote ends the value early')
    t.notMatch(subject.replace(/\\[0-9A-F]{2}/gi, ''), /\\/, 'every backslash starts an octet')
    const leaf = named(text, { dns: [text], uri: [text], email: [text], ip: [text] })
    const headers = [
      ...compileForward({ form: 'xfcc' }).headers(leaf),
      ...compileForward({ form: 'headers', fingerprint: undefined, subject: 's', sans: 'n' })
        .headers(leaf),
    ]
    t.ok(headers.every((value) => /^[\x20-\x7e]*$/.test(value)))
    t.equal((headers[1] as string).match(/Hash=/g)?.length, text.includes('Hash') ? 4 : 1)
    t.equal((headers[1] as string).split('"').length % 2, 1, 'quotes come in pairs')
  }
  t.end()
})

t.test('safeSubject keeps what a name means (RFC 4514 section 2.4)', (t) => {
  t.equal(safeSubject('CN=Hans\\, Jr.+OU=x y'), 'CN=Hans\\2C Jr.+OU=x y')
  t.equal(safeSubject('CN=é'), 'CN=\\C3\\A9')
  t.equal(safeSubject('CN=a\\0Db'), 'CN=a\\0Db')
  t.equal(safeSubject('CN=\\#a\\ '), 'CN=\\23a\\20')
  t.equal(safeSubject('CN=a\\\\b'), 'CN=a\\5Cb')
  t.end()
})

t.test('safeName percent-encodes what is neither printable nor safe', (t) => {
  t.equal(safeName('*.a-b_c.test'), '*.a-b_c.test')
  t.equal(safeName('a b"c\\d\n'), 'a%20b%22c%5Cd%0A')
  t.equal(safeName('é'), '%C3%A9')
  t.end()
})
