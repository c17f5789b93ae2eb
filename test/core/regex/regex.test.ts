import t from 'tap'
import { compileRegex, type Regex, replaceFound } from '../../../core/regex/mod.ts'
import { compileReplacement } from '../../../core/regex/mod.ts'

function compile(pattern: string, ignoreCase = false): Regex {
  const regex = compileRegex(pattern, { ignoreCase })
  if ('problem' in regex) throw new Error(`${pattern}: ${regex.problem}`)
  return regex
}

/** Numbers that are the same each time. */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return Math.floor(state / 2 ** 32 * below)
  }
}

const ATOMS = [
  'a',
  'b',
  'c',
  '.',
  '[ab]',
  '[^a]',
  '\\d',
  '\\w',
  '\\s',
  '\\b',
  '^',
  '$',
  '/',
  '[a-c/]',
]
const COUNTS = ['*', '+', '?', '{2}', '{1,2}', '{0,2}', '{2,}', '*?', '+?', '??', '{1,2}?']

function randomPattern(random: (below: number) => number, depth: number): string {
  let pattern = ''
  for (let i = random(4); i >= 0; i--) {
    const kind = random(10)
    if (kind === 0 && depth > 0) {
      pattern += `${randomPattern(random, depth - 1)}|${randomPattern(random, depth - 1)}`
    } else if (kind < 4 && depth > 0) {
      const inner = randomPattern(random, depth - 1)
      const open = random(3) === 0 ? '(?:' : '('
      // RegExp takes back rounds of a loop that were empty, and Perl does not: only such as take something are looped.
      pattern += random(2) === 0
        ? `${open}${inner})`
        : `${open}[abc/](?:${inner}))${COUNTS[random(COUNTS.length)]}`
    } else {
      const atom = ATOMS[random(ATOMS.length)]!
      const counted = random(3) === 0 && !/^(\\b|\^|\$)$/.test(atom)
      pattern += atom + (counted ? COUNTS[random(COUNTS.length)] : '')
    }
  }
  return pattern
}

t.test('patterns are found where RegExp finds them', (t) => {
  const random = randomNumbers(20261126)
  let compared = 0
  for (let i = 0; i < 6000; i++) {
    const pattern = randomPattern(random, 3)
    const ignoreCase = random(4) === 0
    const mine = compile(pattern, ignoreCase)
    const theirs = new RegExp(pattern, ignoreCase ? 'i' : '')
    for (let j = 0; j < 4; j++) {
      const text = Array.from({ length: random(9) }, () => 'abcA/1 _'[random(8)]).join('')
      const expected = theirs.exec(text)
      const found = mine.find(text)
      compared++
      const same = expected === null
        ? found === undefined && !mine.test(text)
        : mine.test(text) && found?.[0] === expected.index &&
          found[1] === expected.index + expected[0].length
      if (!same) {
        t.fail(`/${pattern}/${ignoreCase ? 'i' : ''} on "${text}": ${found?.slice(0, 2)}`, {
          expected: expected && [expected.index, expected.index + expected[0].length],
        })
      }
    }
  }
  t.equal(compared, 24_000)
  t.end()
})

t.test('groups are those of RegExp where none is repeated', (t) => {
  const cases: [string, string][] = [
    ['^/(\\w+)/(.*)$', '/orders/7/items'],
    ['(a|ab)(c|bcd)(d*)', 'abcd'],
    ['(x)?(y)', 'y'],
    ['(?<name>a+)(b)', 'xaab'],
    ['(.*?)/(.*)', 'a/b/c'],
    ['^(?:(a)|(b))$', 'b'],
  ]
  for (const [pattern, text] of cases) {
    const expected = new RegExp(pattern).exec(text)!
    const found = compile(pattern).find(text)!
    const texts = Array.from(
      { length: found.length / 2 },
      (_, i) => found[i * 2]! < 0 ? undefined : text.slice(found[i * 2], found[i * 2 + 1]),
    )
    t.strictSame(texts, [...expected], pattern)
  }
  t.equal(compile('(?<name>a)').names.get('name'), 1)
  t.end()
})

t.test('what cannot be done in linear time is refused, and so is what is wrong', (t) => {
  const wrong: [string, RegExp][] = [
    ['(a)\\1', /refers back/],
    ['a(?=b)', /looks around/],
    ['(?<!a)b', /looks around/],
    ['(?>a)', /linear time/],
    ['a++', /possessive/],
    ['(', /not closed/],
    [')', /closes nothing/],
    ['[a', /not closed/],
    ['*a', /nothing stands before/],
    ['a**', /quantifier/],
    ['a{3,2}', /out of order/],
    ['a{1001}', /larger than 1000/],
    ['((a{100}){100}){100}', /too large/],
    ['[z-a]', /out of order/],
    ['\\', /at the end/],
    ['\\y', /no meaning/],
    ['[[:nope:]]', /no known class/],
    ['(?x)a', /no known kind/],
    ['('.repeat(200), /deeper/],
    ['a'.repeat(5000), /longer/],
  ]
  for (const [pattern, expected] of wrong) {
    const found = compileRegex(pattern)
    t.match('problem' in found ? found.problem : 'none', expected, pattern.slice(0, 40))
  }
  t.end()
})

t.test('what Perl has and RegExp has not', (t) => {
  t.ok(compile('(?i)ABC').test('xabcx'))
  t.ok(compile('a(?i:B)c').test('abc'))
  t.notOk(compile('a(?i:B)c').test('abC'))
  t.ok(compile('^[[:alpha:]_]+$').test('ab_'))
  t.notOk(compile('^[[:^digit:]]+$').test('a1'))
  t.ok(compile('\\Aa\\z').test('a'))
  t.ok(compile('\\Qa.b\\E').test('a.b'))
  t.notOk(compile('\\Qa.b\\E').test('axb'))
  t.ok(compile('\\x41\\x{42}').test('AB'))
  t.notOk(compile('a$').test('a\n'), 'the end is the very end')
  t.ok(compile('a{,2}').test('a{,2}'), 'braces without counts stand for themselves')
  t.end()
})

t.test('patterns that cost others exponential time cost these little', (t) => {
  for (const pattern of ['^(a+)+$', '(a|aa)+$', '(.*a){12}$', '^(([a-z])+.)+[A-Z]([a-z])+$']) {
    // They would never come to an end.
    t.notOk(compile(pattern).test('a'.repeat(3000) + '!'), pattern)
  }
  t.end()
})

t.test('replaceFound replaces once or everywhere', (t) => {
  const swap = compileReplacement('$2-${1}$$')
  const regex = compile('(\\w)/(\\w)')
  const by = (text: string) => (found: readonly number[]): string => swap(text, found)
  t.equal(replaceFound(regex, 'a/b c/d', { by: by('a/b c/d'), all: false }), 'b-a$ c/d')
  t.equal(replaceFound(regex, 'a/b c/d', { by: by('a/b c/d'), all: true }), 'b-a$ d-c$')
  t.equal(replaceFound(regex, 'nothing', { by: () => '', all: true }), undefined)
  t.equal(replaceFound(compile('x*'), 'axb', { by: () => '-', all: true }), '-a--b-')
  t.end()
})
