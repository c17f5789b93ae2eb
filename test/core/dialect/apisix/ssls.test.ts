/** Certificates and keys in the Admin API: what is checked, and what is never told. */
import { createCipheriv } from 'node:crypto'
import t from 'tap'
import { Pki } from '../../../support/pki.ts'
import { scene } from './scene.ts'

/** What APISIX's keyring would make of a text. */
function ciphertext(text: string, key: string): string {
  const cipher = createCipheriv('aes-128-cbc', key, key)
  return Buffer.concat([cipher.update(text), cipher.final()]).toString('base64')
}

t.test('ssls', async (t) => {
  const pki = new Pki(t)
  const ca = await pki.issue('ca', { isCa: true })
  const server = await pki.issue('test.com', { ca, names: ['DNS:test.com', 'DNS:*.test.com'] })
  const other = await pki.issue('other.com', { ca, names: ['DNS:other.com'] })
  const ssl = { cert: server.chain, key: server.key, sni: 'test.com' }

  t.test('keys are told as ciphertext, or not at all', async (t) => {
    const { ask, store } = scene()
    const made = await ask('PUT', '/ssls/1', { ...ssl, certs: [other.chain], keys: [other.key] })
    t.equal(made.status, 201)
    t.notMatch(made.text, /PRIVATE KEY/)
    t.ok(made.json.value.key.length >= 64)
    t.equal(made.json.value.keys.length, 1)
    const told = (await ask('GET', '/ssls/1')).json.value
    t.strictSame([told.key, told.keys, told.certs], [undefined, undefined, [other.chain]])
    t.notMatch((await ask('GET', '/ssls')).text, /"certs":|"keys":|"key":"U1|PRIVATE/)
    const labels = { 'managed-by': 'adc' }
    await ask('PUT', '/ssls/2', { ...ssl, labels, certs: [other.chain], keys: [other.key] })
    const listed = (await ask('GET', '/ssls')).json.list[1].value
    t.match(listed, { key: undefined, certs: [other.chain], keys: [/^U1/] }, 'for ADC')
    await ask('DELETE', '/ssls/2')
    const again = await ask('PUT', '/ssls/1', { ...ssl, key: made.json.value.key })
    t.equal(again.status, 200)
    t.equal(again.json.value.key, made.json.value.key, 'the same key is told the same way')
    const found = await store.get('/ssls/1')
    t.match(
      found,
      { document: { value: { key: server.key } } },
      'it is kept in clear, above the seal',
    )
    const patched = await ask('PATCH', '/ssls/1', { snis: ['a.test.com'], sni: null })
    t.equal(patched.status, 200)
    t.equal(patched.json.value.key, made.json.value.key)
  })

  t.test("APISIX's own ciphertext is read", async (t) => {
    const { ask, store } = scene()
    for (const key of ['qeddd145sfvddff3', 'edd1c9f0985e76a2']) {
      const reply = await ask('PUT', '/ssls/1', { ...ssl, key: ciphertext(server.key, key) })
      t.ok(reply.status < 300)
      t.match(await store.get('/ssls/1'), { document: { value: { key: server.key } } })
    }
  })

  t.test('what cannot be is refused', async (t) => {
    const { ask } = scene()
    const broken = server.chain.replace(/\n[^\n]{40,}\n/, '\n')
    const cases: readonly (readonly [object, string])[] = [
      [{ sni: 'a' }, 'invalid configuration: then clause did not match'],
      [{ ...ssl, snis: ['a'] }, 'invalid configuration: then clause did not match'],
      [{ ...ssl, sni: undefined }, 'invalid configuration: then clause did not match'],
      [
        { ...ssl, cert: 'str' },
        'invalid configuration: property "cert" validation failed: string too short, expected at least 128, got 3',
      ],
      [{ ...ssl, cert: broken }, 'failed to parse cert: PEM_read_bio_X509_AUX() failed'],
      [
        { ...ssl, key: server.key.replace(/\n[^\n]{40,}\n/, '\n') },
        'failed to parse key: PEM_read_bio_PrivateKey() failed',
      ],
      [{ ...ssl, key: 'x'.repeat(100) }, 'failed to decrypt previous encrypted key'],
      [
        { ...ssl, key: other.key },
        'failed to match cert and key: the key does not belong to the certificate',
      ],
      [{ ...ssl, certs: [other.chain], keys: [] }, 'mismatched number of certs and keys'],
      [
        { ...ssl, certs: [broken], keys: [other.key] },
        'failed to handle cert-key pair[1]: failed to parse cert: PEM_read_bio_X509_AUX() failed',
      ],
      [
        { ...ssl, client: { ca: broken } },
        'failed to validate client_cert: failed to parse cert: PEM_read_bio_X509_AUX() failed',
      ],
      [
        { ...ssl, client: {} },
        'invalid configuration: property "client" validation failed: property "ca" is required',
      ],
      [
        { ...ssl, sni: undefined, snis: [] },
        'invalid configuration: property "snis" validation failed: expect array to have at least 1 items',
      ],
    ]
    for (const [body, told] of cases) {
      const reply = await ask('PUT', '/ssls/1', body)
      t.strictSame([reply.status, reply.json.error_msg], [400, told])
    }
  })

  t.test('names outside the certificate are warned of', async (t) => {
    const { ask, logged } = scene()
    const fine = await ask('PUT', '/ssls/1', {
      ...ssl,
      sni: undefined,
      snis: ['test.com', 'a.test.com', '*.test.com'],
    })
    t.equal(fine.headers.get('warning'), null)
    const strange = await ask('PUT', '/ssls/1', { ...ssl, sni: 'a.b.test.com' })
    t.equal(strange.status, 200)
    t.match(
      strange.headers.get('warning'),
      /299 sallyport "SNI a\.b\.test\.com is outside the names/,
    )
    t.match(logged, [/SNI a\.b\.test\.com/])
  })

  t.test('the old path answers in the old shape, with the same documents', async (t) => {
    const { ask } = scene()
    const made = await ask('PUT', '/ssl/1', ssl)
    t.equal(made.status, 201)
    t.match(made.json, { action: 'set', node: { key: '/apisix/ssl/1' } })
    t.equal((await ask('GET', '/ssls/1')).json.key, '/apisix/ssls/1')
  })

  t.test('a body as curl sends it: raw line breaks, a form by its Content-Type', async (t) => {
    const { ask } = scene()
    const body =
      `\n{"id": "q", "sni": "test.com", "cert": "${server.chain.trim()}", "key": "${server.key.trim()}"}`
    const headers = { 'Content-Type': 'application/x-www-form-urlencoded' }
    const made = await ask('PUT', '/ssls', body, { headers })
    t.equal(made.status, 201, made.text)
  })

  t.test('client certificates of upstreams', async (t) => {
    const { ask } = scene()
    const nodes = { '127.0.0.1:443': 1 }
    const tls = { client_cert: server.chain, client_key: server.key }
    const made = await ask('PUT', '/upstreams/1', { nodes, tls })
    t.equal(made.status, 201)
    const told = (await ask('GET', '/upstreams/1')).json.value
    t.equal(told.tls.client_key, made.json.value.tls.client_key)
    t.notMatch(told.tls.client_key, /PRIVATE/)
    t.equal((await ask('PUT', '/upstreams/1', { nodes, tls: told.tls })).status, 200, 'round trip')
    const inline = await ask('PUT', '/routes/1', { uri: '/a', upstream: { nodes, tls } })
    t.notMatch(inline.text, /PRIVATE/)
    await ask('PUT', '/ssls/s', ssl)
    await ask('PUT', '/ssls/c', { type: 'client', cert: server.chain, key: server.key })
    t.match((await ask('PUT', '/upstreams/2', { nodes, tls: { client_cert_id: 's' } })).json, {
      error_msg: 'failed to fetch ssl info by ssl id [s], wrong ssl type',
    })
    t.equal((await ask('PUT', '/upstreams/2', { nodes, tls: { client_cert_id: 'c' } })).status, 201)
    const both = await ask('PUT', '/upstreams/2', { nodes, tls: { client_cert_id: 'c', ...tls } })
    t.match(
      both.json.error_msg,
      /failed to validate dependent schema for "client_(cert|key|cert_id)": value wasn't supposed to match schema/,
    )
  })
})
