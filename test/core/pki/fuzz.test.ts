import { Buffer } from 'node:buffer'
import process from 'node:process'
import t from 'tap'
import { readPkcs12 } from '../../../core/pki/bundle.ts'
import {
  certificateFromHeader,
  createTruststore,
  judge,
  readCrl,
  readOcspResponse,
  readPem,
} from '../../../core/pki/mod.ts'
import { reshape } from './der-tree.ts'
import { ask, CA, crl, good, Lab, LEAF } from './lab.ts'

const lab = new Lab(t)
const root = await lab.make('root', { extensions: CA })
const constraints = 'nameConstraints=critical,permitted;DNS:test'
const inter = await lab.make('inter', { issuer: 'root', extensions: [...CA, constraints] })
const leaf = await lab.make('leaf', {
  issuer: 'inter',
  extensions: [
    ...LEAF,
    'subjectAltName=DNS:a.test',
    'certificatePolicies=1.2.3',
    'crlDistributionPoints=URI:http://x/y',
    'authorityInfoAccess=OCSP;URI:http://x/ocsp',
  ],
})

/** Mulberry32: the same numbers in each run. */
function random(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

/** By hand: 200,000 and more, with other seeds. */
const ROUNDS = Number(process.env['SALLYPORT_FUZZ_ROUNDS'] ?? 1500)
const SEED = Number(process.env['SALLYPORT_FUZZ_SEED'] ?? 20_260_101)
const next = random(SEED)
const pick = (n: number) => Math.floor(next() * n)

/** Flips, cuts, doubles or overwrites some bytes. */
function mutate(bytes: Uint8Array): Uint8Array {
  const out = bytes.slice()
  const at = pick(out.length)
  switch (pick(5)) {
    case 0:
      return out.subarray(0, at)
    case 1:
      return new Uint8Array([...out.subarray(0, at), ...out.subarray(pick(out.length))])
    case 2:
      out.fill(pick(256), at, at + pick(8))
      return out
    default:
      out[at] = (out[at] as number) ^ (1 << pick(8))
      return out
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}

t.test('judge accepts no damaged certificate and throws at none', async (t) => {
  const store = await createTruststore({ anchors: [root] })
  const now = Date.now() + 2000
  let accepted = 0
  let slowest = 0
  for (let i = 0; i < 1500; i++) {
    const chain = [leaf.der, inter.der]
    const at = pick(2)
    const original = chain[at] as Uint8Array
    chain[at] = mutate(original)
    if (same(chain[at], original)) continue
    const start = performance.now()
    const verdict = await judge({ chain, purpose: 'client', depth: 2 }, store, now)
    slowest = Math.max(slowest, performance.now() - start)
    if (verdict.ok) accepted++
  }
  t.equal(accepted, 0)
  t.comment(`slowest: ${slowest.toFixed(1)} ms`)
})

t.test('judge accepts no reshaped certificate, and none costs much', async (t) => {
  const store = await createTruststore({ anchors: [root] })
  const now = Date.now() + 2000
  /** The process's own time: the machine may be busy with something else. */
  const cost = async (chain: Uint8Array[]) => {
    const start = process.cpuUsage()
    const verdict = await judge({ chain, purpose: 'client', depth: 2 }, store, now)
    const { user, system } = process.cpuUsage(start)
    return { verdict, ms: (user + system) / 1000 }
  }
  const accepted: string[] = []
  let slowest = 0
  let read = 0
  for (let i = 0; i < ROUNDS; i++) {
    const chain = [leaf.der, inter.der]
    const at = pick(2)
    const original = chain[at] as Uint8Array
    let shaped: Uint8Array = original
    for (let times = pick(3); times >= 0; times--) {
      shaped = pick(6) === 0 ? mutate(shaped) : reshape(shaped, pick)
    }
    if (same(shaped, original)) continue
    chain[at] = shaped
    const { verdict, ms } = await cost(chain)
    if (verdict.ok) accepted.push(Buffer.from(shaped).toString('hex'))
    if (verdict.code !== 'malformed') read++
    // Garbage may have been collected meanwhile.
    if (ms > 50) {
      slowest = Math.max(slowest, Math.min(ms, (await cost(chain)).ms, (await cost(chain)).ms))
    }
  }
  t.same(accepted, [])
  t.ok(slowest < 50, `slowest: ${slowest.toFixed(1)} ms`)
  t.ok(read > ROUNDS / 20, `${read} of ${ROUNDS} were read`)
})

t.test('no flipped bit of a leaf is accepted', async (t) => {
  const store = await createTruststore({ anchors: [inter] })
  const flipped: number[] = []
  for (let bit = 0; bit < leaf.der.length * 8; bit += 3) {
    const der = leaf.der.slice()
    der[bit >> 3] = (der[bit >> 3] as number) ^ (1 << (bit & 7))
    const verdict = await judge(
      { chain: [der], purpose: 'client', depth: 0 },
      store,
      Date.now() + 2000,
    )
    if (verdict.ok) flipped.push(bit)
  }
  t.same(flipped, [])
})

t.test('readers give problems, never exceptions', async (t) => {
  const list = await lab.crl('inter', { 'AB': 'superseded', 'CD': 'keyCompromise' })
  lab.openssl('crl', '-in', 'out.crl', '-outform', 'DER', '-out', 'out.der')
  const der = lab.read('out.der')
  const args = [
    '-inkey',
    'leaf.key',
    '-in',
    'leaf.crt',
    '-iter',
    '1',
    '-passout',
    'pass:x',
    '-out',
    'x.p12',
  ]
  lab.openssl('pkcs12', '-export', '-legacy', ...args)
  const file = lab.read('x.p12')
  const limits = { pkcs12Iterations: 100, pkcs12Size: 100_000 }
  const pem = new TextDecoder().decode(list)
  for (let i = 0; i < 300; i++) {
    await readCrl(mutate(der))
    await readCrl(mutate(list))
    await readPkcs12(mutate(file), 'x', limits)
    const text = String.fromCharCode(...mutate(new TextEncoder().encode(pem)))
    readPem(text)
    certificateFromHeader(text)
  }
  t.pass('all came back')
})

t.test('a CRL with a flipped bit says nothing', async (t) => {
  lab.crl('inter', {})
  lab.openssl('crl', '-in', 'out.crl', '-outform', 'DER', '-out', 'out.der')
  const der = lab.read('out.der')
  const rootList = await crl(lab.crl('root', {}))
  let accepted = 0
  for (let i = 0; i < 150; i++) {
    const damaged = der.slice()
    const at = pick(der.length)
    damaged[at] = (damaged[at] as number) ^ (1 << pick(8))
    const read = await readCrl(damaged)
    if ('problem' in read) continue
    const verdict = await ask([leaf, inter], { anchors: [root], crls: [rootList, read] })
    if (verdict.ok) accepted++
  }
  t.equal(accepted, 0)
})

t.test('a damaged OCSP response says nothing', async (t) => {
  lab.write('index.txt', `V\t491231235959Z\t\t${leaf.serial.toUpperCase()}\tunknown\t/CN=leaf\n`)
  lab.write('index.txt.attr', 'unique_subject = no\n')
  lab.openssl('ocsp', '-issuer', 'inter.crt', '-cert', 'leaf.crt', '-reqout', 'request.der')
  const signer = ['-CA', 'inter.crt', '-rsigner', 'inter.crt', '-rkey', 'inter.key']
  const files = ['-reqin', 'request.der', '-respout', 'response.der']
  lab.openssl('ocsp', '-index', 'index.txt', ...signer, '-ndays', '9', '-resp_no_certs', ...files)
  const der = lab.read('response.der')
  const online = { crlFetch: 'off', ocsp: 'hard', ocspNonce: false, fetchFrom: [] } as const
  const store = await createTruststore({ anchors: [root], crlDepth: 'leaf', online })
  const told = async (bytes: Uint8Array) => {
    const read = await readOcspResponse(bytes)
    const material = { crl: () => undefined, ocsp: () => 'problem' in read ? undefined : read }
    const chain = [leaf.der, inter.der]
    const now = Date.now() + 2000
    return await judge({ chain, purpose: 'client', depth: 2 }, store, now, { material })
  }
  t.equal((await told(der)).code, 'trusted')
  t.match(good(await readOcspResponse(der)), { nonce: /^[0-9a-f]+$/ })
  let accepted = 0
  for (let i = 0; i < 400; i++) {
    const damaged = mutate(der)
    if (!same(damaged, der) && (await told(damaged)).ok) accepted++
  }
  t.equal(accepted, 0)
})
