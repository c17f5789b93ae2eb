/** JWT and OAuth2 plans where the gateway is embedded. */
import { Buffer } from 'node:buffer'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import t from 'tap'
import { createFetchHandler } from '../../../runtimes/fetch/mod.ts'
import { upstream } from './scene.ts'

const { publicKey, privateKey } = await generateKeyPair('ES256')
const signed = (clientId: string): Promise<string> =>
  new SignJWT({ client_id: clientId }).setProtectedHeader({ alg: 'ES256', kid: 'one' })
    .setExpirationTime('1h').sign(privateKey)

function configuration(plan: object, endpoint: string): Record<string, unknown> {
  return {
    apis: [{
      name: 'orders',
      match: { paths: ['/*'] },
      upstream: { endpoints: [{ address: endpoint }] },
      plans: [plan],
    }],
    applications: [{
      name: 'acme',
      clientId: 'acme-client',
      subscriptions: [{ api: 'orders', plan: 'tokens' }],
    }],
  }
}

/** The status of an answer, which is read to its end. */
async function statusOf(answer: Promise<Response>): Promise<number> {
  const response = await answer
  await response.arrayBuffer()
  return response.status
}

t.test('a JWT plan, with keys by the host’s fetch', async (t) => {
  const backend = await upstream(t)
  const jwk = { ...await exportJWK(publicKey), kid: 'one', alg: 'ES256' }
  const issuer = await upstream(t, (_, response) => response.end(JSON.stringify({ keys: [jwk] })))
  const url = `http://${issuer.address}/jwks`
  const plan = { name: 'tokens', type: 'jwt', jwt: { jwks: url, algorithms: ['ES256'] } }
  const asked: string[] = []
  const handle = createFetchHandler(configuration(plan, backend.address), {
    fetch: (request, upstream) => {
      if (upstream === '') asked.push(request.url)
      return fetch(request)
    },
  })
  const ask = async (token?: string): Promise<number> => {
    const headers: Record<string, string> = token === undefined
      ? {}
      : { authorization: `Bearer ${token}` }
    const request = new Request('http://gateway/x', { headers })
    return await statusOf(handle(request, { address: '127.0.0.1' }))
  }
  t.equal(await ask(await signed('acme-client')), 200)
  t.equal(await ask(await signed('acme-client')), 200)
  t.same(asked, [url], 'the keys are kept')
  t.equal(await ask(await signed('other')), 401)
  t.equal(await ask('a.b.c'), 401)
  t.equal(await ask(), 401)
})

t.test('an OAuth2 plan asks the authorization server', async (t) => {
  const backend = await upstream(t)
  const issuer = await upstream(t, (request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk)).on('end', () => {
      const token = new URLSearchParams(Buffer.concat(chunks).toString()).get('token')
      if (token === 'long') return response.end('x'.repeat(400_000))
      response.end(JSON.stringify({ active: token === 'good', client_id: 'acme-client' }))
    })
  })
  const introspection = { url: `http://${issuer.address}/introspect`, clientId: 'gw' }
  const plan = { name: 'tokens', type: 'oauth2', introspection }
  const handle = createFetchHandler(configuration(plan, backend.address))
  const ask = async (token: string): Promise<number> => {
    const headers = { authorization: `Bearer ${token}` }
    const request = new Request('http://gateway/x', { headers })
    return await statusOf(handle(request, { address: '127.0.0.1' }))
  }
  t.equal(await ask('good'), 200)
  t.equal(await ask('bad'), 401)
  t.equal(await ask('long'), 503, 'what is too long is no answer')
})
