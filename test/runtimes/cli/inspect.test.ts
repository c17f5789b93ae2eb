import { readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import type { Host } from '../../../runtimes/cli/mod.ts'
import { command, type Ended, testHost } from '../../support/command.ts'
import { Pki } from '../../support/pki.ts'

const pki = new Pki(t)
const root = await pki.authority('root')
const middle = await pki.authority('middle', root)
const names = ['DNS:test.com', 'DNS:*.test.com', 'IP:127.0.0.1', 'URI:spiffe://a/b', 'email:a@b.c']
const leaf = await pki.issue('leaf', { ca: middle, names, use: 'clientAuth', days: 10 })
const chained = write('chain.pem', leaf.chain + middle.chain)

function write(name: string, content: string | Uint8Array): string {
  writeFileSync(pki.path(name), content)
  return pki.path(name)
}

const inspect = (args: readonly string[], parts: Partial<Host> = {}): Promise<Ended> =>
  command(['inspect', ...args], parts)

t.test('a certificate', async (t) => {
  const { code, out, err } = await inspect([leaf.certFile])
  t.equal(code, 0)
  t.equal(err, '')
  for (
    const expected of [
      /subject +CN=leaf/,
      /issuer +CN=middle/,
      /names +DNS test\.com, DNS \*\.test\.com, IP 127\.0\.0\.1, email a@b\.c, URI spiffe:\/\/a\/b/,
      /valid .* 9 days left/,
      /key +EC P-256/,
      /signature +ecdsa-with-SHA256/,
      /CA +no/,
      /key usages +digitalSignature/,
      /extended +clientAuth/,
      /serial +[0-9a-f]+/,
      /version +3/,
      new RegExp(`SHA-256 +${leaf.fingerprint}`),
      /issued in the end by "CN=middle", which is not among the files/,
    ]
  ) t.match(out, expected)
})

t.test('for programs', async (t) => {
  const { code, out } = await inspect([chained, root.certFile, '--key', leaf.keyFile, '--json'])
  t.equal(code, 0)
  const report = JSON.parse(out)
  t.match(report, {
    ok: true,
    problems: [],
    keys: [{ type: 'EC P-256', fits: [`${chained}, certificate 1`] }],
    files: [
      {
        file: chained,
        format: 'PEM',
        chain: { order: 'in order', complete: true },
        items: [
          { kind: 'certificate', subject: 'CN=leaf', sha256: leaf.fingerprint, daysLeft: 9 },
          { kind: 'certificate', subject: 'CN=middle', isCa: true },
        ],
      },
      { chain: { order: 'single', complete: true } },
      { items: [{ kind: 'private-key' }] },
    ],
  })
  t.notMatch(out, 'BEGIN')
})

t.test('chains', async (t) => {
  const swapped = write('swapped.pem', middle.chain + leaf.chain)
  const gap = write('gap.pem', leaf.chain + root.chain)
  for (const file of [swapped, gap]) {
    const { code, out } = await inspect([file])
    t.equal(code, 1)
    t.match(out, /WRONG .*out of order: certificate 2/)
  }
  const other = await pki.authority('other')
  const second = await pki.issue('second', { ca: root, use: 'clientAuth' })
  const sets = {
    'anchors.pem': other.chain + root.chain,
    'among them one that another issued.pem': root.chain + middle.chain + other.chain,
    'leaves.pem': leaf.chain + second.chain,
  }
  for (const [name, content] of Object.entries(sets)) {
    const { code, out } = await inspect([write(name, content)])
    t.equal(code, 0)
    t.match(out, 'certificates that do not build on one another')
  }
  const ordered = await inspect([chained])
  t.match(ordered.out, 'the chain is in order; issued in the end by "CN=root"')
})

t.test('keys', async (t) => {
  const fits = await inspect([leaf.certFile, '--key', leaf.keyFile])
  t.equal(fits.code, 0)
  t.match(fits.out, `EC P-256, fits ${leaf.certFile}`)
  const wrong = await inspect([leaf.certFile, '--key', root.keyFile])
  t.equal(wrong.code, 1)
  t.match(wrong.out, /WRONG .*root\.key, private key: it fits none of the certificates/)
  await pki.openssl('genrsa', '-out', 'rsa.key', '2048')
  t.match((await inspect([pki.path('rsa.key')])).out, 'private key: RSA 2048')
  await pki.openssl('genpkey', '-algorithm', 'ed25519', '-out', 'ed.key')
  t.match((await inspect([pki.path('ed.key')])).out, 'private key: Ed25519')
})

t.test('passphrases', async (t) => {
  const encrypt = ['-aes256', '-passout', 'pass:secret', '-out', 'encrypted.key']
  await pki.openssl('pkey', '-in', leaf.keyFile, ...encrypt)
  const files = [leaf.certFile, '--key', pki.path('encrypted.key')]
  const without = await inspect(files)
  t.equal(without.code, 1)
  t.match(without.out, 'encrypted and no passphrase is given (see --passphrase')
  const passphrase = write('passphrase', 'secret\n')
  const env = (name: string) => name === 'PASS' ? 'secret' : undefined
  const ways = [
    ['--passphrase', 'secret'],
    ['--passphrase-file', passphrase],
    ['--passphrase-env', 'PASS'],
  ]
  for (const flags of ways) {
    const { code, out } = await inspect([...files, ...flags], { env })
    t.equal(code, 0, flags.join(' '))
    t.match(out, 'EC P-256, fits')
  }
  t.match(await inspect([...files, '--passphrase-env', 'NONE'], { env }), {
    code: 2,
    err: /variable "NONE": it is not set/,
  })
  const both = ['--passphrase', 'secret', '--passphrase-env', 'PASS']
  t.match(await inspect([...files, ...both], { env }), { code: 2, err: /more than one/ })
})

t.test('PKCS#12', async (t) => {
  for (const legacy of [false, true]) {
    const file = await pki.pkcs12('leaf.p12', leaf, { passphrase: 'secret', legacy })
    const { code, out } = await inspect([file, '--passphrase', 'secret'])
    t.equal(code, 0)
    t.match(out, /leaf\.p12 \(PKCS#12, 1 of 2\): certificate/)
    t.match(out, `private key: EC P-256, fits ${file}`)
    const wrong = await inspect([file, '--passphrase', 'wrong'])
    t.equal(wrong.code, 1)
    t.match(wrong.out, 'the passphrase is wrong')
  }
})

t.test('DER by its content', async (t) => {
  const cert = await inspect([write('leaf.bin', leaf.der)])
  t.match(cert.out, /\(DER\): certificate/)
  await pki.openssl('pkey', '-in', leaf.keyFile, '-outform', 'DER', '-out', 'key.bin')
  t.match((await inspect([pki.path('key.bin')])).out, 'private key: EC P-256')
  const cut = await inspect([write('cut.bin', leaf.der.subarray(0, 200))])
  t.equal(cut.code, 1)
  t.match(cut.out, /WRONG .*Could not read certificate/)
})

t.test('CRLs', async (t) => {
  const config = '[ca]\ndefault_ca = own\n[own]\ndatabase = index\ncrlnumber = number\n' +
    'default_md = sha256\n'
  write('crl.cnf', config)
  write('index', '')
  write('number', '07\n')
  const gencrl = ['ca', '-config', 'crl.cnf', '-gencrl', '-keyfile', root.keyFile]
  const dates = ['-crl_lastupdate', '20200101000000Z', '-crl_nextupdate']
  const by = ['-cert', root.certFile, '-out']
  await pki.openssl(...gencrl, ...dates, '20990101000000Z', ...by, 'good.crl')
  await pki.openssl(...gencrl, ...dates, '20210101000000Z', ...by, 'stale.crl')
  await pki.openssl('crl', '-in', 'good.crl', '-outform', 'DER', '-out', 'good.bin')
  for (const name of ['good.crl', 'good.bin']) {
    const { code, out } = await inspect([pki.path(name)])
    t.equal(code, 0)
    t.match(out, /issuer +CN=root\n +this update +2020-01-01T00:00:00Z\n +next update +2099-/)
    t.match(out, /entries +0/)
    t.match(out, /number +7/)
  }
  const stale = await inspect([pki.path('stale.crl')])
  t.equal(stale.code, 1)
  t.match(stale.out, 'the CRL is stale: the next one was due 2021-01-01T00:00:00Z')
})

t.test('dates', async (t) => {
  const { clock } = testHost([])
  const later = { ...clock, now: () => clock.now() + 11 * 86_400_000 }
  const expired = await inspect([leaf.certFile], { clock: later })
  t.equal(expired.code, 1)
  t.match(expired.out, /expired 1 day ago/)
  t.match(expired.out, /WRONG .*it expired at/)
  const early = await inspect([leaf.certFile], { clock: { ...clock, now: () => 0 } })
  t.equal(early.code, 1)
  t.match(early.out, /it is not valid before/)
})

t.test('standard input', async (t) => {
  const readStdin = () => Promise.resolve(new Uint8Array(readFileSync(chained)))
  const { code, out } = await inspect(['-'], { readStdin })
  t.equal(code, 0)
  t.match(out, 'standard input (PEM, 1 of 2): certificate')
  t.match(await inspect(['-', '-']), { code: 2, err: /can be read once/ })
})

t.test('what cannot be read', async (t) => {
  const { code, out } = await inspect([pki.path('none'), leaf.certFile, write('text', 'hello')])
  t.equal(code, 1)
  t.match(out, /WRONG .*none: .*ENOENT/)
  t.match(out, /WRONG .*text: .*neither PEM nor DER/)
  t.match(out, /subject +CN=leaf/)
  t.match(await inspect([]), { code: 2, err: /name at least one file/ })
})

t.test('what comes from outside does not reach the terminal as it is', async (t) => {
  const subject = '/CN=\u001b[31mred'
  const { certFile } = await pki.issue('red', { ca: root, subject })
  const { out } = await inspect([certFile])
  t.notOk(out.includes('\u001b'))
})
