import t from 'tap'
import {
  partsOf,
  templatesOf,
} from '../../../../core/dialect/gravitee/translate/response-templates.ts'

type Api = Parameters<typeof partsOf>[1]
const api = {
  ...{ id: 'a1', name: 'Orders', apiVersion: '2' },
  extra: { properties: [{ key: 'mail', value: 'help@example.test' }] },
} as unknown as Api

t.test('bodies: text, and variables for expressions', (t) => {
  const cases: [string, unknown][] = [
    ['', []],
    ['plain {"a": {"b": 1}} text', ['plain {"a": {"b": 1}} text']],
    ['{"m": "{#error.message}"}', ['{"m": "', { variable: 'error_message' }, '"}']],
    ["{#request.headers['X-A'][0]}", [{ variable: 'http_x_a' }]],
    ["{#request.params['q']}!", [{ variable: 'arg_q' }, '!']],
    ["{#parameters['limit']}/{#error.key}", ['', '/', { variable: 'error_key' }].slice(1)],
    ["{#api.properties['mail']}", ['help@example.test']],
    ["{#context.attributes['api']} {#error.statusCode}", ['a1', ' ', { variable: 'error_status' }]],
    ['{#request.id}', [{ variable: 'request_id' }]],
  ]
  for (const [text, parts] of cases) t.same(partsOf(text, api), parts, text)
  t.end()
})

t.test('bodies: anything else is told', (t) => {
  const cases: [string, RegExp][] = [
    ['{T(java.lang.System).exit(1)}', /"T" is not supported/],
    ['{#request.content}', /"#request.content" is not supported/],
    ['{#jsonPath(#request.content, "$.a")}', /not supported|not expected/],
    ['{#error.message', /has no end/],
    ["{#request.headers['a'][0] + 'b'}", /not expected/],
  ]
  for (const [text, error] of cases) t.match(partsOf(text, api), error, text)
  const extra = { responseTemplates: { X: { '*/*': { statusCode: 99, body: 'x' } } } }
  t.match(templatesOf({ ...api, extra }).errors, [/status 99/])
  t.end()
})
