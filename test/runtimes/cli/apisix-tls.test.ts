/** Handshakes with a gateway whose ssls come from APISIX's Admin API. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { type KeyPairFiles, Pki } from '../../support/pki.ts'
import { startUpstream } from '../../support/upstream.ts'
import { homeWith, type Running, start } from './apisix-scene.ts'

t.test('ssls', async (t) => {
  const pki = new Pki(t)
  const ca = await pki.issue('ca', { isCa: true })
  const otherCa = await pki.issue('other ca', { isCa: true })
  const inner = await pki.issue('inner ca', { ca, isCa: true })
  const deeper = await pki.issue('deeper ca', { ca: inner, isCa: true })
  const names = ['DNS:test.com', 'DNS:*.test.com', 'DNS:open.com']
  const server = await pki.issue('test.com', { ca, names })
  const client = await pki.issue('client', { ca, use: 'clientAuth' })
  const through = await pki.issue('through', { ca: inner, use: 'clientAuth', through: [inner] })
  const far = await pki.issue('far', { ca: deeper, use: 'clientAuth', through: [deeper, inner] })
  const stranger = await pki.issue('stranger', { ca: otherCa, use: 'clientAuth' })
  const upstream = await startUpstream(t)
  const home = homeWith(
    t,
    `apisix:
  node_listen: [{ ip: 127.0.0.1, port: 0 }]
  ssl: { listen: [{ ip: 127.0.0.1, port: 0 }], fallback_sni: open.com }
deployment:
  admin: { admin_key_required: false, admin_listen: { ip: 127.0.0.1, port: 0 } }
`,
  )
  const running = await start(t, home)
  const put = putter(running)
  await put('/routes/1', { uri: '/*', upstream: { nodes: { [upstream.address]: 1 } } })
  const pair = { cert: server.chain, key: server.key }
  await put('/ssls/1', { ...pair, snis: ['test.com', '*.test.com'], client: { ca: ca.chain } })
  await put('/ssls/2', { ...pair, sni: 'open.com' })
  const get = getter(running)

  t.test('who may come in', async (t) => {
    t.equal(await get('open.com'), '200')
    t.equal(await get('test.com', { with: client }), '200')
    t.match(await get('test.com'), /certificate required/)
    t.not(await get('test.com', { with: stranger }), '200')
    t.equal(await get('a.test.com', { with: client }), '200')
    t.match(await get('a.b.test.com', { with: client }), /unrecognized name|internal error/)
    t.match(
      await get('test.com', { options: '--tls-max 1.2' }),
      /handshake failure|certificate required/,
    )
  })

  t.test('depth counts intermediates, one unless told otherwise', async (t) => {
    t.equal(await get('test.com', { with: through }), '200')
    t.not(await get('test.com', { with: far }), '200')
    await put('/ssls/1', { ...pair, snis: ['test.com'], client: { ca: ca.chain, depth: 2 } })
    t.equal(await get('test.com', { with: far }), '200')
    await put('/ssls/1', { ...pair, snis: ['test.com'], client: { ca: ca.chain, depth: 0 } })
    t.not(await get('test.com', { with: through }), '200')
    t.equal(await get('test.com', { with: client }), '200')
  })

  t.test('a change is there for the next connection', async (t) => {
    await put('/ssls/1', { ...pair, snis: ['test.com'] })
    t.equal(await get('test.com'), '200')
    await put('/ssls/1', { ...pair, snis: ['test.com'], client: { ca: otherCa.chain } })
    t.not(await get('test.com', { with: client }), '200')
    t.equal(await get('test.com', { with: stranger }), '200')
    await put('/ssls/1', { ...pair, snis: ['test.com'], status: 0 })
    t.not(await get('test.com', { with: stranger }), '200')
  })

  t.test('paths that need no certificate', async (t) => {
    const skip_mtls_uri_regex = ['^/open']
    await put('/ssls/1', {
      ...pair,
      snis: ['test.com'],
      client: { ca: ca.chain, skip_mtls_uri_regex },
    })
    t.equal(await get('test.com', { path: '/open/x' }), '200')
    t.equal(await get('test.com', { path: '/closed' }), '400')
    t.equal(await get('test.com', { path: '/open/../closed' }), '400')
    t.equal(await get('test.com', { path: '/closed', with: client }), '200')
  })

  t.test('a Host of another client policy is refused', async (t) => {
    await put('/ssls/1', { ...pair, snis: ['test.com'], client: { ca: ca.chain } })
    t.equal(await get('open.com', { options: `-H 'Host: test.com'` }), '400')
    t.equal(await get('open.com', { options: `-H 'Host: unknown.com'` }), '200')
  })

  t.test('protocols, and clients that send no name', async (t) => {
    await put('/ssls/2', { ...pair, sni: 'open.com', ssl_protocols: ['TLSv1.3'] })
    t.not(await get('open.com', { options: '--tls-max 1.2' }), '200')
    t.equal(await get('open.com', { options: '--tlsv1.3' }), '200')
    await put('/ssls/2', { ...pair, sni: 'open.com', ssl_protocols: ['TLSv1.2'] })
    t.not(await get('open.com', { options: '--tlsv1.3' }), '200')
    t.equal(await get('open.com', { options: '--tls-max 1.2' }), '200')
    const { https, sh } = running
    const { text } = await sh(`curl -sk -o /dev/null -w '%{http_code}' https://127.0.0.1:${https}/`)
    t.match(text, /^200/, 'fallback_sni')
  })

  t.test('a revoked certificate', async (t) => {
    const crl = readFileSync(await pki.crl('crl', ca, { revoked: [client] }), 'utf8')
    const closed = { ca: ca.chain, crl }
    await put('/ssls/1', { ...pair, snis: ['test.com'], client: closed })
    t.not(await get('test.com', { with: client }), '200')
    const fresh = await pki.issue('fresh', { ca, use: 'clientAuth' })
    t.equal(await get('test.com', { with: fresh }), '200')
  })
})

function putter({ admin }: Running): (path: string, document: unknown) => Promise<void> {
  return async (path, document) => {
    const url = `http://127.0.0.1:${admin}/apisix/admin${path}`
    const response = await fetch(url, { method: 'PUT', body: JSON.stringify(document) })
    const text = await response.text()
    if (!response.ok) throw new Error(`PUT ${path}: ${response.status} ${text}`)
  }
}

interface Getting {
  readonly path?: string
  readonly with?: KeyPairFiles
  readonly options?: string
}

/** The status that curl sees, or what it says instead. */
function getter(
  { https, sh }: Running,
): (name: string, getting?: Getting) => Promise<string> {
  return async (name, { path = '/', with: own, options = '' } = {}) => {
    const certificate = own === undefined ? '' : `--cert ${own.certFile} --key ${own.keyFile}`
    const { code, text } = await sh(
      `curl -skS --path-as-is -o /dev/null -w '%{http_code}' ${certificate} ${options} ` +
        `--resolve '${name}:${https}:127.0.0.1' 'https://${name}:${https}${path}'`,
    )
    return code === 0 ? text.trim() : text
  }
}
