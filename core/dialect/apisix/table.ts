import type { Json } from '../../store/types.ts'

/** An object of a document. */
export type Table = { readonly [name: string]: Json }

/** Whether a value is an object. */
export function isTable(value: Json | undefined): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A property of an object, as a text. */
export function textOf(table: Table | undefined, name: string): string | undefined {
  const value = propertyOf(table, name)
  return typeof value === 'string' ? value : undefined
}

/** A property of an object, as a number. */
export function numberOf(table: Table | undefined, name: string): number | undefined {
  const value = propertyOf(table, name)
  return typeof value === 'number' ? value : undefined
}

/** A property of an object, as an object. Of an empty list, which APISIX cannot tell from one, an empty object. */
export function tableOf(table: Table | undefined, name: string): Table | undefined {
  const value = propertyOf(table, name)
  if (isTable(value)) return value
  return Array.isArray(value) && value.length === 0 ? {} : undefined
}

/** A property of an object, as a list; empty where there is none. */
export function listOf(table: Table | undefined, name: string): readonly Json[] {
  const value = propertyOf(table, name)
  return Array.isArray(value) ? value as readonly Json[] : NONE
}

/** A property of an object, as a list of texts. */
export function textsOf(table: Table | undefined, name: string): readonly string[] {
  const all = listOf(table, name)
  return all.length === 0 ? NONE : all.filter((each) => typeof each === 'string')
}

/** One for all, of which there may be very many. */
const NONE: readonly never[] = []

/** A property of an object that names another document: APISIX takes numbers for ids, too. */
export function idOf(table: Table | undefined, name: string): string | undefined {
  const value = propertyOf(table, name)
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined
}

/** An object with some of its properties changed; undefined takes one away. */
export function withChanges(
  table: Table,
  changes: Readonly<Record<string, Json | undefined>>,
): Table {
  const all = new Map<string, Json>(Object.entries(table))
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) all.delete(name)
    else all.set(name, value)
  }
  return Object.fromEntries(all)
}

function propertyOf(table: Table | undefined, name: string): Json | undefined {
  return table !== undefined && Object.hasOwn(table, name) ? table[name] : undefined
}
