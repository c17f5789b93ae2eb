/** Who may use the Admin API, and the headers of all its answers. */
import t from 'tap'
import { scene } from './scene.ts'

const KEYS = [{ key: 'adm', role: 'admin' }, { key: 'vie', role: 'viewer' }] as const
const ACCESS = {
  keys: KEYS,
  keyRequired: true,
  allow: ['127.0.0.0/24'],
  certificateRequired: false,
}

t.test('keys are taken from the query, the header and the cookie', async (t) => {
  const { ask } = scene({ access: ACCESS })
  const none = await ask('GET', '/nothing')
  t.strictSame([none.status, none.json], [401, {
    error_msg: 'failed to check token',
    description: 'missing apikey',
  }], 'before anything else is looked at')
  t.equal(none.headers.get('x-api-version'), null)
  t.match((await ask('GET', '/routes?api_key=no')).json, { description: 'wrong apikey' })
  t.equal((await ask('GET', '/routes?api_key=adm')).status, 200)
  const header = (key: string) => ({ headers: { 'X-API-KEY': key } })
  t.equal((await ask('GET', '/routes', undefined, header('vie'))).status, 200)
  t.match((await ask('PUT', '/routes/1', {}, header('vie'))).json, {
    description: 'invalid method for role viewer',
  })
  const cookie = { headers: { Cookie: 'a=b; x_api_key=adm' } }
  t.equal((await ask('GET', '/routes', undefined, cookie)).status, 200)
})

t.test('addresses that may not ask get a page', async (t) => {
  const { ask } = scene({ access: ACCESS })
  const reply = await ask('GET', '/routes?api_key=adm', undefined, {
    caller: { address: '10.0.0.1' },
  })
  t.equal(reply.status, 403)
  t.match(reply.text, /<title>403 Forbidden<\/title>/)
  const mapped = { caller: { address: '::ffff:127.0.0.1' } }
  t.equal((await ask('GET', '/routes?api_key=adm', undefined, mapped)).status, 200)
})

t.test('behind mTLS, callers without a certificate get 400', async (t) => {
  const { ask } = scene({ access: { ...ACCESS, certificateRequired: true } })
  const bare = { caller: { secure: true } }
  const reply = await ask('GET', '/routes?api_key=adm', undefined, bare)
  t.equal(reply.status, 400)
  t.match(reply.text, /400 No required SSL certificate was sent/)
  t.equal(reply.headers.get('content-type'), 'text/html')
  const shown = { caller: { secure: true, certificate: 'ab' } }
  t.equal((await ask('GET', '/routes?api_key=adm', undefined, shown)).status, 200)
})

t.test('every answer says what it is', async (t) => {
  const { ask } = scene()
  const { headers } = await ask('GET', '/routes')
  t.equal(headers.get('server'), 'APISIX/3.14.1')
  t.equal(headers.get('content-type'), 'application/json')
  t.equal(headers.get('x-api-version'), 'v3')
  t.equal(headers.get('access-control-allow-origin'), '*')
  t.equal(headers.get('access-control-max-age'), '3600')
  const quiet = await scene({ cors: false, shape: 'v2' }).ask('GET', '/routes')
  t.equal(quiet.headers.get('access-control-allow-origin'), null)
  t.equal(quiet.headers.get('x-api-version'), 'v2')
  t.equal((await ask('HEAD', '')).status, 200)
  t.equal((await ask('OPTIONS', '/routes')).status, 200)
})
