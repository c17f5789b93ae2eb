import t from 'tap'
import { readPkcs12 } from '../../../core/pki/bundle.ts'
import { issueCertificate, makeAuthority, makePkcs12 } from '../../../core/pki/issue.ts'
import { keyFits } from '../../../core/pki/mod.ts'
import { ask, certificates, good, Lab } from './lab.ts'

const lab = new Lab(t)
const now = Date.now()

for (const keyType of ['ec', 'rsa'] as const) {
  t.test(`makeAuthority and issueCertificate make what openssl and judge take: ${keyType}`, async (t) => {
    const authority = good(await makeAuthority({ subject: 'CN=Trial CA,O=Acme', now, keyType }))
    const names = ['a.test', '*.b.test', '10.0.0.1', 'fe80::1', 'x@y.test', 'spiffe://a/b']
    const request = { authority, subject: 'CN=client', now, names, keyType, days: 30 }
    const issued = good(await issueCertificate(request))
    lab.write('ca.crt', authority.certificate)
    lab.write('leaf.crt', issued.certificate)
    lab.openssl('verify', '-x509_strict', '-purpose', 'sslclient', '-CAfile', 'ca.crt', 'leaf.crt')
    const [anchor] = await certificates(authority.certificate)
    const [leaf] = await certificates(issued.certificate)
    if (anchor === undefined || leaf === undefined) throw new Error('Nothing was made')
    t.equal(anchor.subject, 'CN=Trial CA,O=Acme')
    t.equal(leaf.notAfter, Math.floor(now / 1000) * 1000 + 30 * 86_400_000)
    t.same(leaf.names.ip, ['10.0.0.1', 'fe80::1'])
    t.ok(await keyFits(leaf, issued.key))
    for (const purpose of ['client', 'server'] as const) {
      const name = purpose === 'server' ? { name: 'x.b.test' } : {}
      const verdict = await ask([leaf], { anchors: [anchor], profile: 'strict', purpose, ...name })
      t.equal(verdict.code, 'trusted')
    }
    const client = good(await issueCertificate({ ...request, purpose: 'client' }))
    const verdict = await ask(await certificates(client.certificate), {
      anchors: [anchor],
      purpose: 'server',
    })
    t.equal(verdict.code, 'extended-key-usage')
  })
}

t.test('makePkcs12 makes what openssl and readPkcs12 open', async (t) => {
  const authority = good(await makeAuthority({ subject: 'CN=CA', now }))
  const issued = good(await issueCertificate({ authority, subject: 'CN=x', now }))
  const content = { chain: issued.certificate, key: issued.key, passphrase: 'gehéim' }
  const file = good(await makePkcs12(content))
  lab.write('x.p12', file)
  const text = new TextDecoder().decode(
    lab.openssl('pkcs12', '-in', 'x.p12', '-passin', 'pass:gehéim', '-nodes'),
  )
  t.match(text, /BEGIN CERTIFICATE/)
  t.match(text, /BEGIN PRIVATE KEY/)
  const pair = good(
    await readPkcs12(file, 'gehéim', { pkcs12Iterations: 100_000, pkcs12Size: 10_000 }),
  )
  t.equal(pair.key, issued.key)
})

t.test('what cannot be made is a problem', async (t) => {
  const authority = good(await makeAuthority({ subject: 'CN=CA', now }))
  for (const subject of ['no subject', 'CN=', 'CN=a,b', 'FOO=x']) {
    t.match(await makeAuthority({ subject, now }), { problem: 'malformed' }, subject)
  }
  t.match(await makeAuthority({ subject: 'CN=x', now, days: -1 }), { problem: 'malformed' })
  const broken = { certificate: 'x', key: 'y' }
  t.match(await issueCertificate({ authority: broken, subject: 'CN=x', now }), {
    problem: 'malformed',
  })
  t.match(await makePkcs12({ chain: '', key: authority.key, passphrase: '' }), { problem: 'empty' })
})
