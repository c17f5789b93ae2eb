/** What Jersey and Gravitee's mappers of exceptions answer before a resource is asked. */
import t from 'tap'
import { apiBody, gravitee, type Scene, V1, V2 } from './scene.ts'

interface Raw {
  readonly status: number
  readonly type: string
  readonly headers: Headers
  // deno-lint-ignore no-explicit-any
  readonly body: any
}

async function raw(
  { dialect }: Scene,
  method: string,
  path: string,
  { headers = {}, body }: { headers?: Record<string, string>; body?: string } = {},
): Promise<Raw> {
  const request = new Request(`http://gateway${path}`, {
    method,
    headers: { authorization: `Basic ${btoa('admin:admin')}`, ...headers },
    ...(body === undefined ? {} : { body }),
  })
  const caller = { address: '', secure: false, certificate: undefined }
  const answer = await dialect.api(request, caller)
  const type = answer.headers.get('content-type') ?? ''
  const text = await answer.text()
  const json = type.includes('json') && text !== ''
  return {
    status: answer.status,
    type,
    headers: answer.headers,
    body: json ? JSON.parse(text) : text,
  }
}

const JSON_TYPE = { 'content-type': 'application/json' }

t.test('nothing is there', async (t) => {
  const scene = gravitee(t)
  t.match(await raw(scene, 'GET', `${V2}/nonsense`), {
    status: 404,
    type: /json/,
    body: { httpStatus: 404, message: 'HTTP 404 Not Found' },
  })
  t.match(await raw(scene, 'GET', `${V1}/nonsense`), {
    status: 404,
    body: { http_status: 404, message: 'HTTP 404 Not Found' },
  })
  t.match(await raw(scene, 'GET', `${V2}/applications/x/certificates`), { status: 404 })
  const { headers } = await raw(scene, 'GET', `${V2}/nonsense`, { headers: { authorization: '' } })
  t.ok(headers.get('www-authenticate'), 'who is asked comes first')
})

t.test('a method that a place does not take', async (t) => {
  const scene = gravitee(t)
  const refused = await raw(scene, 'PATCH', `${V2}/applications`)
  t.match(refused, {
    status: 405,
    body: { httpStatus: 405, message: 'HTTP 405 Method Not Allowed' },
  })
  t.equal(refused.headers.get('allow'), 'GET,HEAD,OPTIONS')
  t.match(await raw(scene, 'DELETE', `${V1}/applications`), {
    status: 405,
    body: { http_status: 405, message: 'HTTP 405 Method Not Allowed' },
  })
  const options = await raw(scene, 'OPTIONS', `${V2}/apis/x/plans`)
  t.match(options, { status: 200, body: '' })
  t.equal(options.headers.get('allow'), 'GET,HEAD,POST,OPTIONS')
})

t.test('what a client takes, and what it sends', async (t) => {
  const scene = gravitee(t)
  const accepts = async (accept: string): Promise<number> =>
    (await raw(scene, 'GET', `${V2}/apis`, { headers: { accept } })).status
  t.equal(await accepts('application/xml'), 406)
  t.equal(await accepts('application/json;q=0'), 406)
  for (const accept of ['*/*', 'application/*', 'text/html, application/json;q=0.5']) {
    t.equal(await accepts(accept), 200)
  }
  t.match(await raw(scene, 'GET', `${V2}/apis`, { headers: { accept: 'text/plain' } }), {
    body: { httpStatus: 406, message: 'HTTP 406 Not Acceptable' },
  })
  const body = JSON.stringify(apiBody('/sent'))
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  t.match(await raw(scene, 'POST', `${V2}/apis`, { headers: form, body }), {
    status: 415,
    body: { httpStatus: 415, message: 'HTTP 415 Unsupported Media Type' },
  })
  const charset = { 'content-type': 'application/json; charset=utf-8' }
  t.equal((await raw(scene, 'POST', `${V2}/apis`, { headers: charset, body })).status, 201)
})

t.test('bodies that are not JSON, or not such', async (t) => {
  const scene = gravitee(t)
  for (const path of [`${V2}/apis`, `${V1}/applications`]) {
    const torn = await raw(scene, 'POST', path, { headers: JSON_TYPE, body: '{"name": ' })
    t.match(torn, { status: 400, type: /^text\/plain/ }, 'as Jackson tells it')
  }
  t.match(await scene.ask('POST', `${V2}/apis`, apiBody('/bad', { listeners: 'all' })), {
    status: 400,
    body: { httpStatus: 400, technicalCode: 'invalidValue', details: [{ location: 'listeners' }] },
  })
  const word = apiBody('/bad', { listeners: [{ type: 'SMTP' }] })
  t.match(await scene.ask('POST', `${V2}/apis`, word), {
    status: 400,
    body: {
      message: "Unexpected value 'SMTP'",
      technicalCode: 'invalidValue',
      details: [{ message: "Unexpected value 'SMTP'", location: 'listeners[0].type' }],
    },
  })
  const v1 = await scene.ask('POST', `${V1}/applications`, {
    name: ['x'],
    description: 'x',
    settings: {},
  })
  t.match(v1, { status: 400, body: { http_status: 400 } })
  t.notOk('path' in v1.body || 'technicalCode' in v1.body)
  const bare = await scene.ask('POST', `${V2}/apis`, { name: '', definitionVersion: 'V4' })
  t.match(bare.body, { httpStatus: 400, message: 'Validation error' })
  const told = Object.fromEntries(
    bare.body.details.map((each: { location: string; message: string }) => [
      each.location,
      each.message,
    ]),
  )
  t.same(told, {
    name: 'size must be between 1 and 2147483647',
    apiVersion: 'must not be null',
    type: 'must not be null',
    listeners: 'size must be between 1 and 2147483647',
    endpointGroups: 'size must be between 1 and 2147483647',
  })
})
