/** The steps of the operator's guide to mTLS plans, with its resources as files of a folder. */
import { mkdirSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { Gateway } from '../../support/gravitee.ts'
import { Pki } from '../../support/pki.ts'
import { startUpstream } from '../../support/upstream.ts'

const pki = new Pki(t)
const client = await pki.issue('client', { use: 'clientAuth', key: 'RSA' })
const other = await pki.issue('other', { use: 'clientAuth' })

t.test('a folder of resources', async (t) => {
  const upstream = await startUpstream(t)
  mkdirSync(pki.path('k8s'))
  const write = (name: string, text: string): void =>
    writeFileSync(pki.path(`k8s/${name}`), `apiVersion: gravitee.io/v1alpha1\n${text}`)
  write('management-context.yml', 'kind: ManagementContext\nmetadata: { name: dev-ctx }\n')
  writeFileSync(pki.path('k8s/README.md'), '# No resource')
  writeFileSync(
    pki.path('k8s/client-auth.yml'),
    `apiVersion: v1
kind: Secret
type: kubernetes.io/tls
metadata: { name: client-auth }
data: { tls.crt: ${btoa(client.chain)}, tls.key: ${btoa('secret')} }
`,
  )
  const apiText = (name: string, plan: string): string =>
    `kind: ApiV4Definition
metadata: { name: ${name} }
spec:
  definitionContext: { syncFrom: MANAGEMENT }
  contextRef: { name: dev-ctx }
  name: ${name}
  version: "1"
  type: PROXY
  description: A demo API
  listeners:
    - { type: HTTP, paths: [{ path: /${name} }], entrypoints: [{ type: http-proxy, qos: AUTO }] }
  endpointGroups:
    - name: Default HTTP proxy group
      type: http-proxy
      endpoints:
        - name: Default HTTP proxy
          type: http-proxy
          configuration: { target: "http://${upstream.address}/echo" }
          inheritConfiguration: false
          secondary: false
  analytics: { enabled: true }
  plans: { ${plan}: { name: p, security: { type: ${plan} } } }
`
  write('api.yml', apiText('mtls-demo', 'MTLS'))
  write(
    'application.yml',
    `kind: Application
metadata: { name: echo-client }
spec:
  contextRef: { name: dev-ctx }
  name: echo-client
  description: echo API client
  settings: { app: { type: WEB }, tls: { clientCertificate: '[[ secret \`client-auth/tls.crt\` ]]' } }
`,
  )
  write(
    'subscription.yml',
    `kind: Subscription
metadata: { name: echo-client-subscription }
spec: { api: { name: mtls-demo }, application: { name: echo-client }, plan: MTLS }
`,
  )
  const file = pki.path('gravitee.yml')
  writeFileSync(
    file,
    `servers:
  - { type: http, id: http, port: 0, host: 127.0.0.1 }
  - id: secure
    type: http
    port: 0
    host: 127.0.0.1
    secured: true
    ssl: { clientAuth: request, keystore: { type: self-signed } }
management: { http: { port: 0 } }
resources: [k8s]
`,
  )
  const gateway = await new Gateway(t, file).started('http', 'secure')
  t.match(await gateway.get('secure', '/mtls-demo'), { status: 401, body: 'Unauthorized' })
  t.equal((await gateway.get('secure', '/mtls-demo', client)).status, 200)
  t.match(upstream.requests.at(-1)?.start, /^GET \/echo /)
  t.equal((await gateway.get('secure', '/mtls-demo', other)).status, 401)
  t.equal((await gateway.get('http', '/mtls-demo')).status, 401)
  write('later.yml', apiText('later', 'KEY_LESS'))
  let status = 404
  for (let tries = 0; tries < 200 && status !== 200; tries++) {
    await new Promise((done) => setTimeout(done, 50))
    status = (await gateway.get('http', '/later')).status
  }
  t.equal(status, 200, 'a file that came')
  t.equal((await gateway.get('secure', '/mtls-demo', client)).status, 200)
  await gateway.program.stop()
})
