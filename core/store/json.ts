import type { Json } from './types.ts'

/**
 * A deeply frozen copy of a value, as JSON would carry it.
 * @returns undefined where the value is none that JSON can carry.
 */
export function copyJson(value: unknown): Json | undefined {
  try {
    const text = JSON.stringify(value) as string | undefined
    return text === undefined ? undefined : freezeJson(JSON.parse(text) as Json)
  } catch {
    return undefined
  }
}

/** Freezes what JSON.parse gave, all the way down. */
export function freezeJson<T extends Json>(value: T): T {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) { for (const part of value as readonly Json[]) freezeJson(part) }
  else for (const name in value) freezeJson((value as Record<string, Json>)[name] as Json)
  return Object.freeze(value)
}
