import type { StoredDocument } from '../../../store/mod.ts'
import { idOf, isTable, type Table, tableOf, textOf, textsOf } from '../table.ts'
import type { Kind } from './kinds.ts'

/** What is wanted of a list. */
export interface Listing {
  readonly documents: readonly StoredDocument[]
  /** How many there are before paging. */
  readonly total: number
}

/** Filters and pages documents as the query says. @returns the page, or a text that says what is wrong with the query */
export function listing(
  documents: readonly StoredDocument[],
  query: URLSearchParams,
  kind: Kind,
): Listing | string {
  const filtered = documents.filter(({ value }) => isTable(value) && fits(value, query, kind))
  const total = filtered.length
  const page = asNumber(query.get('page'))
  const size = asNumber(query.get('page_size'))
  if (page === undefined || size === undefined) return { documents: filtered, total }
  if (size < 10 || size > 500) return 'page_size must be between 10 and 500'
  const sorted = filtered.toSorted((a, b) => a.createRevision - b.createRevision)
  const from = (Math.max(1, page) - 1) * size
  return { documents: sorted.slice(from, from + size), total }
}

function fits(value: Table, query: URLSearchParams, kind: Kind): boolean {
  const name = query.get('name')
  if (name !== null && !contains(textOf(value, 'name'), name)) return false
  const label = query.get('label')
  if (label !== null && tableOf(value, 'labels')?.[label] === undefined) return false
  const uri = query.get('uri')
  if (uri !== null && !urisOf(value).some((each) => contains(each, uri))) return false
  return meets(value, query.get('filter'), kind)
}

/** `filter=service_id%3D1%26upstream_id%3D2`: all must be so. */
function meets(value: Table, filter: string | null, { filters }: Kind): boolean {
  if (filter === null || filters.length === 0) return true
  for (const [field, wanted] of new URLSearchParams(filter)) {
    if (filters.includes(field) && idOf(value, field) !== wanted) return false
  }
  return true
}

function urisOf(value: Table): readonly string[] {
  const uri = textOf(value, 'uri')
  return uri === undefined ? textsOf(value, 'uris') : [uri]
}

/**
 * Whether a text contains what a pattern describes. The pattern comes from a client: what has no special meaning in
 * the patterns that are in use is compared as it is, so that none runs away.
 */
function contains(text: string | undefined, pattern: string): boolean {
  if (text === undefined) return false
  if (!/[\\^$.*+?()[\]{}|]/.test(pattern)) return text.includes(pattern)
  if (pattern.length > 256 || text.length > 4096 || /[*+?}].*[*+{].*[*+{]/.test(pattern)) {
    return text.includes(pattern)
  }
  try {
    return new RegExp(pattern).test(text)
  } catch {
    return false
  }
}

function asNumber(text: string | null): number | undefined {
  if (text === null || text.trim() === '') return undefined
  const number = Number(text)
  return Number.isFinite(number) ? Math.floor(number) : undefined
}
