import { createHash, generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, importPKCS8, SignJWT } from 'jose'
import t, { type Test } from 'tap'
import { hostClock } from '../../../adapters/host/mod.ts'
import { HttpFetcher } from '../../../adapters/http-fetch/mod.ts'
import type { TokenVerdict } from '../../../core/plan/mod.ts'
import type { IntrospectionConfig, JwtConfig, PlanConfig } from '../../../core/mod.ts'
import { TokenCheckers } from '../../../core/token/mod.ts'

const NOW = Date.now()
const seconds = Math.floor(NOW / 1000)
const thumbprint = createHash('sha256').update('a certificate').digest()

async function pair(kid: string) {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const key = await importPKCS8(
    privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    'RS256',
  )
  const pem = publicKey.export({ type: 'spki', format: 'pem' }) as string
  const jwk = { ...await exportJWK(publicKey), kid, alg: 'RS256' }
  const sign = (claims: Record<string, unknown>): Promise<string> =>
    new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid }).sign(key)
  const unnamed = (claims: Record<string, unknown>): Promise<string> =>
    new SignJWT(claims).setProtectedHeader({ alg: 'RS256' }).sign(key)
  return { sign, unnamed, pem, jwk }
}

const JWT: JwtConfig = {
  keys: { secret: '' },
  algorithms: ['RS256'],
  issuer: undefined,
  audience: [],
  clockSkew: 0,
  clientClaim: undefined,
  bound: false,
}

function checkerOf(plan: Partial<PlanConfig>) {
  const checkers = new TokenCheckers({ fetcher: new HttpFetcher(), clock: hostClock })
  const checker = checkers.of({ name: 'p', type: 'jwt', header: '', allow: [], ...plan })!
  return async (token: string): Promise<TokenVerdict | undefined> => {
    if (checker.known(token, NOW) === undefined) await checker.check(token, NOW)
    return checker.known(token, NOW)
  }
}

async function serve(
  t: Test,
  answer: (body: string, headers: Record<string, unknown>) => { status?: number; body: unknown },
): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', (chunk) => body += chunk).on('end', () => {
      asked.push(body)
      const { status = 200, body: sent } = answer(body, request.headers)
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(sent))
    })
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  t.teardown(() => new Promise((done) => server.close(done)))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, asked }
}

t.test('a JSON Web Token is checked by its signature and what it says', async (t) => {
  const { sign, pem } = await pair('a')
  const keys = { key: { from: 'key', data: new TextEncoder().encode(pem) } }
  const check = checkerOf({
    jwt: { ...JWT, keys, issuer: 'me', audience: ['orders'], clockSkew: 5000 },
  })
  const claims = { iss: 'me', aud: 'orders', azp: 'acme', exp: seconds + 60 }
  t.match(await check(await sign(claims)), {
    ok: true,
    clientIds: ['acme', 'orders'],
    certificate: undefined,
    until: (seconds + 60) * 1000 + 5000,
  })
  const refused = async (claims: Record<string, unknown>, detail: RegExp): Promise<void> => {
    t.match(await check(await sign(claims)), { ok: false, code: 'TOKEN_INVALID', detail })
  }
  await refused({ ...claims, iss: 'you' }, /"iss"/)
  await refused({ ...claims, aud: 'other' }, /"aud"/)
  await refused({ ...claims, cnf: { 'x5t#S256': 'short' } }, /cnf cannot be read/)
  t.match(await check('nonsense'), { ok: false, detail: /no JSON Web Token/ })
  const { sign: forge } = await pair('a')
  t.match(await check(await forge(claims)), { ok: false, detail: /signature/ })
  const none = `${btoa('{"alg":"none"}').replaceAll('=', '')}.${
    btoa(JSON.stringify(claims)).replaceAll('=', '')
  }.`
  t.match(await check(none), { ok: false, detail: /algorithm is not among RS256/ })
  const bound = await check(
    await sign({ ...claims, cnf: { 'x5t#S256': thumbprint.toString('base64url') } }),
  )
  t.match(bound, { ok: true, certificate: thumbprint.toString('hex') })
})

t.test('a public key is no secret of HMAC', async (t) => {
  const { pem } = await pair('a')
  const keys = { key: { from: 'key', data: new TextEncoder().encode(pem) } }
  const check = checkerOf({ jwt: { ...JWT, keys } })
  const forged = await new SignJWT({ azp: 'acme' }).setProtectedHeader({ alg: 'HS256' })
    .sign(new TextEncoder().encode(pem))
  t.match(await check(forged), { ok: false, detail: /algorithm/ })
})

t.test('keys are fetched, kept, and fetched again for one that is new', async (t) => {
  const [first, second] = await Promise.all([pair('1'), pair('2')])
  let keys = [first.jwk]
  const { url, asked } = await serve(t, () => ({ body: { keys } }))
  const checkers = new TokenCheckers({ fetcher: new HttpFetcher(), clock: hostClock })
  const checker = checkers.of({
    name: 'p',
    type: 'jwt',
    header: '',
    allow: [],
    jwt: { ...JWT, keys: { url } },
  })!
  const at = async (token: string, now: number): Promise<TokenVerdict | undefined> => {
    await checker.check(token, now)
    return checker.known(token, now)
  }
  t.match(await at(await first.sign({ azp: 'a' }), NOW), { ok: true })
  t.match(await at(await first.sign({ azp: 'b' }), NOW), { ok: true })
  t.equal(asked.length, 1)
  keys = [second.jwk]
  t.match(
    await at(await second.sign({ azp: 'c' }), NOW + 1000),
    { ok: false },
    'too soon to ask again',
  )
  t.match(await at(await second.sign({ azp: 'd' }), NOW + 20_000), { ok: true })
  t.equal(asked.length, 2)
})

t.test('who cannot be reached has not said no', async (t) => {
  const check = checkerOf({ jwt: { ...JWT, keys: { url: 'http://127.0.0.1:1/jwks' } } })
  const { sign } = await pair('a')
  t.match(await check(await sign({})), { ok: false, code: 'TOKEN_UNCHECKED' })
})

const ASK: IntrospectionConfig = {
  url: '',
  clientId: 'gateway',
  clientSecret: 's3cret',
  scopes: ['read'],
  cache: 10_000,
  timeout: 2000,
  bound: false,
}

t.test('an authorization server is asked about a token, once', async (t) => {
  const headers: unknown[] = []
  const { url, asked } = await serve(t, (body, sent) => {
    headers.push(sent['authorization'])
    const token = new URLSearchParams(body).get('token')
    if (token === 'good') {
      return { body: { active: true, client_id: 'acme', scope: 'read write', exp: seconds + 9 } }
    }
    if (token === 'poor') return { body: { active: true, client_id: 'acme', scope: 'write' } }
    if (token === 'broken') return { status: 500, body: {} }
    return { body: { active: false } }
  })
  const check = checkerOf({ type: 'oauth2', introspection: { ...ASK, url } })
  const both = await Promise.all([check('good'), check('good')])
  t.match(both, [{ ok: true, clientIds: ['acme'], until: (seconds + 9) * 1000 }, { ok: true }])
  t.equal(asked.length, 1)
  t.equal(headers[0], `Basic ${btoa('gateway:s3cret')}`)
  t.match(await check('poor'), { ok: false, code: 'TOKEN_INVALID', detail: /lacks scope read/ })
  t.match(await check('bad'), { ok: false, code: 'TOKEN_INVALID', detail: /not active/ })
  t.match(await check('broken'), { ok: false, code: 'TOKEN_UNCHECKED', detail: /answered 500/ })
})

t.test('types, steps of claims, and whom a token that is no good names', async (t) => {
  const { sign, pem } = await pair('a')
  const key = { key: { from: 'key', data: new TextEncoder().encode(pem) } }
  const types = { expected: ['at+jwt', 'JWT'], ignoreCase: false, ignoreMissing: false }
  const plain = checkerOf({ jwt: { ...JWT, keys: key, types } })
  t.match(await plain(await sign({})), { ok: false, detail: /another type/ })
  const lenient = checkerOf({
    jwt: { ...JWT, keys: key, types: { ...types, ignoreMissing: true }, clientClaim: 'act.client' },
  })
  t.match(await lenient(await sign({ act: { client: 'acme' } })), {
    ok: true,
    clientIds: ['acme'],
  })
  const { sign: forge } = await pair('a')
  const first = checkerOf({ jwt: { ...JWT, keys: key, oneClient: true } })
  t.match(await first(await forge({ azp: 'acme', aud: ['orders'] })), {
    ok: false,
    clientIds: ['acme'],
  })
  t.same((await first(await sign({ aud: ['one', 'two'] })))?.clientIds, ['one'])
  t.match(await first('no.token'), { ok: false, code: 'TOKEN_INVALID' })
})

t.test('secrets in base64, and keys of several issuers', async (t) => {
  const secret = new Uint8Array(32).fill(7)
  const text = btoa(String.fromCharCode(...secret))
  const by = (key: Uint8Array, claims: Record<string, unknown> = {}): Promise<string> =>
    new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(key)
  const jwt = { ...JWT, algorithms: ['HS256'] }
  const check = checkerOf({ jwt: { ...jwt, keys: { secret: text, base64: true } } })
  t.match(await check(await by(secret)), { ok: true })
  t.match(await check(await by(new TextEncoder().encode(text))), { ok: true })
  t.match(await check(await by(new Uint8Array(32))), { ok: false })
  const other = new Uint8Array(32).fill(9)
  const issuers = [
    { name: 'a.test', keys: [btoa('x'.repeat(33)), text] },
    { name: 'default', keys: [btoa(String.fromCharCode(...other))] },
  ]
  const any = checkerOf({ jwt: { ...jwt, keys: { issuers } } })
  t.match(await any(await by(secret, { iss: 'a.test' })), { ok: true })
  t.match(await any(await by(other, { iss: 'a.test' })), { ok: false })
  t.match(await any(await by(other, { iss: 'b.test' })), { ok: true }, 'others: default')
})

t.test('a key as SSH writes it', async (t) => {
  const { sign, jwk } = await pair('a')
  const field = (bytes: Uint8Array): Uint8Array => {
    const whole = new Uint8Array(4 + bytes.length)
    new DataView(whole.buffer).setUint32(0, bytes.length)
    whole.set(bytes, 4)
    return whole
  }
  const bytesOf = (base64url: string): Uint8Array =>
    Uint8Array.from(
      atob(base64url.replaceAll('-', '+').replaceAll('_', '/')),
      (char) => char.charCodeAt(0),
    )
  const modulus = bytesOf(String(jwk.n))
  const parts = [
    ...field(new TextEncoder().encode('ssh-rsa')),
    ...field(bytesOf(String(jwk.e))),
    ...field(new Uint8Array([0, ...modulus])),
  ]
  const data = new TextEncoder().encode(`ssh-rsa ${btoa(String.fromCharCode(...parts))} me@test`)
  const check = checkerOf({ jwt: { ...JWT, keys: { key: { from: 'key', data } } } })
  t.match(await check(await sign({ azp: 'acme' })), { ok: true, clientIds: ['acme'] })
})

t.test('an authorization server that is asked in its own way', async (t) => {
  const { url, asked } = await serve(t, (_, { 'x-auth': auth, token }) => {
    if (auth !== `Basic ${btoa('gateway:s3cret')}`) return { status: 401, body: {} }
    return token === 'good'
      ? { body: { aud: ['acme', 'other'], scp: ['read', 'list'] } }
      : { body: { active: false } }
  })
  const request = {
    ...{ method: 'GET' as const, argument: undefined, header: 'Token', field: undefined },
    authorization: { header: 'X-Auth', scheme: 'Basic' },
  }
  const introspection = { ...ASK, url, request, scopes: ['list', 'write'], anyScope: true }
  const check = checkerOf({ type: 'oauth2', introspection })
  t.match(await check('good'), { ok: true, clientIds: ['acme'] })
  t.match(await check('bad'), { ok: false, detail: /not active/ })
  t.same(asked, ['', ''])
  const strict = checkerOf({ type: 'oauth2', introspection: { ...introspection, anyScope: false } })
  t.match(await strict('good'), { ok: false, lacks: 'scope', clientIds: ['acme'] })
})

t.test('keys that are elsewhere now', async (t) => {
  const { sign, jwk } = await pair('a')
  const asked: string[] = []
  const server = createServer(({ url = '' }, response) => {
    asked.push(url)
    if (url === '/keys') response.end(JSON.stringify({ keys: [jwk] }))
    else response.writeHead(302, { location: url === '/old' ? 'keys' : url }).end()
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const check = (path: string, followRedirects: boolean) =>
    checkerOf({
      jwt: { ...JWT, keys: { url: `http://127.0.0.1:${port}${path}`, followRedirects } },
    })
  t.match(await check('/old', true)(await sign({})), { ok: true })
  t.same(asked, ['/old', '/keys'])
  t.match(await check('/old', false)(await sign({})), { ok: false, detail: /answered 302/ })
  t.match(await check('/round', true)(await sign({})), { ok: false, detail: /round and round/ })
})

t.test('a token that does not name its key is tried with all of a set', async (t) => {
  const [one, two, other] = await Promise.all([pair('1'), pair('2'), pair('3')])
  const { url } = await serve(t, () => ({ body: { keys: [one.jwk, two.jwk] } }))
  const check = checkerOf({ jwt: { ...JWT, keys: { url } } })
  for (const { unnamed } of [one, two]) {
    t.match(await check(await unnamed({ azp: 'acme' })), { ok: true, clientIds: ['acme'] })
  }
  t.match(await check(await other.unnamed({ azp: 'acme' })), { ok: false, code: 'TOKEN_INVALID' })
})
