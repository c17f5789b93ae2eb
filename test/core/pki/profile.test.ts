import { createPrivateKey, sign } from 'node:crypto'
import t from 'tap'
import { derBits, derSequence } from '../../../core/pki/der-write.ts'
import {
  type Certificate,
  parseCertificate,
  type TruststoreContent,
} from '../../../core/pki/mod.ts'
import { derBytes, type DerNode, derTree } from './der-tree.ts'
import { ask, CA, good, Lab, LEAF, type Recipe } from './lab.ts'

const lab = new Lab(t)
const root = await lab.make('root', { extensions: CA })
await lab.make('any', { issuer: 'root', extensions: LEAF })

type Profile = NonNullable<TruststoreContent['profile']>

/** Code and detail of each profile's verdict on a certificate below the root, or below another anchor. */
async function judged(
  chain: readonly Certificate[],
  profile: Profile,
  options: { anchor?: Certificate; server?: boolean } = {},
): Promise<string> {
  const { anchor = root, server = false } = options
  const purpose = server ? { purpose: 'server', name: 'a.test' } as const : {}
  const { code, detail } = await ask(chain, { anchors: [anchor], profile, ...purpose })
  return code === 'trusted' ? code : `${code}: ${detail.slice(detail.indexOf('": ') + 3)}`
}

let made = 0
function below(recipe: Recipe): Promise<Certificate> {
  const plain = recipe.subject === undefined && recipe.key === undefined
  return lab.make(`made${made++}`, {
    issuer: 'root',
    requestOf: plain ? 'any' : undefined,
    extensions: LEAF,
    ...recipe,
  })
}

/** The same certificate with another body, signed again by its issuer. */
async function redone(
  certificate: Certificate,
  issuer: string,
  change: (body: DerNode[]) => void,
): Promise<Certificate> {
  const [tbs, algorithm] = (derTree(certificate.der)?.[0]?.parts ?? []) as [DerNode, DerNode]
  change(tbs.parts as DerNode[])
  const content = derBytes([tbs])
  const key = createPrivateKey(new TextDecoder().decode(lab.read(`${issuer}.key`)))
  const signature = new Uint8Array(sign('sha256', content, key))
  const der = derSequence(content, derBytes([algorithm]), derBits(signature))
  return good(await parseCertificate(der))
}

const text = (value: string) => new TextEncoder().encode(value)

t.test('strict refuses what RFC 5280 forbids in any certificate', async (t) => {
  const [zero, negative, long] = [
    await below({ serial: '0' }),
    await below({ serial: '-5' }),
    await below({ serial: `0x${'7f'.repeat(21)}` }),
  ]
  const early = await redone(await below({}), 'root', (body) => {
    const [, until] = (body[4] as DerNode).parts as [DerNode, DerNode]
    until.tag = 0x18
    until.value = text('20491231235959Z')
  })
  const identified = await redone(await below({}), 'root', (body) => {
    body.splice(7, 0, { tag: 0x82, value: Uint8Array.of(0, 1), parts: undefined })
  })
  const nameless = await below({ subject: '/', extensions: LEAF })
  const cases: [Certificate, string][] = [
    [zero, 'its serial number is not positive'],
    [negative, 'its serial number is not positive'],
    [long, 'its serial number has more than 20 bytes'],
    [early, 'a date before 2050 is written as GeneralizedTime'],
    [identified, 'it has a unique identifier'],
    [nameless, 'it names nobody'],
  ]
  for (const [certificate, state] of cases) {
    t.equal(await judged([certificate], 'compatible'), 'trusted', state)
    t.equal(await judged([certificate], 'strict'), `malformed: ${state}`)
    t.equal(await judged([certificate], 'webpki'), `malformed: ${state}`)
  }
})

t.test('strict refuses what RFC 5280 forbids in CAs', async (t) => {
  const cases: [string, readonly string[], string][] = [
    [
      'bare',
      [...CA.slice(0, 2), 'subjectKeyIdentifier=none', CA[3] as string],
      'it is a CA without subject key identifier',
    ],
    [
      'form',
      [...CA, 'nameConstraints=critical,excluded;DNS:x..test'],
      'its name constraint "x..test" is not in form',
    ],
    [
      'length',
      ['basicConstraints=critical,CA:TRUE,pathlen:3', ...CA.slice(2)],
      'it has a path length but no key usage for signing certificates',
    ],
    [
      'mask',
      [...CA, 'policyConstraints=inhibitPolicyMapping:0'],
      'its extension 2.5.29.36 is not critical',
    ],
  ]
  for (const [name, extensions, state] of cases) {
    const ca = await lab.make(name, { issuer: 'root', extensions })
    const leaf = await lab.make(`${name}leaf`, { issuer: name, extensions: LEAF.slice(0, 2) })
    const held = await redone(leaf, name, () => {})
    t.equal(await judged([held, ca], 'compatible'), 'trusted', name)
    t.equal(await judged([held, ca], 'strict'), `malformed: ${state}`)
  }
})

t.test('basic constraints that are not critical: webpki refuses them, strict in anchors', async (t) => {
  const lax = ['basicConstraints=CA:TRUE', ...CA.slice(1)]
  const state = 'malformed: it is a CA whose basic constraints are not critical'
  const ca = await lab.make('lax', { issuer: 'root', extensions: lax })
  const leaf = await lab.make('laxleaf', { issuer: 'lax', extensions: LEAF })
  t.equal(await judged([leaf, ca], 'compatible'), 'trusted')
  t.equal(await judged([leaf, ca], 'strict'), 'trusted')
  t.equal(await judged([leaf, ca], 'webpki'), state)
  t.equal(await judged([leaf], 'strict', { anchor: ca }), state)
})

t.test('strict lets an anchor without authority key identifier be self-signed alone', async (t) => {
  const plain = [...CA.slice(0, 3), 'authorityKeyIdentifier=none']
  const cross = await lab.make('cross', { issuer: 'root', extensions: plain })
  const leaf = await lab.make('crossleaf', { issuer: 'cross', extensions: LEAF })
  t.equal(await judged([leaf], 'compatible', { anchor: cross }), 'trusted')
  t.equal(
    await judged([leaf], 'strict', { anchor: cross }),
    'malformed: another CA signed it and it has no authority key identifier',
  )
  // Signed by its own key, under another name: self-signed all the same.
  await lab.make('other', { sameKeyAs: 'cross', extensions: CA })
  const own = await lab.make('own', { issuer: 'other', requestOf: 'cross', extensions: plain })
  t.equal(own.issuer, 'CN=other')
  t.equal(await judged([leaf], 'strict', { anchor: own }), 'trusted')
})

const SERVER = ['extendedKeyUsage=serverAuth', 'subjectAltName=DNS:a.test']

t.test('webpki refuses what the Baseline Requirements forbid in servers', async (t) => {
  const [usage, names] = SERVER as [string, string]
  const cases: [string, readonly string[], string][] = [
    ['/CN=a.test', SERVER, 'trusted'],
    ['/CN=b.test', [usage, 'subjectAltName=DNS:a.test,DNS:*.b.test'], 'trusted'],
    ['/O=Acme', [usage, 'subjectAltName=DNS:a.test,IP:10.0.0.1,DNS:xn--bcher-kva.test'], 'trusted'],
    ['/', [usage, 'subjectAltName=critical,DNS:a.test'], 'trusted'],
    ['/CN=a.test', [names], 'extended-key-usage: it has no extended key usage'],
    [
      '/CN=a.test',
      [`${usage},anyExtendedKeyUsage`, names],
      'extended-key-usage: its extended key usage has anyExtendedKeyUsage',
    ],
    [
      '/CN=a.test',
      [`${usage},codeSigning`, names],
      'extended-key-usage: its extended key usage has codeSigning',
    ],
    [
      '/CN=a.test',
      ['extendedKeyUsage=critical,serverAuth', names],
      'extended-key-usage: its extended key usage is critical',
    ],
    [
      '/CN=a.test',
      [usage, 'subjectAltName=critical,DNS:a.test'],
      'malformed: its alternative names are critical although it has a subject',
    ],
    [
      '/CN=c.test',
      SERVER,
      'malformed: its common name "c.test" is not among its alternative names',
    ],
    [
      '/CN=A.test',
      SERVER,
      'malformed: its common name "A.test" is not among its alternative names',
    ],
    [
      '/CN=0x0A000001',
      [usage, 'subjectAltName=DNS:a.test,IP:10.0.0.1'],
      'malformed: its common name "0x0A000001" is not among its alternative names',
    ],
    [
      '/CN=a.test/CN=b.test',
      [usage, 'subjectAltName=DNS:a.test,DNS:b.test'],
      'malformed: it has several common names',
    ],
    [
      '/O=x',
      [usage, 'subjectAltName=DNS:a.test,DNS:*.com'],
      'malformed: its alternative name "*.com" is none of a server',
    ],
    [
      '/O=x',
      [usage, 'subjectAltName=DNS:a.test,DNS:xn--9999.test'],
      'malformed: its alternative name "xn--9999.test" is none of a server',
    ],
    [
      '/O=x',
      [usage, 'subjectAltName=DNS:a.test,DNS:ab--c.test'],
      'malformed: its alternative name "ab--c.test" is none of a server',
    ],
    [
      '/O=x',
      [usage, 'subjectAltName=DNS:a.test,email:x@a.test'],
      'malformed: its alternative name "x@a.test" is none of a server',
    ],
  ]
  for (const [subject, extensions, outcome] of cases) {
    const leaf = await below({ subject, extensions: [...LEAF, ...extensions] })
    const label = `${subject} ${extensions.join(' ')}`
    t.equal(await judged([leaf], 'webpki', { server: true }), outcome, label)
    t.equal(await judged([leaf], 'strict', { server: true }), 'trusted', label)
  }
})

t.test('webpki refuses keys, CAs and roots that the web has none of', async (t) => {
  const leaf = (key: string[]) =>
    below({ key, subject: '/CN=a.test', extensions: [...LEAF, ...SERVER] })
  const server = { server: true }
  t.equal(
    await judged([await leaf(['ed25519'])], 'webpki', server),
    'weak-key: its key is of kind Ed25519, which CAs of the web do not take',
  )
  t.equal(
    await judged([await leaf(['rsa:2052'])], 'webpki', server),
    'weak-key: its RSA key has 2052 bits, not a multiple of 8',
  )
  const roots: [string, readonly string[], string][] = [
    ['r1', CA, 'trusted'],
    [
      'r2',
      [...CA, 'extendedKeyUsage=serverAuth'],
      'extended-key-usage: it is a root with an extended key usage',
    ],
    ['r3', [CA[0] as string, ...CA.slice(2)], 'key-usage: it is a CA without key usage'],
    [
      'r4',
      [CA[0] as string, 'keyUsage=critical,keyCertSign,keyEncipherment', ...CA.slice(2)],
      'key-usage: it is a CA whose key usage allows more than signing',
    ],
    [
      'r5',
      [...CA.slice(0, 3), 'authorityKeyIdentifier=keyid:always,issuer:always'],
      'malformed: its authority key identifier names an issuer and a serial number',
    ],
  ]
  for (const [name, extensions, outcome] of roots) {
    const anchor = await lab.make(name, { extensions })
    const below = await lab.make(`${name}leaf`, {
      issuer: name,
      subject: '/CN=a.test',
      extensions: [...LEAF, ...SERVER],
    })
    t.equal(await judged([below], 'webpki', { anchor, server: true }), outcome, name)
    t.equal(await judged([below], 'strict', { anchor, server: true }), 'trusted', name)
  }
})

t.test('webpki takes name constraints that are not critical, and applies them', async (t) => {
  const ca = await lab.make('constrained', {
    issuer: 'root',
    extensions: [...CA, 'nameConstraints=permitted;DNS:a.test'],
  })
  const good = await lab.make('within', {
    issuer: 'constrained',
    subject: '/O=x',
    extensions: [...LEAF, ...SERVER],
  })
  const bad = await lab.make('without', {
    issuer: 'constrained',
    subject: '/O=x',
    extensions: [...LEAF, 'extendedKeyUsage=serverAuth', 'subjectAltName=DNS:a.test,DNS:b.test'],
  })
  t.equal(await judged([good, ca], 'webpki', { server: true }), 'trusted')
  t.match(
    await judged([good, ca], 'strict', { server: true }),
    /^malformed: its extension 2\.5\.29\.30/,
  )
  t.match(await judged([bad, ca], 'webpki', { server: true }), /^name-constraint: /)
})
