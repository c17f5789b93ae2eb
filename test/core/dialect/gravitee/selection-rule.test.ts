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
      [{ variable: 'ssl_client_s_dn_OU', operator: 'equals', value: 'R.D' }],
    ],
  ]
  for (const [rule, conditions] of cases) t.same(translateRule(rule), { conditions }, rule)
  t.end()
})

t.test('names, lists, choices', (t) => {
  const api = {
    ...{ id: 'a1', name: 'Orders', apiVersion: '2' },
    extra: { properties: [{ key: 'tier', value: 'gold' }] },
  } as unknown as NonNullable<Parameters<typeof translateRule>[1]>
  const equals = (variable: string, value: unknown): unknown => (
    { variable, operator: 'equals', value }
  )
  const cases: [string, unknown][] = [
    [`{#context.attributes['jwt'].claims['iss'] == 'me'}`, [equals('jwt_claim_iss', 'me')]],
    [`{#context.attributes['jwt'].headers['kid'] == 'k1'}`, [equals('jwt_header_kid', 'k1')]],
    [`{'gold' == #request.headers['x-tier'][0]}`, [equals('http_x_tier', 'gold')]],
    [`{#request.headers.get('x-tier')[0] == 'gold'}`, [equals('http_x_tier', 'gold')]],
    [`{#request?.headers['x-tier']?.equals('gold')}`, [equals('http_x_tier', 'gold')]],
    [`#request.pathInfo == '/a'`, [equals('path_info', '/a')]],
    [`{#request.paths[2] == 'a'}`, [equals('path_part_2', 'a')]],
    [`{#request.pathInfos[1] matches 'v\\d'}`, [
      { variable: 'path_info_part_1', operator: 'matches', value: '^(?:v\\d)$' },
    ]],
    [`{#request.ssl.client.cn == 'acme'}`, [equals('ssl_client_s_dn_CN', 'acme')]],
    [`{#request.ssl.client.organizationUnit eq 'x'}`, [equals('ssl_client_s_dn_OU', 'x')]],
    [`{#request.ssl.client.attributes['ou'][0].startsWith('Sa')}`, [
      { variable: 'ssl_client_s_dn_OU', operator: 'starts-with', value: 'Sa' },
    ]],
    [`{3 < #request.params['v'][0]}`, [{ variable: 'arg_v', operator: 'greater', value: 3 }]],
    [`{#api.properties['tier'] == 'gold'}`, []],
    [`{#properties['tier'] == 'silver'}`, [{ any: [] }]],
    [`{#context.attributes['api'] == 'a1' && #api.version != '1'}`, [{
      all: [{ all: [] }, { all: [] }],
    }]],
    [`{#request.headers['x'].contains('a')}`, [{
      any: [equals('http_x', 'a'), { variable: 'http_x', operator: 'has', value: 'a' }],
    }]],
    [`{#request.headers['x'][0].equalsIgnoreCase('a.b')}`, [
      { variable: 'http_x', operator: 'matches-any-case', value: '^a\\.b$' },
    ]],
    [`{#request.method == 'GET' ? true : #request.params['w'][0] == '1'}`, [{
      any: [
        { all: [equals('request_method', 'GET'), { all: [] }] },
        { all: [{ not: equals('request_method', 'GET') }, equals('arg_w', '1')] },
      ],
    }]],
  ]
  for (const [rule, conditions] of cases) t.same(translateRule(rule, api), { conditions }, rule)
  t.end()
})

t.test('anything else is refused, with what is wrong', (t) => {
  const cases: [string, RegExp][] = [
    [`{#context.attributes['user'] == 'x'}`, /not known before a plan is selected/],
    [`{T(java.lang.Runtime).getRuntime().exec('x')}`, /"T" is not supported/],
    [`{#request.headers['x'][1] == 'y'}`, /only the first value/],
    [`{#request.method}`, /a comparison is expected/],
    [`{#request.method == }`, /ends too early/],
    [`{#request.method == 'a' ? 'b' : 'c'}`, /a comparison is expected/],
    [`{#request.method == 'a' ? true}`, /":" is expected/],
    [`{#dictionaries['d']['k'] == 'x'}`, /not supported/],
    [`{#request.path matches '/(a'}`, /pattern "\/\(a" cannot be used/],
    [`{#request.headers.size() > 0}`, /method "size" is not supported/],
    [`{#request.content == 'a'}`, /not supported/],
    [`{#request.method == #request.path}`, /compared with a literal/],
    [`{${'('.repeat(40)}true${')'.repeat(40)}}`, /deeper than/],
  ]
  for (const [rule, error] of cases) t.match(translateRule(rule), { error }, rule)
  t.end()
})
