import { readFileSync } from 'node:fs'
import t from 'tap'
import { Pki } from '../../../support/pki.ts'
import { documentsOf, openLab, secretsOf } from './lab.ts'

const ENCODED = {
  secret_type: 'certificate',
  payload_content_type: 'application/octet-stream',
  payload_content_encoding: 'base64',
}

function base64(data: Uint8Array | string): string {
  return Buffer.from(data).toString('base64')
}

t.test('PKCS#12 of openssl 3 and of older tools, with line ends, is taken', async (t) => {
  const { client, store } = openLab(t)
  const pki = new Pki(t)
  const ca = await pki.authority('ca')
  const pair = await pki.issue('web', { ca, names: ['DNS:web.test', 'DNS:*.web.test'] })
  for (const legacy of [[], ['-legacy']]) {
    await pki.openssl(
      ...['pkcs12', '-export', '-in', pair.certFile, '-inkey', pair.keyFile],
      ...['-certfile', ca.certFile, '-passout', 'pass:', '-out', 'web.p12', ...legacy],
    )
    const wrapped = base64(readFileSync(pki.path('web.p12'))).replace(/.{64}/g, '$&\r\n')
    for (const version of ['v1', 'v2']) {
      const secret = await client.create(
        'secrets',
        { ...ENCODED, name: 'web', payload: wrapped },
        version,
      )
      t.match(secret, {
        name: 'web',
        secret_type: 'certificate',
        status: 'ACTIVE',
        expiration: null,
        created: /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00$/,
        content_types: { default: 'application/octet-stream' },
      })
      t.notOk('payload' in secret, 'the payload is not given back')
    }
  }
  for (const [key, value] of await documentsOf(store)) {
    if (!key.startsWith('/gcore/secrets/')) continue
    t.match(value, { uses: ['key pair'], names: ['web.test', '*.web.test'] })
    t.same(secretsOf(key, value as never), [['payload']])
  }
})

t.test('three PEM texts are a certificate', async (t) => {
  const { client } = openLab(t)
  const pki = new Pki(t)
  const ca = await pki.authority('ca')
  const pair = await pki.issue('web', { ca })
  const body = {
    name: 'pem',
    payload: {
      certificate: readFileSync(pair.certFile, 'utf8'),
      private_key: pair.key,
      certificate_chain: readFileSync(ca.certFile, 'utf8'),
    },
    expiration: '2030-12-28T19:14:44.180394',
  }
  const secret = await client.create('secrets', body, 'v2')
  t.match(secret, { secret_type: 'certificate', expiration: '2030-12-28T19:14:44+00:00' })
  const other = await pki.issue('other', { ca })
  const wrong = { ...body, payload: { ...body.payload, private_key: other.key } }
  const task = await client.ended(await client.call('POST', '/v2/secrets/1/2', wrong))
  t.match(task, { state: 'ERROR', error: /Could not match private key/, created_resources: null })
  t.equal((await client.get('secrets')).body.count, 1, 'nothing of it is left')
})

t.test('what cannot be opened ends as an error, and leaves nothing', async (t) => {
  const { client, store } = openLab(t)
  const pki = new Pki(t)
  const pair = await pki.issue('web')
  await pki.openssl(
    ...['pkcs12', '-export', '-in', pair.certFile, '-inkey', pair.keyFile],
    ...['-passout', 'pass:secret', '-out', 'web.p12'],
  )
  const payloads = [readFileSync(pki.path('web.p12')), 'no certificate at all']
  for (const payload of payloads) {
    const body = { ...ENCODED, name: 'web', payload: base64(payload) }
    const task = await client.ended(await client.post('secrets', body))
    t.match(task, { state: 'ERROR', error: /Could not (open|read)/ })
  }
  t.same([...(await documentsOf(store)).keys()].filter((key) => key.includes('/secrets/')), [])
  const opaque = { ...ENCODED, name: 'any', secret_type: 'opaque', payload: base64('anything') }
  t.match(await client.create('secrets', opaque), { secret_type: 'opaque' })
})

t.test('text/plain with base64 is refused, and says why', async (t) => {
  const { client } = openLab(t)
  const body = { ...ENCODED, name: 'web', payload: base64('x') }
  for (const type of ['text/plain', 'text/plain;charset=utf-8']) {
    for (const version of ['v1', 'v2']) {
      const wrong = { ...body, payload_content_type: type }
      t.match(await client.call('POST', `/${version}/secrets/1/2`, wrong), {
        status: 400,
        body: {
          exception_class: 'ValidationError',
          message: /text\/plain is incompatible with base64/,
          invalid_fields: { payload_content_type: [/application\/octet-stream/] },
        },
      })
    }
  }
  const cases: [object, string, RegExp][] = [
    [{ name: undefined }, 'name', /^Field required$/],
    [{ payload: undefined }, 'payload', /^Field required$/],
    [{ payload: '***' }, 'payload', /base64/],
    [{ payload: '-----BEGIN CERTIFICATE-----' }, 'payload', /leave out lines with dashes/],
    [{ payload_content_encoding: 'gzip' }, 'payload_content_encoding', /'base64'/],
    [{ secret_type: 'other' }, 'secret_type', /'certificate', .* or 'symmetric'/],
    [{ bit_length: 0 }, 'bit_length', /greater/],
    [{ expiration: 'tomorrow' }, 'expiration', /datetime/],
  ]
  for (const [change, field, reason] of cases) {
    t.match(await client.post('secrets', { ...body, ...change }), {
      status: 400,
      body: { invalid_fields: { [field]: [reason] } },
    }, field)
  }
})

t.test('a secret in use cannot be deleted', async (t) => {
  const { client } = openLab(t)
  const pki = new Pki(t)
  const pair = await pki.issue('web', { names: ['DNS:web.test'] })
  const pem = base64(pair.chain + pair.key)
  const secret = await client.create('secrets', { ...ENCODED, name: 'web', payload: pem })
  const lb = await client.create('loadbalancers', {
    name: 'web',
    listeners: [{
      name: 'front',
      protocol: 'TERMINATED_HTTPS',
      protocol_port: 443,
      secret_id: secret.id,
    }],
  })
  const path = `/v1/secrets/1/2/${secret.id}`
  t.match(await client.call('DELETE', path), {
    status: 400,
    body: { exception_class: 'ValidationError', message: /in use by listener/ },
  })
  await client.remove('loadbalancers', lb.id)
  await client.remove('secrets', secret.id)
  t.equal((await client.call('GET', path)).status, 404)
  t.equal((await client.call('DELETE', path)).status, 404)
})

t.test('secrets fit their use', async (t) => {
  const { client } = openLab(t)
  const pki = new Pki(t)
  const ca = await pki.authority('ca')
  const payload = base64(readFileSync(ca.certFile))
  const secret = await client.create('secrets', { ...ENCODED, name: 'ca', payload })
  const listener = { name: 'front', protocol: 'TERMINATED_HTTPS', protocol_port: 443 }
  const body = { name: 'web', listeners: [{ ...listener, secret_id: secret.id }] }
  const task = await client.ended(await client.post('loadbalancers', body))
  t.match(task, { state: 'ERROR', error: /cannot be used: it is no PKCS12 without a password/ })
  t.equal((await client.get('loadbalancers')).body.count, 0)
  const gone = '00000000-0000-4000-8000-000000000000'
  const missing = { name: 'web', listeners: [{ ...listener, secret_id: gone }] }
  t.match(await client.post('loadbalancers', missing), {
    status: 404,
    body: { message: `Secret ${gone} could not be found` },
  })
  const elsewhere = client.at('7/7')
  t.equal((await elsewhere.post('loadbalancers', body)).status, 404, 'of another project')
})
