/** The Admin API listens on loopback unless told otherwise, and never gives back a private key or a PKCS#12 payload. */
import { readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { serveAdmin } from '../../runtimes/cli/admin-listener.ts'
import { ADMIN } from '../../runtimes/cli/service.ts'
import { readConfigurationObject } from '../../core/snapshot/mod.ts'
import { startGateway, type TestGateway } from '../support/gateway.ts'
import { entry, makeCertificates } from '../core/proxy/tls-scene.ts'

const ROUTES = 'routes: [{ upstream: { endpoints: [{ address: "127.0.0.1:9" }] } }]'

t.test('the admin listener is on loopback unless told otherwise', async (t) => {
  const document = {
    listeners: [{ address: '127.0.0.1:0' }],
    routes: [{ upstream: { endpoints: [{ address: '127.0.0.1:9' }] } }],
  }
  const { configuration } = await readConfigurationObject({ ...document, admin: {} })
  t.same(configuration?.admin?.address, { host: '127.0.0.1', port: 9180 })
  const wide = await readConfigurationObject({ ...document, admin: { address: '0.0.0.0:9180' } })
  t.match(wide.problems, [{ severity: 'warning', message: /no loopback address/ }])
  const none = await readConfigurationObject(document)
  t.equal(none.configuration?.admin, undefined, 'and none is opened that nobody asked for')
})

t.test('the admin listener never gives back a private key', async (t) => {
  const { server, ca } = await makeCertificates(t)
  const listener = entry(['test.com'], server, `mode: request, ca: ${ca.certFile}`)
  const gateway = await startGateway(
    t,
    `listeners: [{ name: main, address: 127.0.0.1:0, tls: [${listener}] }]
admin: { address: 127.0.0.1:0 }
${ROUTES}`,
  )
  serveAdmin(gateway.service)
  const { port } = gateway.service.localAddress(ADMIN) ?? { port: 0 }
  const secret = server.key.split('\n')[1] ?? 'none'
  for (const path of ['/certificates', '/metrics', '/readyz', '/healthz', '/', '/nothing']) {
    const text = await (await fetch(`http://127.0.0.1:${port}${path}`)).text()
    t.notMatch(text, /PRIVATE KEY/, `${path} holds no key`)
    t.notOk(text.includes(secret), `${path} holds no piece of the key`)
  }
})

/** A gateway whose three APIs have no configured key, with what they were told. */
async function keyless(t: Test): Promise<{ gateway: TestGateway; base: string; keys: Keys }> {
  const gateway = await startGateway(
    t,
    `listeners: [{ name: main, address: 127.0.0.1:0 }]\nadmin: { address: 127.0.0.1:0 }\n`,
  )
  serveAdmin(gateway.service)
  const { port } = gateway.service.localAddress(ADMIN) ?? { port: 0 }
  const base = `http://127.0.0.1:${port}`
  const keys = new Map<string, string>()
  // Keys are made as the gateway starts; asking waits for that.
  for (const path of Object.values(LISTS)) await (await fetch(base + path)).text()
  for (const { message, fields } of gateway.told) {
    if (!/credential was made/.test(message)) continue
    keys.set(String(fields['name']), String(fields['secret']))
  }
  return { gateway, base, keys }
}

type Keys = ReadonlyMap<string, string>

/** A path of each API that lists something. */
const LISTS = {
  'apisix-admin-key': '/apisix/admin/ssls',
  'gravitee': '/management/v2/environments/DEFAULT/apis',
  'gcore': '/cloud/v1/secrets/1/1',
} as const

function authorize(name: string, key: string): Record<string, string> {
  if (name === 'apisix-admin-key') return { 'X-API-KEY': key }
  return { Authorization: name === 'gcore' ? `APIKey ${key}` : `Basic ${btoa(`admin:${key}`)}` }
}

t.test('the APIs have no built-in key: the first start makes one for each and tells it once', async (t) => {
  const { gateway, base, keys } = await keyless(t)
  const other = await keyless(t)
  t.same([...keys.keys()].sort(), Object.keys(LISTS).sort())
  for (const [name, path] of Object.entries(LISTS)) {
    const key = keys.get(name) ?? ''
    const ask = async (headers: Record<string, string>): Promise<number> => {
      const response = await fetch(base + path, { headers })
      await response.arrayBuffer()
      return response.status
    }
    t.ok(key.length >= 20, `${name}: long enough not to be guessed`)
    t.not(other.keys.get(name), key, `${name}: another one for another gateway`)
    t.equal(await ask({}), 401, `${name}: nobody gets in without`)
    t.equal(await ask(authorize(name, `${key}x`)), 401, `${name}: nor with another`)
    t.equal(await ask(authorize(name, key)), 200, `${name}: it lets in`)
    const known = ['edd1c9f034335f136f87ad84b625c8f1', 'admin', '']
    for (const each of known) {
      t.equal(await ask(authorize(name, each)), 401, `${name}: not "${each}"`)
    }
    const told = gateway.told.filter((line) => JSON.stringify(line).includes(key))
    t.equal(told.length, 1, `${name}: told once`)
  }
})

t.test('the APIs never give back a private key or a PKCS#12 payload', async (t) => {
  const { base, keys } = await keyless(t)
  const { server } = await makeCertificates(t)
  const cert = readFileSync(server.certFile, 'utf8')
  const secret = server.key.split('\n')[1] ?? 'none'
  const payload = btoa(`${cert}${server.key}`)
  const answers: string[] = []
  const ask = async (name: string, method: string, path: string, body?: object): Promise<void> => {
    const response = await fetch(base + path, {
      method,
      headers: { ...authorize(name, keys.get(name) ?? ''), 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    t.ok(response.ok, `${method} ${path}: ${response.status} ${response.ok ? '' : text}`)
    answers.push(text)
  }
  const pair = { cert, key: server.key }
  await ask('apisix-admin-key', 'PUT', '/apisix/admin/ssls/1', { sni: 'test.com', ...pair })
  await ask('apisix-admin-key', 'PATCH', '/apisix/admin/ssls/1', { status: 1 })
  await ask('apisix-admin-key', 'GET', '/apisix/admin/ssls/1')
  await ask('apisix-admin-key', 'GET', '/apisix/admin/ssls')
  const upstream = {
    nodes: { '127.0.0.1:1': 1 },
    scheme: 'https',
    tls: { client_cert: cert, client_key: server.key },
  }
  await ask('apisix-admin-key', 'PUT', '/apisix/admin/upstreams/1', upstream)
  await ask('apisix-admin-key', 'GET', '/apisix/admin/upstreams/1')
  await ask('apisix-admin-key', 'GET', '/apisix/admin/upstreams')
  await ask('gcore', 'POST', '/cloud/v1/secrets/1/1', {
    name: 'pair',
    secret_type: 'certificate',
    payload,
    payload_content_type: 'application/octet-stream',
    payload_content_encoding: 'base64',
  })
  await ask('gcore', 'GET', '/cloud/v1/secrets/1/1')
  await ask('gcore', 'GET', '/cloud/v1/tasks')
  for (const [at, text] of answers.entries()) {
    t.notMatch(text, /PRIVATE KEY/, `answer ${at} holds no key`)
    for (const piece of [secret, payload, payload.slice(200, 260)]) {
      t.notOk(text.includes(piece), `answer ${at} holds no piece of one`)
    }
  }
})
