import { Buffer } from 'node:buffer'
import process from 'node:process'
import t from 'tap'
import { readPkcs12 } from '../../../core/pki/bundle.ts'
import {
  certificateFromHeader,
  createTruststore,
  joinCrls,
  judge,
  readCertificates,
  readCrl,
  readCrls,
  readOcspResponse,
  readPem,
  readPrivateKey,
} from '../../../core/pki/mod.ts'
import { countOperations } from '../../support/webcrypto.ts'
import { createFuzz } from './fuzz.ts'
import { CA, crl, good, Lab, LEAF } from './lab.ts'

/** By hand more, with other seeds: `SALLYPORT_FUZZ_INPUTS=2000000 SALLYPORT_FUZZ_SEED=7`. */
const INPUTS = Number(process.env['SALLYPORT_FUZZ_INPUTS'] ?? 200_000)
const fuzz = createFuzz(Number(process.env['SALLYPORT_FUZZ_SEED'] ?? 20_260_101))
/** The signatures that one input may ask for: a chain of two, and what lists say of each. */
const BOUND = 4
t.setTimeout(300_000 + INPUTS * 2)

const lab = new Lab(t)
const root = await lab.make('root', { extensions: CA })
const inter = await lab.make('inter', {
  issuer: 'root',
  extensions: [
    ...CA,
    'nameConstraints=critical,permitted;DNS:test,permitted;email:test,excluded;IP:10.0.0.0/255.0.0.0',
    'certificatePolicies=1.2.3,1.2.4',
    'policyMappings=1.2.4:1.2.5',
    'policyConstraints=critical,inhibitPolicyMapping:3',
    'inhibitAnyPolicy=critical,2',
  ],
})
const leaf = await lab.make('leaf', {
  issuer: 'inter',
  extensions: [
    ...LEAF,
    'extendedKeyUsage=clientAuth,serverAuth',
    'subjectAltName=DNS:a.test,email:a@test,IP:127.0.0.1,URI:spiffe://a.test/x',
    'certificatePolicies=1.2.3',
    'crlDistributionPoints=URI:http://x/y',
    'authorityInfoAccess=OCSP;URI:http://x/ocsp',
  ],
})
/** After all that is made below. */
const now = Date.now() + 3_600_000

let inputs = 0
let most = 0
const checks = countOperations(t, 'verify')
const TOGETHER = 16

type Task = () => unknown

/** Runs the tasks of a part of all inputs, some at a time: what takes long is signatures, which wait for another thread. */
async function rounds(share: number, make: (i: number) => Task): Promise<void> {
  const count = Math.ceil(INPUTS * share)
  for (let i = 0; i < count; i += TOGETHER) {
    await run(Array.from({ length: Math.min(TOGETHER, count - i) }, (_, k) => make(i + k)))
  }
}

/** Counts inputs and the signatures that are checked for them. */
async function run(tasks: readonly Task[]): Promise<void> {
  inputs += tasks.length
  const before = checks.count
  await Promise.all(tasks.map((task) => task()))
  most = Math.max(most, (checks.count - before) / tasks.length)
}

t.test('judge accepts no damaged certificate', async (t) => {
  const profiles = ['compatible', 'strict', 'webpki'] as const
  const stores = await Promise.all(
    profiles.map((profile) => createTruststore({ anchors: [root], profile })),
  )
  const accepted: string[] = []
  let read = 0
  await rounds(0.5, (i) => {
    const chain = [leaf.der, inter.der]
    const at = fuzz.pick(2)
    const damaged = chain[at] = fuzz.differing(chain[at] as Uint8Array)
    const store = stores[i % stores.length] as (typeof stores)[number]
    const purpose = i % 2 === 0 ? 'client' : 'server'
    const name = purpose === 'server' ? 'a.test' : undefined
    return async () => {
      const verdict = await judge({ chain, purpose, name, depth: 2 }, store, now)
      if (verdict.ok) accepted.push(Buffer.from(damaged).toString('hex'))
      if (verdict.code !== 'malformed') read++
    }
  })
  t.same(accepted, [])
  t.ok(read > INPUTS / 40, `${read} were read`)
})

t.test('no flipped bit of a leaf is accepted', async (t) => {
  const store = await createTruststore({ anchors: [inter] })
  const flipped: number[] = []
  await rounds(leaf.der.length * 8 / 3 / INPUTS, (i) => {
    const bit = 3 * i
    const der = leaf.der.slice()
    der[bit >> 3] = (der[bit >> 3] as number) ^ (1 << (bit & 7))
    return async () => {
      const verdict = await judge({ chain: [der], purpose: 'client', depth: 0 }, store, now)
      if (verdict.ok) flipped.push(bit)
    }
  })
  t.same(flipped, [])
})

t.test('a damaged CRL says nothing', async (t) => {
  const list = lab.crl('inter', { 'AB': 'superseded', 'CD': 'keyCompromise' }, [
    'authorityKeyIdentifier=keyid',
    'issuingDistributionPoint=critical,@idp\n[idp]\nfullname=URI:http://x/y',
  ])
  lab.openssl('crl', '-in', 'out.crl', '-outform', 'DER', '-out', 'out.der')
  const der = lab.read('out.der')
  const rootList = await crl(lab.crl('root', {}))
  const chain = [leaf.der, inter.der]
  const verdictOn = async (bytes: Uint8Array) => {
    const read = await readCrl(bytes)
    if ('problem' in read) return undefined
    const store = await createTruststore({ anchors: [root], crls: [rootList, read] })
    return await judge({ chain, purpose: 'client', depth: 2 }, store, now)
  }
  t.match(await verdictOn(der), { code: 'trusted' })
  const accepted: string[] = []
  let judged = 0
  await rounds(0.06, () => {
    const damaged = fuzz.differing(der)
    return async () => {
      const verdict = await verdictOn(damaged)
      if (verdict !== undefined) judged++
      if (verdict?.ok) accepted.push(Buffer.from(damaged).toString('hex'))
    }
  })
  t.same(accepted, [])
  t.ok(judged > 0)
  const differing: string[] = []
  await rounds(0.04, () => {
    const damaged = fuzz.mutate(list)
    const size = 1 + fuzz.pick(damaged.length + 1)
    async function* parts(): AsyncGenerator<Uint8Array, void> {
      for (let at = 0; at < damaged.length; at += size) yield damaged.subarray(at, at + size)
    }
    return async () => {
      const [whole, joined] = [
        await readCrls(damaged),
        await joinCrls({ size: damaged.length, parts }),
      ]
      // Read in parts or whole, it is the same.
      const read = joined === undefined ? whole : await readCrls(joined)
      if ('problem' in whole !== 'problem' in read) {
        differing.push(new TextDecoder().decode(damaged))
      }
    }
  })
  t.same(differing, [])
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
    if ('problem' in read) return undefined
    const material = { crl: () => undefined, ocsp: () => read }
    const chain = [leaf.der, inter.der]
    return await judge({ chain, purpose: 'client', depth: 2 }, store, now, { material })
  }
  t.equal((await told(der))?.code, 'trusted')
  t.match(good(await readOcspResponse(der)), { nonce: /^[0-9a-f]+$/ })
  const accepted: string[] = []
  await rounds(0.1, () => {
    const damaged = fuzz.differing(der)
    return async () => {
      if ((await told(damaged))?.ok) accepted.push(Buffer.from(damaged).toString('hex'))
    }
  })
  t.same(accepted, [])
})

t.test('readers of keys, bundles and texts give problems, never exceptions', async (t) => {
  const files = ['-inkey', 'leaf.key', '-in', 'leaf.crt', '-passout', 'pass:x', '-out', 'x.p12']
  lab.openssl('pkcs12', '-export', '-legacy', '-iter', '1', ...files)
  const [file, pem] = [lab.read('x.p12'), lab.read('leaf.crt')]
  lab.openssl('pkcs8', '-topk8', '-nocrypt', '-in', 'leaf.key', '-outform', 'DER', '-out', 'k.der')
  const key = lab.read('k.der')
  const limits = { pkcs12Iterations: 100, pkcs12Size: 100_000 }
  await rounds(0.04, () => {
    const damaged = fuzz.differing(file)
    return () => readPkcs12(damaged, 'x', limits)
  })
  await rounds(0.1, () => {
    const damaged = fuzz.differing(key)
    return () => readPrivateKey(damaged)
  })
  await rounds(0.16, (i) => {
    const text = String.fromCharCode(...fuzz.mutate(pem))
    const readers: Task[] = [readCertificates, readPem, certificateFromHeader].map((read) => () =>
      read(text)
    )
    return readers[i % 3] as Task
  })
  t.pass('all came back')
})

t.test('there were enough inputs, and none asked for many signatures', (t) => {
  t.ok(inputs >= INPUTS, `${inputs} inputs`)
  t.ok(most > 0 && most <= BOUND, `at most ${most} of each`)
  t.end()
})
