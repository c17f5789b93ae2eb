/** What gravitee.yml says of TLS, on a running gateway. */
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { Gateway } from '../../support/gravitee.ts'
import { type KeyPairFiles, Pki } from '../../support/pki.ts'
import { startUpstream } from '../../support/upstream.ts'

const pki = new Pki(t)
const ca = await pki.authority('One CA')
const other = await pki.authority('Other CA')
await pki.issue('server', { names: ['DNS:gw.test'], use: 'serverAuth' })
const ours = await pki.issue('ours', { ca, use: 'clientAuth' })
const revoked = await pki.issue('revoked', { ca, use: 'clientAuth' })
const theirs = await pki.issue('theirs', { ca: other, use: 'clientAuth' })
const alone = await pki.issue('alone', { use: 'clientAuth' })
const registered = await pki.issue('registered', { use: 'clientAuth' })

t.test('a folder of authorities and a folder of CRLs, whose files count as they come', async (t) => {
  mkdirSync(pki.path('trust'))
  mkdirSync(pki.path('crls'))
  copyFileSync(ca.certFile, pki.path('trust/one.pem'))
  const file = pki.path('gravitee.yml')
  writeFileSync(
    file,
    `servers:
  - id: secure
    type: http
    port: 0
    host: 127.0.0.1
    secured: true
    ssl:
      clientAuth: REQUIRED
      keystore: { type: pem, certificates: [{ cert: "\${gravitee.home}/server.crt", key: "\${gravitee.home}/server.key" }] }
      truststore: { type: pem-folder, path: trust }
      crl: { path: crls }
management: { http: { port: 0 } }
security:
  providers: [{ type: memory, users: [{ username: admin, password: admin, roles: ADMIN }] }]
`,
  )
  const env = { GRAVITEE_HOME: pki.path('.') }
  const gateway = await new Gateway(t, file, env).started('secure')
  const upstream = await startUpstream(t)
  await gateway.api('/open', upstream, 'KEY_LESS')
  const { plan } = await gateway.api('/closed', upstream)
  await gateway.subscribed(plan, registered)
  const ask = async (path: string, client?: KeyPairFiles): Promise<number | 'failed'> =>
    await gateway.get('secure', path, client).then(({ status }) => status, () => 'failed')
  const until = async (wanted: number | 'failed', client: KeyPairFiles): Promise<boolean> => {
    for (let tries = 0; tries < 200; tries++) {
      if (await ask('/open', client) === wanted) return true
      await new Promise((done) => setTimeout(done, 50))
    }
    return false
  }
  t.equal(await ask('/open', ours), 200)
  t.equal(await ask('/closed', ours), 401, 'trusted, and no subscriber')
  t.equal(await ask('/closed', registered), 200, 'a subscriber needs no authority')
  for (const stranger of [undefined, alone, theirs]) {
    t.equal(await ask('/open', stranger), 'failed', 'stopped in the handshake')
  }
  copyFileSync(other.certFile, pki.path('trust/two.pem'))
  t.ok(await until(200, theirs), 'an authority that came')
  t.equal(await ask('/open', revoked), 200)
  await pki.crl('one.crl', ca, { revoked: [revoked] })
  copyFileSync(pki.path('one.crl'), pki.path('crls/one.crl'))
  t.ok(await until('failed', revoked), 'a CRL that came')
  t.equal(await ask('/open', ours), 200)
  await gateway.program.stop()
})

t.test('who is revoked is so in a header, too', async (t) => {
  mkdirSync(pki.path('header'))
  await pki.crl('two.crl', ca, { revoked: [revoked] })
  const file = pki.path('header/gravitee.yml')
  writeFileSync(
    file,
    `http:
  port: 0
  host: 127.0.0.1
  ssl:
    clientAuthHeader: { name: X-Gravitee-Client-Cert }
    crl: { path: ../two.crl }
management: { http: { port: 0 } }
security:
  providers: [{ type: memory, users: [{ username: admin, password: admin, roles: ADMIN }] }]
`,
  )
  const gateway = await new Gateway(t, file).started('http')
  const { plan } = await gateway.api('/closed', await startUpstream(t))
  await gateway.subscribed(plan, ours, revoked, alone)
  const ask = async ({ chain }: KeyPairFiles): Promise<number> => {
    const header = { 'X-Gravitee-Client-Cert': encodeURIComponent(chain) }
    return (await gateway.get('http', '/closed', undefined, header)).status
  }
  t.equal(await ask(ours), 200)
  t.equal(await ask(alone), 200, 'no CRL is about it')
  t.equal(await ask(revoked), 401)
  await gateway.program.stop()
})
