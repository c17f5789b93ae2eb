/** The client's certificate in a header, from the outside: in every form, from whom, and where it counts for nothing. */
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { request as plainRequest } from 'node:http'
import { request } from 'node:https'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { freePort } from '../../support/free-port.ts'
import { type Answer, collect, Gateway, LISTENERS } from '../../support/gravitee.ts'
import { type KeyPairFiles, Pki } from '../../support/pki.ts'
import { missing } from '../../support/programs.ts'
import { startUpstream } from '../../support/upstream.ts'

const HEADER = 'X-Gravitee-Client-Cert'
const pki = new Pki(t)
const server = await pki.issue('server', { names: ['DNS:gw.test'], use: 'serverAuth' })
const stranger = await pki.issue('stranger', { use: 'clientAuth', key: 'RSA' })

/** One whose base64 has a `+` and a `/`, which header forms like to spoil. */
async function spoilable(): Promise<KeyPairFiles> {
  for (let at = 0; at < 20; at++) {
    const pair = await pki.issue(`client-${at}`, { use: 'clientAuth', key: 'RSA' })
    if (/\+/.test(pair.chain) && /\//.test(pair.chain)) return pair
  }
  throw new Error('No certificate has a plus and a slash')
}
const client = await spoilable()

const PRESETS = ['nginx', 'haproxy', 'envoy', 'aws-alb', 'cloudflare', 'traefik']

function listenerOf(preset: string): string {
  return `  - name: ${preset}
    address: 127.0.0.1:0
    style: gravitee
    trustedProxies: { cidrs: [127.0.0.1/32], preset: ${preset} }
`
}

writeFileSync(
  pki.path('gateway.yaml'),
  `${LISTENERS}  - name: far
    address: 127.0.0.1:0
    style: gravitee
    trustedProxies: { cidrs: [10.0.0.0/8], clientCertificateHeader: ${HEADER} }
${PRESETS.map(listenerOf).join('')}admin:
  address: 127.0.0.1:0
  dialects: { apisix: false, gcore: false, gravitee: { users: [{ name: admin, password: admin }] } }
`,
)
const upstream = await startUpstream(t)
const gateway = await new Gateway(t, pki.path('gateway.yaml')).started(
  ...['secure', 'plain', 'far', ...PRESETS],
)
const { plan } = await gateway.api('/mtls', upstream)
await gateway.subscribed(plan, client)

function ask(value: string | string[], listener = 'plain'): Promise<Answer> {
  const to = { host: '127.0.0.1', port: gateway.port(listener), path: '/mtls', agent: false }
  return collect(plainRequest as never, { ...to, headers: { [HEADER]: value } })
}

const pem = client.chain.trim()
const other = stranger.chain.trim()
const body = (text: string): string => text.replace(/-----[^-]+-----|\s/g, '')
const escape = encodeURIComponent

t.test('in every form', async (t) => {
  const forms: Record<string, string> = {
    'percent-encoded PEM': escape(pem),
    'with plus for space': escape(pem).replaceAll('%20', '+'),
    'base64 of the DER': body(pem),
    'base64 of the PEM': btoa(pem),
    'PEM with tabs': pem.replaceAll('\n', '\t'),
    'PEM with spaces': pem.replaceAll('\n', ' '),
    'PEM on one line': pem.replaceAll('\n', ''),
    "AWS's": escape(pem).replaceAll('%2B', '+').replaceAll('%2F', '/').replaceAll('%3D', '='),
    "RFC 9440's": `:${body(pem)}:`,
    'two PEMs, the first counts': escape(`${pem}\n${other}`),
    'PEM in quotes': `"${pem.replaceAll('\n', ' ')}"`,
  }
  for (const [name, value] of Object.entries(forms)) {
    t.equal((await ask(value)).status, 200, name)
  }
  const sent = upstream.requests.length
  const refused: Record<string, string | string[]> = {
    'somebody else first': escape(`${other}\n${pem}`),
    'two lines': [escape(pem), escape(pem)],
    'two lines, one empty': [escape(pem), ''],
    'nothing': '',
    'garbage': 'garbage',
    'a percent sign alone': `${escape(pem)}%`,
    'half of it': escape(pem).slice(0, 600),
    'a key': escape(client.key),
    'too long': 'A'.repeat(7000),
  }
  for (const [name, value] of Object.entries(refused)) {
    t.equal((await ask(value)).status, 401, name)
  }
  t.equal(upstream.requests.length, sent)
})

t.test('from nobody but trusted proxies', async (t) => {
  t.match(await ask(escape(pem), 'far'), { status: 401, body: 'Unauthorized' })
  const { plan: open } = await gateway.api('/open', upstream, 'KEY_LESS')
  t.ok(open)
  for (const listener of ['far', 'secure']) {
    const name = listener === 'secure' ? request : plainRequest
    const { status } = await collect(name as never, {
      ...{ host: '127.0.0.1', port: gateway.port(listener), path: '/open', agent: false },
      ...{ servername: 'gw.test', rejectUnauthorized: false },
      headers: { [HEADER]: escape(pem), 'x_gravitee_client_cert': escape(pem) },
    })
    t.equal(status, 200, listener)
    const fields = upstream.requests.at(-1)?.headers.map(([field]) => field.toLowerCase()) ?? []
    t.notOk(fields.some((field) => /client[-_]cert/.test(field)), `${listener}: removed`)
  }
})

t.test('under TLS the certificate of the handshake alone counts', async (t) => {
  const by = (pair: KeyPairFiles | undefined, value: string): Promise<Answer> =>
    gateway.get('secure', '/mtls', pair, { [HEADER]: escape(value) })
  t.equal((await by(undefined, pem)).status, 401)
  t.equal((await by(stranger, pem)).status, 401)
  t.equal((await by(client, other)).status, 200)
  t.notOk(upstream.requests.at(-1)?.header(HEADER.toLowerCase()))
})

t.test('by the presets, each in its proxy’s own form', async (t) => {
  const bare = (text: string): string =>
    escape(text).replaceAll('%2B', '+').replaceAll('%2F', '/').replaceAll('%3D', '=')
  const forms: Record<string, [string, (text: string) => string]> = {
    'nginx': ['ssl-client-cert', escape],
    'haproxy': ['x-ssl-client-der', body],
    'envoy': ['x-forwarded-client-cert', (text) => `By=spiffe://a;Hash=ab;Cert="${escape(text)}"`],
    'aws-alb': ['x-amzn-mtls-clientcert', bare],
    'cloudflare': ['cf-client-cert-der-base64', body],
    'traefik': ['x-forwarded-tls-client-cert', (text) => escape(`${body(text)},${body(other)}`)],
  }
  const by = async (preset: string, headers: Record<string, string>): Promise<number> => {
    const to = { host: '127.0.0.1', port: gateway.port(preset), path: '/mtls', agent: false }
    return (await collect(plainRequest as never, { ...to, headers })).status
  }
  for (const [preset, [name, form]] of Object.entries(forms)) {
    t.equal(await by(preset, { [name]: form(pem) }), 200, preset)
    t.equal(await by(preset, { [name]: form(other) }), 401, `${preset}: somebody else`)
    t.equal(await by(preset, { [HEADER]: escape(pem) }), 401, `${preset}: another header`)
  }
  const chain = `Cert="${escape(pem)}",Cert="${escape(other)}"`
  t.equal(await by('envoy', { 'x-forwarded-client-cert': chain }), 401, 'the nearest proxy counts')
})

t.test('behind HAProxy, by its preset', { skip: missing('haproxy') }, async (t) => {
  const port = await startHaproxy(t, gateway.port('haproxy'))
  const through = (pair?: KeyPairFiles, forged?: string): Promise<Answer> =>
    collect(request, {
      ...{ host: '127.0.0.1', port, path: '/mtls', agent: false, servername: 'gw.test' },
      ...{ rejectUnauthorized: false, ...(pair && { cert: pair.chain, key: pair.key }) },
      headers: forged === undefined ? {} : { 'X-SSL-Client-DER': forged },
    })
  t.equal((await through(client)).status, 200)
  t.equal((await through(stranger)).status, 401)
  t.equal((await through()).status, 401)
  t.equal((await through(stranger, body(pem))).status, 401, 'HAProxy takes forged ones away')
})

async function startHaproxy(t: Test, to: number): Promise<number> {
  const port = await freePort()
  const bundle = pki.path('haproxy.pem')
  writeFileSync(bundle, readFileSync(server.certFile, 'utf8') + server.key)
  const file = pki.path('haproxy.cfg')
  writeFileSync(
    file,
    `global
  maxconn 50
defaults
  mode http
  timeout connect 5s
  timeout client 5s
  timeout server 5s
frontend f
  bind 127.0.0.1:${port} ssl crt ${bundle} verify optional ca-file ${server.certFile} ca-ignore-err all crt-ignore-err all
  http-request del-header X-SSL-Client-DER
  http-request set-header X-SSL-Client-DER %[ssl_c_der,base64] if { ssl_c_used }
  default_backend b
backend b
  server s 127.0.0.1:${to}
`,
  )
  const child = spawn('/usr/sbin/haproxy', ['-f', file, '-db'], { stdio: 'ignore' })
  const ended = new Promise<void>((done) => child.on('close', () => done()))
  t.teardown(async () => {
    child.kill('SIGTERM')
    await ended
  })
  for (let tries = 0; tries < 200 && !await accepts(port); tries++) {
    await new Promise((done) => setTimeout(done, 20))
  }
  return port
}

function accepts(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ host: '127.0.0.1', port }, () => {
      socket.destroy()
      done(true)
    }).on('error', () => done(false))
  })
}
