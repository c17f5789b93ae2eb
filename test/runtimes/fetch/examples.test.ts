/** The examples of docs/embedding.md for servers run as they stand there. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { certificateToHeader } from '../../../core/mod.ts'
import { Pki } from '../../support/pki.ts'
import { askOverTls, bundle, folder, serve, writeExample } from './examples.ts'
import { codeOf, json, upstream } from './scene.ts'

const pki = new Pki(t)
const ca = await pki.authority('ca')
const acme = await pki.issue('acme', { ca, use: 'clientAuth' })
const stranger = await pki.issue('stranger', { use: 'clientAuth' })
const deno = 'node_modules/.bin/deno'

t.test('Deno.serve behind a proxy that ends TLS', async (t) => {
  const { address, requests } = await upstream(t)
  const file = writeExample('server.deno.ts', address, folder(t))
  const options = ['--config', 'deno.json', '--no-lock']
  const command = [deno, 'run', '-A', ...options, file]
  const { port } = await serve(t, command, { CLIENTS_CA: ca.chain })
  const ask = (headers: Record<string, string>) =>
    fetch(`http://127.0.0.1:${port}/orders/1`, { headers: { ...json.headers, ...headers } })
  const answer = await ask({ 'X-Client-Cert': certificateToHeader(acme.der) })
  t.equal(await answer.text(), 'GET /orders/1')
  t.equal(requests[0]?.headers['x-client-cert'], undefined)
  t.equal(requests[0]?.headers['x-forwarded-for'], '127.0.0.1')
  t.equal(await codeOf(await ask({})), '400 CERTIFICATE_MISSING')
  const untrusted = await ask({ 'X-Client-Cert': certificateToHeader(stranger.der) })
  t.equal(await codeOf(untrusted), '400 CERTIFICATE_UNTRUSTED')
})

t.test('srvx on Node, with TLS of its own', async (t) => {
  const { address } = await upstream(t)
  const server = await pki.issue('server', { ca, use: 'serverAuth', names: ['IP:127.0.0.1'] })
  const bundled = bundle(
    writeExample('server.node.ts', address, folder(t)),
    '--platform=node',
    // For packages within that are CommonJS.
    "--banner:js=import { createRequire } from 'node:module'; " +
      'const require = createRequire(import.meta.url)',
  )
  const { port } = await serve(t, ['node', bundled], {
    CLIENTS_CA: ca.chain,
    SERVER_CERT: server.chain,
    SERVER_KEY: server.key,
  })
  t.equal(await askOverTls(port, acme), '200 GET /orders/1')
  t.match(await askOverTls(port), /^400 .*"CERTIFICATE_MISSING"/)
  t.match(await askOverTls(port, stranger), /^400 .*"CERTIFICATE_UNTRUSTED"/)
})

t.test('docs/embedding.md links to headings that are there', (t) => {
  const anchors = (file: string): string[] =>
    [...readFileSync(file, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
      heading.toLowerCase().replaceAll(/[^\w\s-]/g, '').replaceAll(' ', '-')
    )
  const text = readFileSync('docs/embedding.md', 'utf8')
  for (const [, file = '', anchor] of text.matchAll(/\]\(([\w-]+\.md)(?:#([^)]*))?\)/g)) {
    const known = anchors(`docs/${file}`)
    t.ok(anchor === undefined || known.includes(anchor), `${file}#${anchor}`)
  }
  t.end()
})
