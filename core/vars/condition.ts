import { compileRegex } from '../regex/mod.ts'
import type {
  CompareConfig,
  ConditionConfig,
  ConditionOperator,
  ConditionValue,
} from '../snapshot/types.ts'
import { asBytes } from './decode.ts'
import type { Facts } from './facts.ts'
import { inRange, type IpRange, parseAddress, parseRange } from './ip-range.ts'
import { compileVariable } from './variables.ts'

/** A condition, ready to be asked. */
export interface Condition {
  holds(facts: Facts): boolean
  /** For people: what is asked, and what the request has. */
  explain(facts: Facts): string
}

/** A condition that cannot be used, with what is wrong with it. */
export interface ConditionProblem {
  readonly problem: string
}

type Test = (value: string | undefined) => boolean

/** How deep conditions may stand in conditions. */
const DEPTH = 32

/** Compiles a condition, or says what is wrong with it. */
export function compileCondition(
  config: ConditionConfig,
  depth = 0,
): Condition | ConditionProblem {
  if (depth > DEPTH) return { problem: `conditions stand deeper than ${DEPTH}` }
  if ('variable' in config) return compileCompare(config)
  if ('not' in config) {
    const inner = compileCondition(config.not, depth + 1)
    if ('problem' in inner) return inner
    return {
      holds: (facts) => !inner.holds(facts),
      explain: (facts) => `not (${inner.explain(facts)})`,
    }
  }
  const every = 'all' in config
  const items: Condition[] = []
  for (const item of every ? config.all : config.any) {
    const inner = compileCondition(item, depth + 1)
    if ('problem' in inner) return inner
    items.push(inner)
  }
  return {
    holds: (facts) =>
      every ? items.every((item) => item.holds(facts)) : items.some((item) => item.holds(facts)),
    explain: (facts) =>
      `${every ? 'all of' : 'one of'} (${items.map((item) => item.explain(facts)).join('; ')})`,
  }
}

/** Compiles conditions that must all hold; undefined for none. */
export function compileConditions(
  configs: readonly ConditionConfig[],
): Condition | ConditionProblem | undefined {
  if (configs.length === 0) return undefined
  return compileCondition(configs.length === 1 ? configs[0]! : { all: configs })
}

function compileCompare(
  { variable, operator, value }: CompareConfig,
): Condition | ConditionProblem {
  const read = compileVariable(variable)
  const test = TESTS[operator](value)
  if (typeof test !== 'function') {
    return { problem: `${operator} of ${variable} cannot be used: ${test.problem}` }
  }
  return {
    holds: (facts) => test(read(facts)),
    explain: (facts) => {
      const found = read(facts)
      const shown = found === undefined ? 'nothing' : JSON.stringify(found)
      return `${variable} ${operator} ${JSON.stringify(value)}, which has ${shown}`
    },
  }
}

type MakeTest = (value: ConditionValue) => Test | ConditionProblem

const TESTS: Readonly<Record<ConditionOperator, MakeTest>> = {
  'equals': equalTo,
  'differs': (value) => {
    const same = equalTo(value)
    return (found) => !same(found)
  },
  'greater': bySize((found, bound) => found > bound),
  'at-least': bySize((found, bound) => found >= bound),
  'less': bySize((found, bound) => found < bound),
  'at-most': bySize((found, bound) => found <= bound),
  'matches': (value) => byPattern(value, false),
  'matches-any-case': (value) => byPattern(value, true),
  'in': (value) => {
    const tests = listOf(value).map(equalTo)
    return (found) => tests.some((test) => test(found))
  },
  'has': (value) => {
    const wanted = textOf(value)
    return (found) => found !== undefined && found.split(',').some((each) => each.trim() === wanted)
  },
  'starts-with': byText((found, wanted) => found.startsWith(wanted)),
  'ends-with': byText((found, wanted) => found.endsWith(wanted)),
  'contains': byText((found, wanted) => found.includes(wanted)),
  'within': within,
}

function equalTo(value: ConditionValue): Test {
  if (value === null) return (found) => found === undefined
  if (typeof value === 'number') return (found) => numberOf(found) === value
  const wanted = textOf(value)
  return (found) => found === wanted
}

function bySize(compare: (found: number, bound: number) => boolean): MakeTest {
  return (value) => {
    const bound = typeof value === 'number' ? value : numberOf(textOf(value))
    if (bound === undefined) return () => false
    return (text) => {
      const found = numberOf(text)
      return found !== undefined && compare(found, bound)
    }
  }
}

function byText(compare: (found: string, wanted: string) => boolean): MakeTest {
  return (value) => {
    const wanted = textOf(value)
    return (found) => found !== undefined && compare(found, wanted)
  }
}

function byPattern(value: ConditionValue, ignoreCase: boolean): Test | ConditionProblem {
  const regex = compileRegex(textOf(value), { ignoreCase })
  if ('problem' in regex) return regex
  return (found) => found !== undefined && regex.test(found)
}

function within(value: ConditionValue): Test | ConditionProblem {
  const ranges: IpRange[] = []
  for (const each of listOf(value)) {
    const range = parseRange(String(each))
    if (range === undefined) return { problem: `"${each}" is no range of addresses` }
    ranges.push(range)
  }
  return (found) => {
    const address = found === undefined ? undefined : parseAddress(found)
    return address !== undefined && ranges.some((range) => inRange(range, address))
  }
}

function listOf(value: ConditionValue): readonly ConditionValue[] {
  return Array.isArray(value) ? value as readonly ConditionValue[] : [value]
}

function textOf(value: ConditionValue): string {
  return asBytes(typeof value === 'object' && value !== null ? value.join(',') : String(value))
}

/** A decimal number, as whole text. */
function numberOf(text: string | undefined): number | undefined {
  if (text === undefined || !/^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/.test(text)) {
    return undefined
  }
  return Number(text)
}
