import t from 'tap'
import { translateRule } from '../../../../core/dialect/gravitee/translate/selection-rule.ts'

t.test('selection rules are conditions', (t) => {
  const cases: [string, unknown][] = [
    ['', []],
    ['{true}', []],
    ['{false}', [{ any: [] }]],
    [
      `{#request.headers['X-Tier'][0] == 'gold'}`,
      [{ variable: 'http_x_tier', operator: 'equals', value: 'gold' }],
    ],
    [
      `{ #request.params['v'][0] != "2" && (#request.method == 'GET' || #request.method == 'HEAD') }`,
      [{
        all: [
          { variable: 'arg_v', operator: 'differs', value: '2' },
          {
            any: [
              { variable: 'request_method', operator: 'equals', value: 'GET' },
              { variable: 'request_method', operator: 'equals', value: 'HEAD' },
            ],
          },
        ],
      }],
    ],
    [
      `{#request.path matches '/a/.*' and !#request.headers['x'][0].contains('y')}`,
      [{
        all: [
          { variable: 'uri', operator: 'matches', value: '^(?:/a/.*)$' },
          { not: { variable: 'http_x', operator: 'contains', value: 'y' } },
        ],
      }],
    ],
    [
      `{#request.headers['x'] == null}`,
      [{ variable: 'http_x', operator: 'equals', value: null }],
    ],
    [
      `{#request.ssl.client.dn == 'CN=a'}`,
      [{ variable: 'ssl_client_s_dn', operator: 'equals', value: 'CN=a' }],
    ],
    [
      `{#request.ssl.client.attributes['ou'] == 'R.D'}`,
      [{
        variable: 'ssl_client_s_dn',
        operator: 'matches',
        value: '(?:^|[,+] *)OU=R\\.D(?: *[,+]|$)',
      }],
    ],
  ]
  for (const [rule, conditions] of cases) t.same(translateRule(rule), { conditions }, rule)
  t.end()
})

t.test('anything else is refused, with what is wrong', (t) => {
  const cases: [string, RegExp][] = [
    [`{#context.attributes['user'] == 'x'}`, /not known before a plan is selected/],
    [`{T(java.lang.Runtime).getRuntime().exec('x')}`, /"T" is not supported/],
    [`{#request.headers['x'][1] == 'y'}`, /only the first value/],
    [`{#request.method}`, /a comparison is expected/],
    [`{#request.method == }`, /ends too early/],
    [`{#request.method == 'a' ? 'b' : 'c'}`, /not expected/],
    [`{#request.content == 'a'}`, /not supported/],
    [`{#request.method == #request.path}`, /compared with a literal/],
    [`{${'('.repeat(40)}true${')'.repeat(40)}}`, /deeper than/],
  ]
  for (const [rule, error] of cases) t.match(translateRule(rule), { error }, rule)
  t.end()
})
