import t from 'tap'
import { readFilterFunc } from '../../../../core/dialect/apisix/schema/filter-func.ts'

t.test('what a filter_func that compares says, as vars', (t) => {
  const cases: readonly [string, unknown][] = [
    [
      `function(vars) return vars.arg_name == 'json' end`,
      [['arg_name', '==', 'json']],
    ],
    [
      `function(vars)\n  return vars["http_x"] ~= "a b" and 'GET' == vars.request_method;\nend`,
      [['AND', ['http_x', '~=', 'a b'], ['request_method', '==', 'GET']]],
    ],
    [
      `function(v) return v.a == nil or v.b == '1' and (v.c == '2' or v.d == '3') end`,
      [[
        'OR',
        ['a', '==', null],
        ['AND', ['b', '==', '1'], ['OR', ['c', '==', '2'], ['d', '==', '3']]],
      ]],
    ],
    [`function(vars) return true end`, undefined],
    [`function(vars) return vars.a == 1 end`, undefined],
    [`function(vars) return vars.a == vars.b end`, undefined],
    [`function(vars) return other.a == 'b' end`, undefined],
    [`function(vars) return vars.a == 'b' end end`, undefined],
    [`function(vars) return not vars.a end`, undefined],
    [`function(vars) return vars.a == 'b' and end`, undefined],
    [`function(vars) return string.find(vars.a, 'b') end`, undefined],
    [`function(vars) return ${'('.repeat(99)}vars.a == 'b'${')'.repeat(99)} end`, undefined],
    [`function(vars) ngx.exit(500) end`, undefined],
  ]
  for (const [code, rules] of cases) t.strictSame(readFilterFunc(code), rules, code)
  t.end()
})
