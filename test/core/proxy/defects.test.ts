/** Chains with each defect, made by openssl, shown at both doors: the code and the detail name the defect. */
import { join } from 'node:path'
import t from 'tap'
import { CA, Lab, LEAF, type Recipe } from '../pki/lab.ts'
import { head, plainClient, tlsClient } from '../../support/client.ts'
import { startGateway } from '../../support/gateway.ts'
import type { KeyPairFiles } from '../../support/pki.ts'
import { startUpstream } from '../../support/upstream.ts'

const lab = new Lab(t)
const BOTH = 'extendedKeyUsage=clientAuth,serverAuth'
const NAMED = 'subjectAltName=DNS:d.test'
const PLAIN = [...LEAF, BOTH, NAMED]
const file = (name: string) => join(lab.folder, name)
const text = (name: string) => new TextDecoder().decode(lab.read(name))

interface Defect {
  /** How the verdict and its reason begin: `code: state`. */
  readonly expected: string
  /** Names of certificates made before: the leaf, then its intermediates. */
  readonly chain: readonly string[]
}

/** A leaf below CAs, each the issuer of the next. */
async function below(
  name: string,
  cas: readonly Recipe[],
  leaf: Recipe = {},
): Promise<string[]> {
  const chain: string[] = []
  let issuer = 'root'
  for (const [i, recipe] of cas.entries()) {
    await lab.make(`${name}-ca${i}`, { issuer, extensions: CA, ...recipe })
    chain.unshift(issuer = `${name}-ca${i}`)
  }
  await lab.make(name, { issuer, extensions: PLAIN, ...leaf })
  return [name, ...chain]
}

const within = (constraint: string): Recipe => ({
  extensions: [...CA, `nameConstraints=critical,${constraint}`, '[elsewhere]', 'O=Elsewhere'],
})
const named = (...names: string[]): Recipe => ({
  extensions: [...LEAF, BOTH, [NAMED, ...names].join(',')],
})
const ca = (first: string, usage: string, ...more: string[]): Recipe => ({
  extensions: [first, usage, ...CA.slice(2), ...more],
})
const [isCa, signs] = CA as [string, string]

async function defects(): Promise<Defect[]> {
  const list: [string, string[]][] = [
    ['not-a-ca: it is no CA', await below('d1', [ca('basicConstraints=critical,CA:FALSE', signs)])],
    ['path-too-long: a CA above it', await below('d2', [ca(`${isCa},pathlen:0`, signs), {}])],
    ['depth-exceeded: it has more than 3', await below('d3', [{}, {}, {}, {}])],
    [
      'extended-key-usage: its extended key usage lacks',
      await below('d4', [], { extensions: [...LEAF, NAMED, 'extendedKeyUsage=codeSigning'] }),
    ],
    [
      'extended-key-usage: its extended key usage lacks',
      await below('d5', [ca(isCa, signs, 'extendedKeyUsage=emailProtection')]),
    ],
    [
      'key-usage: it may sign certificates but is no CA',
      await below('d6', [], {
        extensions: [LEAF[0] as string, 'keyUsage=keyCertSign,digitalSignature', BOTH, NAMED],
      }),
    ],
    ['name-constraint: its name "d.test"', await below('d7', [within('permitted;DNS:e.test')])],
    ['name-constraint: its name "d.test"', await below('d8', [within('excluded;DNS:test')])],
    [
      'name-constraint: its name "10.0.0.1"',
      await below('d9', [within('excluded;IP:10.0.0.0/255.0.0.0')], named('IP:10.0.0.1')),
    ],
    [
      'name-constraint: its name "a@b.test"',
      await below('d10', [within('permitted;email:c.test')], named('email:a@b.test')),
    ],
    [
      'name-constraint: its name "spiffe://d.test/x"',
      await below('d11', [within('permitted;URI:e.test')], named('URI:spiffe://d.test/x')),
    ],
    [
      'name-constraint: its name "CN=d12"',
      await below('d12', [within('permitted;dirName:elsewhere')]),
    ],
    [
      'unknown-critical-extension: critical extension 1.2.3.4',
      await below('d13', [ca(isCa, signs, '1.2.3.4=critical,ASN1:NULL')]),
    ],
    [
      'weak-signature: it is signed with ecdsa-with-SHA1',
      await below('d14', [], { digest: 'sha1' }),
    ],
    [
      'policy: a certificate policy is required',
      await below('d15', [ca(isCa, signs, 'policyConstraints=critical,requireExplicitPolicy:0')]),
    ],
    ['unknown-issuer: no trusted path', (await below('d16', [{}])).slice(0, 1)],
    ['bad-signature: it is not signed by', await forged('d17')],
    ['unknown-issuer: no trusted path', await alone('d18')],
  ]
  return list.map(([expected, chain]) => ({ expected, chain }))
}

/** Below a CA that has the root's name and another key. */
async function forged(name: string): Promise<string[]> {
  await lab.make('double', { subject: '/CN=root', extensions: CA })
  await lab.make(name, { issuer: 'double', extensions: PLAIN })
  return [name]
}

async function alone(name: string): Promise<string[]> {
  await lab.make(name, { extensions: PLAIN })
  return [name]
}

t.test('what is wrong with a chain is told at both doors', async (t) => {
  await lab.make('root', { extensions: CA })
  await lab.make('server', { issuer: 'root', extensions: PLAIN })
  const all = await defects()
  const fine = await below('fine', [{}, {}])
  const shown = (chain: readonly string[]) => ({
    chain: chain.map((name) => text(`${name}.crt`)).join(''),
    key: text(`${chain[0]}.key`),
  })
  const backends = await Promise.all([{ expected: '', chain: fine }, ...all].map(({ chain }) => {
    const { chain: cert, key } = shown(chain)
    return startUpstream(t, { tls: { cert, key, ciphers: 'DEFAULT@SECLEVEL=0' } })
  }))
  const routes = backends.map(({ address }, i) => `
  - match: { paths: [/${i}] }
    upstream:
      retries: 0
      endpoints: [{ address: '${address}' }]
      tls: { ca: ${file('root.crt')}, name: d.test }`)
  const gateway = await startGateway(
    t,
    `
listeners:
  - name: main
    address: 127.0.0.1:0
    tls:
      - names: [d.test]
        certificate: { cert: ${file('server.crt')}, key: ${file('server.key')} }
        clients: { mode: request, ca: ${file('root.crt')} }
  - { name: plain, address: 127.0.0.1:0 }
routes: ${routes.join('')}
  - match: { paths: [/client] }
    requireCertificate: true
    upstream: { endpoints: [{ address: '127.0.0.1:9' }] }
`,
  )
  for (const [i, { expected, chain }] of [{ expected: '', chain: fine }, ...all].entries()) {
    const [code, state] = expected.split(': ')
    const reason = new RegExp(`\\b${code}(\\):|,) Could not .*: ${state?.replace(/[.*]/g, '\\$&')}`)
    const backend = await plainClient(t, gateway.port('plain'))
    backend.send(head(`GET /${i}`, [], 'd.test'))
    const { status } = await backend.message()
    const line = await gateway.lineWhere(`/${i}`, ({ path }) => path === `/${i}`)
    t.equal(status, expected === '' ? 200 : 502, `${expected}: backend`)
    if (expected !== '') t.match(line, { code: 'UPSTREAM_CERTIFICATE_REFUSED', detail: reason })

    const before = gateway.lines.length
    const more = { ciphers: 'DEFAULT@SECLEVEL=0' }
    const certificate = { ...shown(chain) } as KeyPairFiles
    const client = await tlsClient(t, gateway.port('main'), { sni: 'd.test', certificate, more })
    client.send(head('GET /client', [], 'd.test'))
    const answer = await client.message()
    t.equal(answer.status, expected === '' ? 502 : 400, `${expected}: client`)
    const told = await gateway.lineWhere('client', (each) => gateway.lines.indexOf(each) >= before)
    if (expected !== '') t.match(told, { code: 'CERTIFICATE_UNTRUSTED', detail: reason })
  }
})
