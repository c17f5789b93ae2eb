import type { Json } from '../../../store/mod.ts'

/** A map within a document. */
export type Table = { readonly [name: string]: Json }

/** Whether a value is a map. */
export function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
