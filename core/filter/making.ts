import { compileRegex, type Regex } from '../regex/mod.ts'
import type { Path } from '../snapshot/types.ts'
import { compileConditions, type Condition, parseRange } from '../vars/mod.ts'
import type { ConditionConfig } from '../snapshot/types.ts'
import type { IpRange } from '../vars/mod.ts'
import type { CompiledFilter } from './types.ts'

/** Takes a note of something wrong, at a place within the filter. */
export type Fail = (path: Path, message: string) => void

/** What a filter's maker gives. */
export type Made = Partial<Pick<CompiledFilter, 'onRequest' | 'onResponse'>>

/** Makes a filter of its configuration. What is wrong is noted, and the filter is not used then. */
export type Maker<C> = (config: C, making: Making) => Made

/** One filter that is being made. */
export class Making {
  /** What the filter's counts are kept under: whose it is, and what it is. */
  readonly id: string
  readonly #fail: Fail

  constructor(id: string, fail: Fail) {
    this.id = id
    this.#fail = fail
  }

  fail(path: Path, message: string): void {
    this.#fail(path, message)
  }

  regex(pattern: string, path: Path, ignoreCase = false): Regex | undefined {
    const compiled = compileRegex(pattern, { ignoreCase })
    if (!('problem' in compiled)) return compiled
    this.#fail(path, `Could not use pattern ${JSON.stringify(pattern)}: ${compiled.problem}`)
    return undefined
  }

  ranges(texts: readonly string[], path: Path): readonly IpRange[] {
    return texts.flatMap((text, index) => {
      const range = parseRange(text)
      if (range !== undefined) return range
      this.#fail([...path, index], `Could not use ${JSON.stringify(text)}: no range of addresses`)
      return []
    })
  }

  conditions(configs: readonly ConditionConfig[], path: Path): Condition | undefined {
    const compiled = compileConditions(configs)
    if (compiled === undefined || !('problem' in compiled)) return compiled
    this.#fail(path, `Could not use a condition: ${compiled.problem}`)
    return undefined
  }
}
