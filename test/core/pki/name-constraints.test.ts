import t from 'tap'
import { ask, CA, Lab, LEAF } from './lab.ts'

const lab = new Lab(t)
const root = await lab.make('root', { extensions: CA })
await lab.make('anyca', { extensions: CA })
await lab.make('anyleaf', { extensions: LEAF })
let count = 0

/** The verdict's code about names under constraints, both as openssl writes them. */
async function judged(constraints: string, names: string, subject = '/CN=leaf'): Promise<string> {
  const [ca, leaf] = [`ca${++count}`, `leaf${count}`]
  const inter = await lab.make(ca, {
    issuer: 'root',
    requestOf: 'anyca',
    extensions: [...CA, `nameConstraints=critical,${constraints}`, ...DIRECTORIES],
  })
  const made = await lab.make(leaf, {
    issuer: ca,
    subject,
    requestOf: subject === '/CN=leaf' ? 'anyleaf' : undefined,
    extensions: names === '' ? LEAF : [...LEAF, `subjectAltName=${names}`, ...DIRECTORIES],
  })
  return (await ask([made, inter], { anchors: [root] })).code
}

const DIRECTORIES = ['[acme]', 'O=Acme', '[other]', 'O=Other']

const cases: [string, string, boolean][] = [
  ['permitted;DNS:a.test', 'DNS:a.test', true],
  ['permitted;DNS:a.test', 'DNS:X.A.Test', true],
  ['permitted;DNS:a.test', 'DNS:*.a.test', true],
  ['permitted;DNS:a.test', 'DNS:ba.test', false],
  ['permitted;DNS:a.test', 'IP:10.0.0.1', true],
  ['permitted;DNS:a.test', 'DNS:a.test,DNS:b.test', false],
  ['permitted;DNS:a.test,permitted;DNS:b.test', 'DNS:a.test,DNS:b.test', true],
  ['permitted;DNS:.a.test', 'DNS:x.a.test', true],
  ['permitted;DNS:.a.test', 'DNS:a.test', false],
  ['excluded;DNS:a.test', 'DNS:x.a.test', false],
  ['excluded;DNS:x.a.test', 'DNS:*.a.test', false],
  ['excluded;DNS:x.a.test', 'DNS:y.a.test', true],
  ['permitted;IP:10.0.0.0/255.0.0.0', 'IP:10.1.2.3', true],
  ['permitted;IP:10.0.0.0/255.0.0.0', 'IP:11.1.2.3', false],
  ['permitted;IP:10.0.0.0/255.0.0.0', 'IP:fe80::1', false],
  ['permitted;IP:10.0.0.0/255.0.255.0', 'IP:10.0.0.1', false],
  ['excluded;IP:fe80::/ffff::', 'IP:fe80::1', false],
  ['permitted;email:a@b.test', 'email:a@B.test', true],
  ['permitted;email:a@b.test', 'email:A@b.test', false],
  ['permitted;email:b.test', 'email:x@b.test', true],
  ['permitted;email:b.test', 'email:x@c.b.test', false],
  ['permitted;email:.b.test', 'email:x@c.b.test', true],
  ['permitted;URI:b.test', 'URI:https://b.test:8443/x', true],
  ['permitted;URI:.b.test', 'URI:spiffe://c.b.test/x', true],
  ['permitted;URI:b.test', 'URI:https://c.b.test/', false],
  ['permitted;URI:b.test', 'URI:https://10.0.0.1/', false],
  ['permitted;URI:b.test', 'URI:urn:x:y', false],
  ['excluded;otherName:1.2.3;UTF8:x', 'otherName:1.2.3;UTF8:y', false],
  ['excluded;otherName:1.2.3;UTF8:x', 'DNS:a.test', true],
]

t.test('judge holds alternative names against name constraints', async (t) => {
  for (const [constraints, names, accepted] of cases) {
    const code = await judged(constraints, names)
    t.equal(code, accepted ? 'trusted' : 'name-constraint', `${constraints} ${names}`)
  }
})

t.test('judge holds subjects against name constraints', async (t) => {
  t.equal(
    await judged('permitted;dirName:acme', '', '/O=acme/CN=x'),
    'trusted',
    'case does not count',
  )
  t.equal(await judged('permitted;dirName:acme', '', '/O=Acmes/CN=x'), 'name-constraint')
  t.equal(await judged('excluded;dirName:other', '', '/O=  Other /CN=x'), 'name-constraint')
  const mail = '/CN=x/emailAddress=a@c.test'
  t.equal(await judged('permitted;email:b.test', '', mail), 'name-constraint')
  t.equal(await judged('permitted;email:c.test', '', mail), 'trusted')
})

t.test('judge refuses name constraints on what is no CA', async (t) => {
  const leaf = await lab.make('odd', {
    issuer: 'root',
    extensions: [...LEAF, 'nameConstraints=critical,permitted;DNS:a.test'],
  })
  t.equal((await ask([leaf], { anchors: [root] })).code, 'name-constraint')
})

t.test('judge gives up on names and constraints without number', async (t) => {
  const many = (kind: string) =>
    Array.from({ length: 1100 }, (_, i) => `${kind}DNS:h${i}.test`).join(',')
  const code = await judged(many('permitted;'), many(''))
  t.equal(code, 'too-complex')
})

t.test('judge follows certificate policies', async (t) => {
  const make = (name: string, issuer: string, ...lines: string[]) =>
    lab.make(name, { issuer, extensions: [...CA, ...lines] })
  const explicit = await make(
    'p1',
    'root',
    'policyConstraints=critical,requireExplicitPolicy:0',
    'certificatePolicies=1.2.3',
  )
  const cases: [string, string[], string][] = [
    ['same', ['certificatePolicies=1.2.3'], 'trusted'],
    ['any', ['certificatePolicies=2.5.29.32.0'], 'trusted'],
    ['other', ['certificatePolicies=1.2.4'], 'policy'],
    ['none', [], 'policy'],
  ]
  for (const [name, lines, code] of cases) {
    const leaf = await lab.make(name, { issuer: 'p1', extensions: [...LEAF, ...lines] })
    t.equal((await ask([leaf, explicit], { anchors: [root] })).code, code, name)
  }
  const mapping = await make('p2', 'p1', 'certificatePolicies=1.2.3', 'policyMappings=1.2.3:1.2.9')
  for (const [policy, code] of [['1.2.9', 'trusted'], ['1.2.3', 'policy']] as const) {
    const leaf = await lab.make(`m${policy}`, {
      issuer: 'p2',
      extensions: [...LEAF, `certificatePolicies=${policy}`],
    })
    t.equal((await ask([leaf, mapping, explicit], { anchors: [root] })).code, code, policy)
  }
})
