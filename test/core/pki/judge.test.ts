import t from 'tap'
import { createTruststore, judge } from '../../../core/pki/mod.ts'
import { ask, CA, certificates, Lab, LEAF } from './lab.ts'

const DAY = 86_400_000
const lab = new Lab(t)
const root = await lab.make('root', { extensions: CA, days: 3650 })
const inter = await lab.make('inter', {
  issuer: 'root',
  extensions: ['basicConstraints=critical,CA:TRUE,pathlen:0', ...CA.slice(1)],
  days: 1000,
})
const leaf = await lab.make('leaf', {
  issuer: 'inter',
  extensions: [...LEAF, 'subjectAltName=DNS:a.test,DNS:*.b.test,IP:127.0.0.1,IP:::1'],
})

t.test('judge accepts a chain in any order, with strangers in it, and with its root', async (t) => {
  const stranger = await lab.make('stranger', { extensions: CA })
  for (const chain of [[leaf, inter], [leaf, inter, root], [leaf, stranger, root, inter]]) {
    const verdict = await ask(chain, { anchors: [root] })
    t.equal(verdict.code, 'trusted')
    t.same(verdict.path.map((c) => c.subject), ['CN=leaf', 'CN=inter', 'CN=root'])
    t.equal(verdict.certificate?.sha256, leaf.sha256)
    t.equal(verdict.validFrom, leaf.notBefore)
    t.equal(verdict.validUntil, leaf.notAfter + 1000)
  }
})

t.test('judge trusts an intermediate that is an anchor, and the very certificate', async (t) => {
  t.equal((await ask([leaf], { anchors: [inter] })).code, 'trusted')
  const own = await ask([leaf], { anchors: [leaf] })
  t.equal(own.code, 'trusted')
  t.equal(own.path.length, 1)
})

t.test('judge refuses strangers', async (t) => {
  t.equal((await ask([leaf], { anchors: [root] })).code, 'unknown-issuer')
  t.equal((await ask([leaf, inter], { anchors: [] })).code, 'unknown-issuer')
  const double = await lab.make('double', { subject: '/CN=root', extensions: CA })
  t.equal((await ask([leaf, inter], { anchors: [double] })).code, 'bad-signature')
  t.equal((await ask([leaf, inter], { anchors: [double, root] })).code, 'trusted')
})

t.test('judge says from when and until when a verdict holds', async (t) => {
  const early = await ask([leaf, inter], { anchors: [root], now: leaf.notBefore - 1 })
  t.equal(early.code, 'not-yet-valid')
  t.equal(early.validUntil, leaf.notBefore)
  const last = await ask([leaf, inter], { anchors: [root], now: leaf.notAfter + 999 })
  t.equal(last.code, 'trusted', 'the second of notAfter counts')
  const late = await ask([leaf, inter], { anchors: [root], now: leaf.notAfter + 1000 })
  t.equal(late.code, 'expired')
  t.match(late.detail, /^Could not accept certificate "CN=leaf": it expired at \d{4}-/)
  t.ok(late.validUntil > leaf.notAfter + 800 * DAY)
  const issuer = await ask([leaf, inter], { anchors: [root], now: inter.notAfter + DAY })
  t.equal(issuer.code, 'expired')
})

t.test('judge bounds the number of intermediates', async (t) => {
  t.equal((await ask([leaf, inter], { anchors: [root], depth: 1 })).code, 'trusted')
  t.equal((await ask([leaf, inter], { anchors: [root], depth: 0 })).code, 'depth-exceeded')
  const sub = await lab.make('sub', { issuer: 'inter', extensions: CA })
  const below = await lab.make('below', { issuer: 'sub', extensions: LEAF })
  t.equal((await ask([below, sub, inter], { anchors: [root] })).code, 'path-too-long')
})

t.test('judge takes X.509 v1 leaves and anchors, but no v1 intermediate', async (t) => {
  const rsa = ['rsa:2048']
  const ca = await lab.make('v1ca', { key: rsa })
  const client = await lab.make('v1client', { issuer: 'v1ca', key: rsa })
  t.equal(client.version, 1)
  t.equal((await ask([client], { anchors: [ca] })).code, 'trusted')
  const v1 = await lab.make('v1inter', { issuer: 'root' })
  const under = await lab.make('under', { issuer: 'v1inter', extensions: LEAF.slice(0, 2) })
  t.equal((await ask([under, v1], { anchors: [root] })).code, 'not-a-ca')
})

t.test('judge refuses issuers that may not issue', async (t) => {
  const noCa = await lab.make('noca', { issuer: 'root', extensions: LEAF })
  const child = await lab.make('child', { issuer: 'noca', extensions: LEAF })
  t.equal((await ask([child, noCa], { anchors: [root] })).code, 'not-a-ca')
  const noSign = await lab.make('nosign', {
    issuer: 'root',
    extensions: [CA[0] as string, 'keyUsage=critical,cRLSign', ...CA.slice(2)],
  })
  const signed = await lab.make('signed', { issuer: 'nosign', extensions: LEAF })
  t.equal((await ask([signed, noSign], { anchors: [root] })).code, 'key-usage')
})

t.test('judge asks for the usages of TLS', async (t) => {
  const make = (name: string, ...lines: string[]) =>
    lab.make(name, { issuer: 'root', extensions: ['basicConstraints=CA:FALSE', ...lines] })
  const server = await make('server', 'extendedKeyUsage=serverAuth', 'subjectAltName=DNS:s.test')
  t.equal((await ask([server], { anchors: [root] })).code, 'extended-key-usage')
  t.equal(
    (await ask([server], { anchors: [root], purpose: 'server', name: 's.test' })).code,
    'trusted',
  )
  const any = await make('any', 'extendedKeyUsage=anyExtendedKeyUsage')
  t.equal((await ask([any], { anchors: [root] })).code, 'trusted')
  const sealing = await make('sealing', 'keyUsage=keyEncipherment')
  t.equal((await ask([sealing], { anchors: [root] })).code, 'key-usage')
  const signing = await make('signing', 'keyUsage=keyCertSign,digitalSignature')
  t.equal((await ask([signing], { anchors: [root] })).code, 'key-usage')
  const mail = await lab.make('mailca', {
    issuer: 'root',
    extensions: [...CA, 'extendedKeyUsage=emailProtection'],
  })
  const mailed = await lab.make('mailed', { issuer: 'mailca', extensions: LEAF })
  t.equal((await ask([mailed, mail], { anchors: [root] })).code, 'extended-key-usage')
})

t.test('judge compares names after RFC 9525', async (t) => {
  const names: [string, boolean][] = [
    ['a.test', true],
    ['A.TEST.', true],
    ['x.b.test', true],
    ['b.test', false],
    ['y.x.b.test', false],
    ['127.0.0.1', true],
    ['::1', true],
    ['[0:0::1]', true],
    ['127.0.0.2', false],
    ['*.b.test', false],
    ['', false],
  ]
  for (const [name, fits] of names) {
    const verdict = await ask([leaf, inter], { anchors: [root], purpose: 'server', name })
    t.equal(verdict.code, fits ? 'trusted' : 'name-mismatch', JSON.stringify(name))
  }
  const plain = await lab.make('a.test', { issuer: 'root', extensions: LEAF })
  const verdict = await ask([plain], { anchors: [root], purpose: 'server', name: 'a.test' })
  t.equal(verdict.code, 'name-mismatch', 'the common name does not count')
})

t.test('judge refuses weak keys and signatures', async (t) => {
  const short = await lab.make('short', { issuer: 'root', extensions: LEAF, key: ['rsa:1024'] })
  t.equal((await ask([short], { anchors: [root] })).code, 'weak-key')
  t.equal((await ask([short], { anchors: [root], minRsaBits: 1024 })).code, 'trusted')
  const sha1 = await lab.make('sha1', { issuer: 'root', extensions: LEAF, digest: 'sha1' })
  t.equal((await ask([sha1], { anchors: [root] })).code, 'weak-signature')
  const curve = ['ec', '-pkeyopt', 'ec_paramgen_curve:secp256k1']
  const odd = await lab.make('odd', { issuer: 'root', extensions: LEAF, key: curve })
  t.equal((await ask([odd], { anchors: [root] })).code, 'weak-key')
})

t.test('judge verifies every algorithm that it takes', async (t) => {
  const pss = ['-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:32']
  const kinds: [string, readonly string[], string, readonly string[]][] = [
    ['p384', ['ec', '-pkeyopt', 'ec_paramgen_curve:P-384'], 'sha256', []],
    ['p521', ['ec', '-pkeyopt', 'ec_paramgen_curve:P-521'], 'sha512', []],
    ['rsa', ['rsa:2048'], 'sha384', []],
    ['pss', ['rsa:2048'], 'sha256', pss],
    ['ed25519', ['ed25519'], 'sha256', []],
  ]
  for (const [name, key, digest, sign] of kinds) {
    const extensions = CA
    const ca = name === 'ed25519'
      ? await edAuthority(extensions)
      : await lab.make(`${name}ca`, { extensions, key, digest })
    const recipe = { issuer: `${name}ca`, extensions: LEAF, digest, sign }
    const made = name === 'ed25519' ? await edLeaf() : await lab.make(`${name}leaf`, recipe)
    t.equal((await ask([made], { anchors: [ca] })).code, 'trusted', name)
  }
})

async function edAuthority(extensions: readonly string[]) {
  lab.write('ed.cnf', `[req]\ndistinguished_name=d\n[d]\n[e]\n${extensions.join('\n')}\n`)
  const args = ['-subj', '/CN=ed25519ca', '-keyout', 'ed25519ca.key', '-out', 'ed25519ca.crt']
  lab.openssl(
    'req',
    '-x509',
    '-newkey',
    'ed25519',
    '-nodes',
    '-config',
    'ed.cnf',
    '-extensions',
    'e',
    ...args,
  )
  return (await certificates(lab.read('ed25519ca.crt')))[0] as typeof root
}

async function edLeaf() {
  lab.openssl(
    'req',
    '-new',
    '-newkey',
    'ed25519',
    '-nodes',
    '-keyout',
    'edl.key',
    '-subj',
    '/CN=edl',
    '-out',
    'edl.csr',
  )
  const signer = ['-CA', 'ed25519ca.crt', '-CAkey', 'ed25519ca.key', '-set_serial', '77']
  lab.openssl('x509', '-req', '-in', 'edl.csr', ...signer, '-out', 'edl.crt')
  return (await certificates(lab.read('edl.crt')))[0] as typeof root
}

t.test('judge finds its way among cross-signed and like-named authorities', async (t) => {
  const other = await lab.make('other', { extensions: CA })
  const crossed = await lab.make('crossed', {
    subject: '/CN=inter',
    issuer: 'other',
    extensions: CA,
    sameKeyAs: 'inter',
  })
  for (const anchors of [[root], [other], [other, root]]) {
    t.equal((await ask([leaf, crossed, inter], { anchors })).code, 'trusted')
  }
  const late = await ask([leaf, crossed, inter], { anchors: [root, other], now: leaf.notAfter })
  t.equal(late.code, 'trusted')
})

t.test('judge refuses unknown critical extensions and leaves other unknown ones alone', async (t) => {
  const oid = '1.3.6.1.4.1.55555.1=ASN1:NULL'
  const loose = await lab.make('loose', { issuer: 'root', extensions: [...LEAF, oid] })
  t.equal((await ask([loose], { anchors: [root] })).code, 'trusted')
  const strange = await lab.make('strange', {
    issuer: 'root',
    extensions: [...LEAF, oid.replace('=', '=critical,')],
  })
  t.equal((await ask([strange], { anchors: [root] })).code, 'unknown-critical-extension')
})

t.test('judge accepts any leaf on its own merits where the truststore says so', async (t) => {
  const acceptsAnyLeaf = true
  t.equal((await ask([leaf], { acceptsAnyLeaf })).code, 'trusted')
  t.equal((await ask([leaf], { acceptsAnyLeaf, now: leaf.notAfter + 5000 })).code, 'expired')
  const short = await lab.make('short2', { extensions: LEAF, key: ['rsa:1024'] })
  t.equal((await ask([short], { acceptsAnyLeaf })).code, 'weak-key')
  const server = await lab.make('onlyserver', {
    extensions: [...LEAF, 'extendedKeyUsage=serverAuth'],
  })
  t.equal((await ask([server], { acceptsAnyLeaf })).code, 'extended-key-usage')
})

t.test('judge refuses in the strict profile what RFC 5280 forbids issuers', async (t) => {
  const bare = await lab.make('bare', {
    issuer: 'root',
    extensions: ['subjectAltName=DNS:my_host.test'],
  })
  t.equal((await ask([bare], { anchors: [root] })).code, 'trusted')
  t.equal((await ask([bare], { anchors: [root], profile: 'strict' })).code, 'malformed')
  t.equal((await ask([leaf, inter], { anchors: [root], profile: 'strict' })).code, 'trusted')
})

t.test('judge never throws', async (t) => {
  const store = await createTruststore({ anchors: [root] })
  const ask = (chain: Uint8Array[]) =>
    judge({ chain, purpose: 'client', depth: 1 }, store, Date.now())
  t.equal((await ask([])).code, 'malformed')
  t.equal((await ask([new Uint8Array(0)])).code, 'malformed')
  t.equal((await ask([new Uint8Array([0x30, 0x80, 0, 0])])).code, 'malformed')
  t.equal((await ask(new Array<Uint8Array>(200).fill(leaf.der))).code, 'too-complex')
  t.equal((await ask([leaf.der, new Uint8Array([1]), inter.der])).code, 'trusted')
})
