import {
  type ErrorPageConfig,
  type ErrorPagesConfig,
  FILTER_DEFAULTS,
  type FilterConfig,
} from '../../../snapshot/mod.ts'
import type { ApiDocument, JsonMap } from '../model.ts'
import { Unsupported } from './expression-names.ts'
import { readOperand } from './selection-rule.ts'
import { mapAt, type Notes, numberAt, textAt } from './settings.ts'

/** What an API's `responseTemplates` put in place of the gateway's own answers, and what of them cannot be used. */
export interface TranslatedTemplates {
  readonly filters: readonly FilterConfig[]
  readonly errors: readonly string[]
}

/** Runs after all others, so that what they say of an answer stands. */
const LAST = -100_000

/** Translates an API's `responseTemplates`. */
export function templatesOf(api: ApiDocument): TranslatedTemplates {
  const errors: string[] = []
  const all = mapAt(api.extra, 'responseTemplates')
  const pages: Record<string, Record<string, ErrorPageConfig>> = {}
  for (const key of Object.keys(all)) {
    const byType = mapAt(all, key)
    pages[key] = Object.fromEntries(
      Object.keys(byType).map((type) => {
        const found = pageOf(mapAt(byType, type), api)
        if (typeof found !== 'string') {
          return [type === 'DEFAULT' ? '*/*' : type.toLowerCase(), found]
        }
        errors.push(`Could not use response template "${key}" for ${type}: ${found}`)
        return [type, { status: undefined, headers: [], body: [] }]
      }),
    )
  }
  if (Object.keys(pages).length === 0) return { filters: [], errors }
  return { filters: [filterOf(pages)], errors }
}

function filterOf(pages: ErrorPagesConfig): FilterConfig {
  return { ...FILTER_DEFAULTS.response, priority: LAST, pages }
}

/** One template; else what is wrong with it. */
function pageOf(template: JsonMap, api: ApiDocument): ErrorPageConfig | string {
  const status = numberAt(template, 'statusCode') ?? numberAt(template, 'status')
  if (status !== undefined && (status < 200 || status > 599)) {
    return `status ${status} is none that ends a request`
  }
  const headers = Object.entries(mapAt(template, 'headers')).map(([name, value]) => (
    { name, value: String(value) }
  ))
  const written = template['body']
  const body = partsOf(typeof written === 'string' ? written : '', api)
  return typeof body === 'string' ? body : { status, headers, body }
}

/** Where an expression begins: in all other places a brace is a brace. */
const BEGIN = /\{(?=\s*#|T\(|\()/g

/** A body's text, with variables for its expressions; else what is wrong with one. */
export function partsOf(text: string, api: ApiDocument): ErrorPageConfig['body'] | string {
  const parts: (string | { readonly variable: string })[] = []
  let at = 0
  for (const { index } of text.matchAll(BEGIN)) {
    if (index < at) continue
    const end = endOf(text, index)
    if (end < 0) return `the expression at "${text.slice(index, index + 40)}" has no end`
    const found = partOf(text.slice(index + 1, end), api)
    if ('error' in found) return `"${text.slice(index, end + 1)}": ${found.error}`
    parts.push(text.slice(at, index), found.part)
    at = end + 1
  }
  return [...parts, text.slice(at)].filter((part) => part !== '')
}

/** Text of a setting, in which expressions may stand for what the API itself says; empty where there is none. */
export function constantAt(
  map: JsonMap,
  name: string,
  { api, notes }: { readonly api: ApiDocument; readonly notes: Notes },
): string {
  const written = textAt(map, name) ?? ''
  const parts = partsOf(written, api)
  if (typeof parts === 'string') {
    notes.errors.push(`Could not use ${name}: ${parts}`)
    return written
  }
  const variable = parts.find((part) => typeof part !== 'string')
  if (variable === undefined) return parts.join('')
  notes.errors.push(`Could not use ${name}: its expression asks for what a request says`)
  return written
}

/** The brace that ends an expression, past those within its texts. */
function endOf(text: string, start: number): number {
  let quote = ''
  for (let at = start + 1; at < text.length; at++) {
    const char = text.charAt(at)
    if (quote !== '') quote = char === quote ? '' : quote
    else if (char === "'" || char === '"') quote = char
    else if (char === '}') return at
  }
  return -1
}

function partOf(
  expression: string,
  api: ApiDocument,
): { readonly part: string | { readonly variable: string } } | { readonly error: string } {
  // No refusal of this gateway has parameters.
  if (/^\s*#(error\.)?parameters\b[\w.'"[\]-]*\s*$/.test(expression)) return { part: '' }
  try {
    const operand = readOperand(expression, api)
    if (operand.kind === 'variable') return { part: { variable: operand.name } }
    return { part: operand.value === null ? '' : String(operand.value) }
  } catch (error) {
    return { error: error instanceof Unsupported ? error.message : 'it cannot be read' }
  }
}
