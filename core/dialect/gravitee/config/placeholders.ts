import { isTable, type Table } from './table.ts'

/** How deep references may lead to references. */
const DEPTH = 8
const PLACE = /\$\{([^{}:]+)(?::([^{}]*))?\}/g

/** Looks up what `${name}` stands for. */
export type Resolve = (name: string) => string | undefined

/** Text with its references replaced, and the names of those that lead nowhere. */
export interface Resolved {
  readonly text: string
  readonly missing: readonly string[]
}

/**
 * Puts values in place of `${name}` and `${name:default}`, as Spring has it: a key of the document with dots between
 * its steps, or a variable of the environment.
 */
export function resolvePlaceholders(text: string, resolve: Resolve, depth = 0): Resolved {
  const missing: string[] = []
  if (depth > DEPTH) return { text, missing: [text] }
  const done = text.replace(PLACE, (whole: string, name: string, otherwise?: string) => {
    const found = resolve(name.trim()) ?? otherwise
    if (found === undefined) {
      missing.push(name.trim())
      return whole
    }
    const inner = resolvePlaceholders(found, resolve, depth + 1)
    missing.push(...inner.missing)
    return inner.text
  })
  return { text: done, missing }
}

/** What stands at a key of a document, such as `ds.mongodb.host`; undefined where it is no single value. */
export function valueAt(document: Table, name: string): string | undefined {
  let here: unknown = document
  for (const step of name.split('.')) here = isTable(here) ? here[step] : undefined
  return here === undefined || here === null || typeof here === 'object' ? undefined : String(here)
}

/** How a key may be written as a variable of the environment: its steps joined, hyphens kept, dropped or bent. */
export function variablesFor(path: readonly (string | number)[]): string[] {
  const underscored = ['gravitee', ...path].join('_')
  const dotted = ['gravitee', ...path].join('.').replace(/\.(\d+)(?=\.|$)/g, '[$1]')
  const plain = [underscored, underscored.replaceAll('-', ''), underscored.replaceAll('-', '_')]
  return [...new Set([...plain, dotted, ...plain.map((each) => each.toUpperCase())])]
}
