/** The worker of docs/embedding.md in a real serverless runtime, workerd. */
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import t from 'tap'
import { certificateToHeader } from '../../../core/mod.ts'
import { Pki } from '../../support/pki.ts'
import { bundle, folder, serve, writeExample } from './examples.ts'
import { codeOf, json, upstream } from './scene.ts'

const program = (createRequire(import.meta.url)('workerd') as { readonly default: string }).default

const pki = new Pki(t)
const ca = await pki.authority('ca')
const issuing = await pki.authority('issuing', ca)
const acme = await pki.issue('acme', { ca: issuing, use: 'clientAuth' })
const other = await pki.issue('other', { ca: issuing, use: 'clientAuth' })
const stranger = await pki.issue('stranger', { use: 'clientAuth' })
const expired = await pki.dated('expired', {
  ca,
  from: '20200101000000Z',
  until: '20200201000000Z',
})

/** Makes the example tell, at `/code`, how often it tried to make code of text. */
const WATCHING = `
import './watch.ts'
import worker from './worker.ts'
export default {
  fetch(request, env) {
    return new URL(request.url).pathname === '/code'
      ? new Response(String(globalThis.codeMade))
      : worker.fetch(request, env)
  },
}
`
const WATCH = `
globalThis.codeMade = 0
const count = () => { globalThis.codeMade++; throw new EvalError('No code is made here') }
globalThis.eval = count
globalThis.Function = new Proxy(Function, { construct: count, apply: count })
`

/** workerd's configuration; what the platform found in TLS comes in the header \`CF-Blob\`. */
function configuration(bindings: Readonly<Record<string, string>>): string {
  const texts = Object.entries(bindings).map(([name, text]) =>
    `(name = "${name}", text = ${JSON.stringify(text)})`
  )
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = (
      modules = [(name = "main", esModule = embed "main.mjs")],
      bindings = [${texts.join(', ')}],
      compatibilityDate = "2025-01-01",
    )),
    (name = "internet", network = (allow = ["private"])),
  ],
  sockets = [
    (name = "http", address = "127.0.0.1:0", http = (cfBlobHeader = "CF-Blob"), service = "main"),
  ],
);`
}

const made = folder(t)
const backend = await upstream(t, (request, response) => {
  if (request.url === '/orders/moved') response.writeHead(307, { Location: '/' }).end()
  else if (request.url !== '/orders/silent') request.pipe(response)
})
writeExample('worker.ts', backend.address, made)
writeFileSync(join(made, 'watch.ts'), WATCH)
writeFileSync(join(made, 'main.ts'), WATCHING)
const meta = join(made, 'meta.json')
const bundled = bundle(join(made, 'main.ts'), `--metafile=${meta}`)
writeFileSync(
  join(made, 'config.capnp'),
  configuration({ CLIENTS_CA: ca.chain, ACME_CERT: acme.chain }),
)
const { port } = await serve(t, [program, 'serve', join(made, 'config.capnp'), '--control-fd=1'])

interface Shown {
  readonly der: Uint8Array
}

/** Asks as the platform would have it after a handshake with this certificate. */
function ask(path: string, shown?: Shown, init: RequestInit = {}): Promise<Response> {
  const tlsClientAuth = shown === undefined ? {} : {
    certPresented: '1',
    certRFC9440: certificateToHeader(shown.der),
    certChainRFC9440: certificateToHeader(issuing.der),
  }
  const headers = {
    ...json.headers,
    'CF-Connecting-IP': '203.0.113.7',
    'CF-Blob': JSON.stringify({ tlsClientAuth }),
  }
  return fetch(`http://127.0.0.1:${port}${path}`, { redirect: 'manual', ...init, headers })
}

t.test('first requests that come together are all answered', async (t) => {
  const all = await Promise.all(Array.from({ length: 6 }, () => ask('/orders/1', acme)))
  for (const response of all) {
    t.equal(response.status, 200)
    await response.text()
  }
})

t.test('an application is let in, and its body streams both ways', async (t) => {
  const response = await ask('/orders/1', acme, { method: 'POST', body: 'there and back' })
  t.equal(response.status, 200)
  t.equal(await response.text(), 'there and back')
  const got = backend.requests.at(-1)
  t.equal(got?.url, '/orders/1')
  t.equal(got?.headers['x-forwarded-for'], '203.0.113.7')
  t.equal(got?.headers['x-forwarded-host'], `127.0.0.1:${port}`)
})

t.test('all others are refused', async (t) => {
  const seen = backend.requests.length
  t.equal(await codeOf(await ask('/orders/1')), '401 CERTIFICATE_MISSING')
  t.equal(await codeOf(await ask('/orders/1', other)), '401 CERTIFICATE_UNKNOWN')
  t.equal(await codeOf(await ask('/orders/1', stranger)), '401 CERTIFICATE_UNTRUSTED')
  t.equal(await codeOf(await ask('/orders/1', expired)), '401 CERTIFICATE_EXPIRED')
  t.equal(
    await codeOf(await ask('/orders/1', { der: new Uint8Array([1]) })),
    '401 CERTIFICATE_MALFORMED',
  )
  t.equal(await codeOf(await ask('/else', acme)), '404 ROUTE_NOT_FOUND')
  t.equal(backend.requests.length, seen)
})

t.test('redirections are passed on', async (t) => {
  const response = await ask('/orders/moved', acme)
  t.equal(response.status, 307)
  t.equal(response.headers.get('location'), '/')
  await response.text()
})

t.test('an upstream that stays silent is given up', async (t) => {
  t.equal(await codeOf(await ask('/orders/silent', acme)), '504 UPSTREAM_TIMEOUT')
})

t.test('no code is made of text', async (t) => {
  t.equal(await (await ask('/code')).text(), '0')
  t.notMatch(readFileSync(bundled, 'utf8'), /\bnew Function\b|\beval\(/)
})

t.test('the bundle is small, and makes nothing of certificates but verdicts', (t) => {
  const { inputs } = JSON.parse(readFileSync(meta, 'utf8')) as { inputs: Record<string, unknown> }
  const packages = Object.keys(inputs).flatMap((path) =>
    /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []
  )
  t.strictSame([...new Set(packages)].sort(), ['jose', 'yaml', 'zod'])
  const minified = bundle(join(made, 'worker.ts'), '--minify')
  t.ok(readFileSync(minified).length < 480_000, `${readFileSync(minified).length} bytes`)
  t.end()
})
