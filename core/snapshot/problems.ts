import type { Path, Problem } from './types.ts'
import { pathText, safe } from './text.ts'

/** Whether a problem is about a key itself or about what stands under it. */
export type At = 'key' | 'value'

/** Finds the line and column of a place in a document. */
export type Locate = (path: Path, at: At) => Problem['position']

/** Whether the document is a map, in any of the forms a map may come in. */
export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) &&
    !(value instanceof Date)
}

/** What stands in a document under a key or index. */
function step(value: unknown, key: string | number): unknown {
  if (Array.isArray(value)) return typeof key === 'number' ? value[key] : undefined
  return isMap(value) && Object.hasOwn(value, key) ? value[key] : undefined
}

/** What stands in a document at a path; undefined where there is nothing. */
export function valueAt(document: unknown, path: Path): unknown {
  return path.reduce(step, document)
}

/** The longest beginning of a path that the document has. */
function existing(document: unknown, path: Path): Path {
  let value = document
  for (let depth = 0; depth < path.length; depth++) {
    value = step(value, path[depth]!)
    if (value === undefined) return path.slice(0, depth)
  }
  return path
}

/** Collects all that is wrong with one document, with its places. */
export class Problems {
  readonly document: unknown
  readonly #locate: Locate
  readonly #found: Problem[] = []

  constructor(document: unknown, locate: Locate) {
    this.document = document
    this.#locate = locate
  }

  /** Adds an error. A path that leads beyond the document stands for its last existing part. */
  error(path: Path, message: string, at: At = 'value'): void {
    this.#add('error', { path, message, at })
  }

  /** Adds a warning: the configuration is used all the same. */
  warn(path: Path, message: string, at: At = 'value'): void {
    this.#add('warning', { path, message, at })
  }

  /** Takes over problems that were found, with their positions, elsewhere. */
  adopt(problems: readonly Problem[]): void {
    this.#found.push(...problems)
  }

  /** Where a path is written. */
  position(path: Path, at: At = 'value'): Problem['position'] {
    const place = existing(this.document, path)
    return this.#locate(place, place.length === path.length ? at : 'value')
  }

  #add(severity: Problem['severity'], { path, message, at }: Found): void {
    const position = this.position(path, at)
    this.#found.push({ severity, path: existing(this.document, path), message, position })
  }

  /** Whether anything was found that forbids the use of the configuration. */
  get failed(): boolean {
    return this.#found.some((problem) => problem.severity === 'error')
  }

  /** All problems, in the order of the document. What an alias brings in twice is told once. */
  list(): Problem[] {
    const told = new Set<string>()
    const once = this.#found.filter(({ position, message }) => {
      if (position === undefined) return true
      const mark = `${position.line}:${position.column} ${message}`
      return !told.has(mark) && told.add(mark)
    })
    const line = (problem: Problem) => problem.position?.line ?? 0
    const column = (problem: Problem) => problem.position?.column ?? 0
    return once.toSorted((a, b) => line(a) - line(b) || column(a) - column(b))
  }
}

interface Found {
  readonly path: Path
  readonly message: string
  readonly at: At
}

/**
 * One line for the operator, as compilers write them: `gateway.yaml:12:9: error: Unknown key ...`.
 * A problem without a position names its path instead.
 */
export function formatProblem(problem: Problem): string {
  const { position, severity, message, path } = problem
  if (position === undefined) return `${pathText(path)}: ${severity}: ${message}`
  return `${safe(position.file)}:${position.line}:${position.column}: ${severity}: ${message}`
}
