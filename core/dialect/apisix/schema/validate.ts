import type { Json } from '../../../store/types.ts'
import { isIpv4, isIpv6 } from '../../../wire/ip.ts'
import { deepEqual, luaQuote, luaType, tableKind } from './lua.ts'
import type { Schema, TypeName } from './types.ts'

type Table = { readonly [name: string]: Json }
type Check = (schema: Schema, value: Json) => string | undefined

/** Texts that name a secret kept elsewhere are resolved later and meet every schema. */
const REFERENCE = /^\$(?:secret|env):\/\//

/** In the order in which api7/jsonschema checks, so that of several faults the same one is told. */
const CHECKS: readonly Check[] = [
  checkType,
  checkProperties,
  checkArray,
  checkText,
  checkNumber,
  checkEnum,
  checkAll,
  checkAny,
  checkOne,
  checkIf,
  checkNot,
  checkFormat,
]

const patterns = new Map<string, RegExp>()

/** Checks a value. @returns what is wrong, in the words of api7/jsonschema, or undefined. */
export function validate(schema: Schema, value: Json): string | undefined {
  if (typeof value === 'string' && REFERENCE.test(value)) return undefined
  for (const check of CHECKS) {
    const wrong = check(schema, value)
    if (wrong !== undefined) return wrong
  }
  return undefined
}

function matches(pattern: string, text: string): boolean {
  const known = patterns.get(pattern)
  if (known !== undefined) return known.test(text)
  const compiled = new RegExp(pattern)
  patterns.set(pattern, compiled)
  return compiled.test(text)
}

function checkType({ type }: Schema, value: Json): string | undefined {
  if (type === undefined) return undefined
  const types = typeof type === 'string' ? [type] : type
  if (types.some((each) => isOfType(each, value))) return undefined
  const expected = typeof type === 'string' ? type : `one of ${types.join(', ')}`
  return `wrong type: expected ${expected}, got ${luaType(value)}`
}

function isOfType(type: TypeName, value: Json): boolean {
  const kind = tableKind(value)
  switch (type) {
    case 'object':
      return kind === 'object' || kind === 'empty'
    case 'array':
      return kind === 'array' || kind === 'empty'
    case 'integer':
      return typeof value === 'number' && Number.isInteger(value)
    default:
      return luaType(value) === type
  }
}

function checkProperties(schema: Schema, value: Json): string | undefined {
  const kind = tableKind(value)
  if (kind !== 'object' && kind !== 'empty') return undefined
  const table = kind === 'empty' ? {} : value as Table
  return checkNamed(schema, table) ?? checkRequired(schema, table) ??
    checkDependencies(schema, table) ?? checkOthers(schema, table) ??
    checkCount(schema, Object.keys(table).length)
}

function checkNamed(schema: Schema, table: Table): string | undefined {
  const { properties = {}, required = [] } = schema
  for (const [name, each] of Object.entries(properties)) {
    if (!Object.hasOwn(table, name)) {
      if (required.includes(name)) return `property ${luaQuote(name)} is required`
      continue
    }
    const wrong = validate(each, table[name] as Json)
    if (wrong !== undefined) return `property ${luaQuote(name)} validation failed: ${wrong}`
    const dependent = checkDependency(schema, table, name)
    if (dependent !== undefined) return dependent
  }
  return undefined
}

function checkRequired({ required = [] }: Schema, table: Table): string | undefined {
  const missing = required.find((name) => !Object.hasOwn(table, name))
  return missing === undefined ? undefined : `property ${luaQuote(missing)} is required`
}

function checkDependencies(schema: Schema, table: Table): string | undefined {
  for (const name of Object.keys(schema.dependencies ?? {})) {
    const wrong = Object.hasOwn(table, name) ? checkDependency(schema, table, name) : undefined
    if (wrong !== undefined) return wrong
  }
  return undefined
}

function checkDependency(schema: Schema, table: Table, name: string): string | undefined {
  const dependency = schema.dependencies?.[name]
  if (dependency === undefined) return undefined
  if (!isList(dependency)) {
    const wrong = validate(dependency, table)
    return wrong && `failed to validate dependent schema for ${luaQuote(name)}: ${wrong}`
  }
  const missing = dependency.find((each) => !Object.hasOwn(table, each))
  return missing &&
    `property ${luaQuote(missing)} is required when ${luaQuote(name)} is set`
}

function isList(dependency: readonly string[] | Schema): dependency is readonly string[] {
  return Array.isArray(dependency)
}

function checkOthers(schema: Schema, table: Table): string | undefined {
  const { properties = {}, patternProperties = {}, additionalProperties = true } = schema
  if (additionalProperties === true && schema.patternProperties === undefined) return undefined
  for (const [name, value] of Object.entries(table)) {
    let known = Object.hasOwn(properties, name)
    for (const [pattern, each] of Object.entries(patternProperties)) {
      if (!matches(pattern, name)) continue
      known = true
      const wrong = validate(each, value)
      if (wrong !== undefined) {
        return `failed to validate ${name} (matching ${luaQuote(pattern)}): ${wrong}`
      }
    }
    if (known || additionalProperties === true) continue
    if (additionalProperties === false) return `additional properties forbidden, found ${name}`
    const wrong = validate(additionalProperties, value)
    if (wrong !== undefined) return `failed to validate additional property ${name}: ${wrong}`
  }
  return undefined
}

function checkCount({ minProperties, maxProperties }: Schema, count: number): string | undefined {
  if (minProperties !== undefined && count < minProperties) {
    return `expect object to have at least ${minProperties} properties`
  }
  if (maxProperties !== undefined && count > maxProperties) {
    return `expect object to have at most ${maxProperties} properties`
  }
  return undefined
}

function checkArray(schema: Schema, value: Json): string | undefined {
  const kind = tableKind(value)
  if (kind !== 'array' && kind !== 'empty') return undefined
  const list = kind === 'empty' ? [] : value as readonly Json[]
  const { minItems = 0, maxItems = Infinity, items, uniqueItems } = schema
  if (list.length < minItems) return `expect array to have at least ${minItems} items`
  if (list.length > maxItems) return `expect array to have at most ${maxItems} items`
  if (items !== undefined) {
    for (const [at, item] of list.entries()) {
      const wrong = validate(items, item)
      if (wrong !== undefined) return `failed to validate item ${at + 1}: ${wrong}`
    }
  }
  return uniqueItems === true ? checkUnique(list) : undefined
}

function checkUnique(list: readonly Json[]): string | undefined {
  const seen = new Map<Json, number>()
  const tables: number[] = []
  for (const [at, item] of list.entries()) {
    if (typeof item === 'object') {
      const same = tables.find((other) => deepEqual(list[other] as Json, item))
      if (same !== undefined) return equalItems(same, at)
      tables.push(at)
      continue
    }
    const same = seen.get(item)
    if (same !== undefined) return equalItems(same, at)
    seen.set(item, at)
  }
  return undefined
}

function equalItems(first: number, second: number): string {
  return `expected unique items but items ${first + 1} and ${second + 1} are equal`
}

function checkText(schema: Schema, value: Json): string | undefined {
  if (typeof value !== 'string') return undefined
  const { minLength = 0, maxLength = Infinity, pattern } = schema
  if (minLength > 0 || maxLength < Infinity) {
    let length = 0
    for (const _ of value) length++
    if (length < minLength) return `string too short, expected at least ${minLength}, got ${length}`
    if (length > maxLength) return `string too long, expected at most ${maxLength}, got ${length}`
  }
  if (pattern === undefined || matches(pattern, value)) return undefined
  return `failed to match pattern ${luaQuote(pattern)} with ${luaQuote(value)}`
}

function checkNumber(schema: Schema, value: Json): string | undefined {
  if (typeof value !== 'number') return undefined
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema
  const told = (words: string, bound: number) => `expected ${value} to be ${words} ${bound}`
  if (minimum !== undefined && value < minimum) return told('at least', minimum)
  if (exclusiveMinimum !== undefined && value <= exclusiveMinimum) {
    return told('greater than', exclusiveMinimum)
  }
  if (maximum !== undefined && value > maximum) return told('at most', maximum)
  if (exclusiveMaximum !== undefined && value >= exclusiveMaximum) {
    return told('smaller than', exclusiveMaximum)
  }
  return undefined
}

function checkEnum(schema: Schema, value: Json): string | undefined {
  const values = schema.enum
  if (values === undefined || values.some((each) => deepEqual(each, value))) return undefined
  return 'matches none of the enum values'
}

function checkAll({ allOf = [] }: Schema, value: Json): string | undefined {
  for (const [at, each] of allOf.entries()) {
    const wrong = validate(each, value)
    if (wrong !== undefined) return `allOf ${at + 1} failed: ${wrong}`
  }
  return undefined
}

function checkAny({ anyOf }: Schema, value: Json): string | undefined {
  if (anyOf === undefined || anyOf.some((each) => validate(each, value) === undefined)) {
    return undefined
  }
  const required = anyOf.flatMap((each) =>
    each.required === undefined ? [] : [JSON.stringify(each.required)]
  )
  const told = required.length === 0 ? '' : `: ${required.join(' or ')}`
  return `object matches none of the required${told}`
}

function checkOne({ oneOf }: Schema, value: Json): string | undefined {
  if (oneOf === undefined) return undefined
  const fitting = oneOf.flatMap((each, at) => validate(each, value) === undefined ? [at + 1] : [])
  if (fitting.length === 1) return undefined
  const begin = 'value should match only one schema, but matches'
  if (fitting.length === 0) return `${begin} none`
  return `${begin} both schemas ${fitting[0]} and ${fitting[1]}`
}

function checkIf(schema: Schema, value: Json): string | undefined {
  if (schema.if === undefined) return undefined
  const branch = validate(schema.if, value) === undefined ? 'then' : 'else'
  const wanted = schema[branch]
  if (wanted === undefined || validate(wanted, value) === undefined) return undefined
  return `${branch} clause did not match`
}

function checkNot({ not }: Schema, value: Json): string | undefined {
  if (not === undefined || validate(not, value) !== undefined) return undefined
  return "value wasn't supposed to match schema"
}

function checkFormat({ format }: Schema, value: Json): string | undefined {
  if (format === undefined || typeof value !== 'string') return undefined
  if (format === 'ipv4' ? isIpv4(value) : isIpv6(value)) return undefined
  return `expect valid ${format} address but got: ${value}`
}
