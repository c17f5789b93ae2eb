/** Decisions over certificates that OpenSSL made, judged by `core/pki`. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { compile, decide, isVerdictCurrent, policyOf } from '../../../core/decide/mod.ts'
import type { ClientPolicy, CompileResult, Peer, Snapshot } from '../../../core/decide/mod.ts'
import { pkiTools } from '../../../core/pki-tools.ts'
import { judge, readCertificates } from '../../../core/pki/mod.ts'
import type { Certificate } from '../../../core/pki/mod.ts'
import type {
  ClientsConfig,
  Configuration,
  KeyPairConfig,
  Material,
} from '../../../core/snapshot/types.ts'
import * as scene from './scene.ts'
import { clients, head } from './scene.ts'

const folder = mkdtempSync(join(tmpdir(), 'sallyport-'))
t.teardown(() => rmSync(folder, { recursive: true }))

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
}

/** Makes `NAME.crt` and `NAME.key`, self-signed or by a CA. */
function issue(name: string, extensions: readonly string[], ca?: string): void {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
  const files = ['-keyout', `${name}.key`, '-out', `${name}.crt`]
  const signer = ca === undefined ? [] : ['-CA', `${ca}.crt`, '-CAkey', `${ca}.key`]
  const added = extensions.flatMap((each) => ['-addext', each])
  openssl(
    'req',
    '-x509',
    '-days',
    '30',
    ...key,
    ...files,
    '-subj',
    `/CN=${name}`,
    ...signer,
    ...added,
  )
}

const leaf = ['basicConstraints=critical,CA:FALSE', 'extendedKeyUsage=clientAuth']
issue('ca', ['basicConstraints=critical,CA:TRUE', 'keyUsage=critical,keyCertSign,cRLSign'])
issue('acme', leaf, 'ca')
issue('lone', leaf)
issue('stranger', leaf)
issue('gw.test', ['subjectAltName=DNS:gw.test', 'basicConstraints=critical,CA:FALSE'], 'ca')
openssl(
  ...['pkcs12', '-export', '-in', 'gw.test.crt', '-inkey', 'gw.test.key', '-out', 'gw.p12'],
  ...['-passout', 'pass:s3cr3t', '-iter', '2000'],
)
writeFileSync(
  join(folder, 'bad.crt'),
  '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n',
)

function file(name: string): Material {
  return { from: name, data: readFileSync(join(folder, name)) }
}

const pair: KeyPairConfig = {
  cert: file('gw.test.crt'),
  key: file('gw.test.key'),
  passphrase: undefined,
}

function build(policy: ClientsConfig, certificate: KeyPairConfig = pair): Promise<CompileResult> {
  const own = (name: string) => ({ cert: file(`${name}.crt`), from: undefined, until: undefined })
  const base = scene.configuration({
    listeners: [scene.listener({
      tls: [
        {
          names: ['gw.test'],
          certificates: [certificate],
          clients: policy,
          minVersion: 'TLSv1.2',
          http2: true,
          skipClientCertificate: [],
        },
      ],
    })],
    apis: [scene.api('orders', ['mtls'])],
    routes: [scene.route('closed', { paths: ['/closed'] }, { requireCertificate: true })],
    applications: ['acme', 'lone'].map((name) =>
      scene.application(name, {
        certificates: [own(name)],
        subscriptions: [scene.subscription('orders', 'mtls')],
      })
    ),
  })
  const limits = { ...base.limits, pkcs12Iterations: 100_000, pkcs12Size: 100_000 }
  const configuration: Configuration = { ...base, limits }
  return compile(configuration, scene.options({ pki: pkiTools, now: Date.now() }))
}

async function built(...parts: Parameters<typeof build>): Promise<Snapshot> {
  const { snapshot, problems } = await build(...parts)
  if (snapshot === undefined) throw new Error(JSON.stringify(problems))
  return snapshot
}

/** The peer that presents `NAME.crt`, judged as the gateway does after a handshake. */
async function presenting(snapshot: Snapshot, name: string): Promise<Peer> {
  const bare = scene.peer(snapshot, { sni: 'gw.test' })
  const policy = policyOf(scene.mainOf(snapshot), bare) as ClientPolicy
  const truststore = policy.truststore as NonNullable<ClientPolicy['truststore']>
  const [certificate] = await readCertificates(file(`${name}.crt`).data) as Certificate[]
  const chain = [(certificate as Certificate).der]
  const presentation = { chain, purpose: 'client', depth: policy.depth } as const
  const verdict = await judge(presentation, truststore, Date.now())
  const fingerprint = (certificate as Certificate).sha256
  return { ...bare, certificate: { fingerprint, verdict, truststore: truststore.id } }
}

async function answer(snapshot: Snapshot, path: string, name: string): Promise<string> {
  const who = await presenting(snapshot, name)
  const found = decide(
    snapshot,
    scene.mainOf(snapshot),
    head(`GET gw.test${path}`),
    who,
    Date.now(),
  )
  if (found.kind === 'refuse') return found.refusal.code
  return found.kind === 'forward' ? found.grant?.application ?? 'forward' : found.kind
}

t.test('a CA for some, their own certificates for others', async (t) => {
  const snapshot = await built(
    clients({ mode: 'request', ca: [file('ca.crt')], applications: true }),
  )
  t.equal(await answer(snapshot, '/orders/1', 'acme'), 'acme')
  t.equal(await answer(snapshot, '/orders/1', 'lone'), 'lone')
  t.equal(await answer(snapshot, '/orders/1', 'stranger'), 'CERTIFICATE_UNKNOWN')
  t.equal(await answer(snapshot, '/closed', 'lone'), 'forward')
  t.equal(await answer(snapshot, '/closed', 'stranger'), 'CERTIFICATE_UNKNOWN')
})

t.test('a CA alone', async (t) => {
  const snapshot = await built(clients({ mode: 'request', ca: [file('ca.crt')] }))
  t.equal(await answer(snapshot, '/orders/1', 'acme'), 'acme')
  t.equal(await answer(snapshot, '/closed', 'acme'), 'forward')
  t.equal(await answer(snapshot, '/orders/1', 'lone'), 'CERTIFICATE_UNTRUSTED')
})

t.test('a leaf among the anchors', async (t) => {
  const snapshot = await built(clients({ mode: 'request', ca: [file('lone.crt')] }))
  t.equal(await answer(snapshot, '/closed', 'lone'), 'forward')
  t.equal(await answer(snapshot, '/closed', 'acme'), 'CERTIFICATE_UNTRUSTED')
})

t.test('a verdict lapses with its certificate', async (t) => {
  const snapshot = await built(clients({ mode: 'request', ca: [file('ca.crt')] }))
  const who = await presenting(snapshot, 'acme')
  const listener = scene.mainOf(snapshot)
  const later = (who.certificate?.verdict.certificate?.notAfter ?? 0) + 1000
  const found = decide(snapshot, listener, head('GET gw.test/orders/1'), who, later)
  t.match(found, { kind: 'refuse', refusal: { code: 'CERTIFICATE_EXPIRED' } })
  const policy = policyOf(listener, who) as ClientPolicy
  t.equal(isVerdictCurrent(who.certificate as never, policy, later), false)
})

t.test('key pairs: PEM and PKCS#12 give one certificate, wrong ones say what is wrong', async (t) => {
  const p12 = (passphrase: string): KeyPairConfig => ({ pkcs12: file('gw.p12'), passphrase })
  const plain = scene.mainOf(await built(clients())).names.select('gw.test')
  const packed = scene.mainOf(await built(clients(), p12('s3cr3t'))).names.select('gw.test')
  t.equal(packed?.certificates[0]?.sha256, plain?.certificates[0]?.sha256)
  t.match(packed?.profile.credentials[0]?.key, /^-----BEGIN PRIVATE KEY-----\n/)
  const first = async (certificate: KeyPairConfig): Promise<unknown> =>
    (await build(clients(), certificate)).problems[0]
  const at = { severity: 'error', path: ['listeners', 0, 'tls', 0, 'certificate'] }
  t.match(await first(p12('wrong')), { ...at, message: /^Could not use PKCS#12 "gw\.p12": / })
  t.match(await first({ ...pair, key: file('acme.key') }), {
    ...at,
    message:
      /^Could not use certificate "gw\.test\.crt" with key "acme\.key": it belongs to another$/,
  })
  t.match(await first({ ...pair, cert: file('bad.crt') }), {
    ...at,
    message: /^Could not use certificate "bad\.crt" with key "gw\.test\.key": /,
  })
})
