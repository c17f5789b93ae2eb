import { compileRegex, type Regex } from '../regex/mod.ts'
import type { Path } from '../snapshot/types.ts'
import { fail } from './compile-context.ts'
import type { CompileContext } from './compile-context.ts'

/** Compiles regular expressions; those that cannot be used are noted and left out. */
export function compilePatterns(
  context: CompileContext,
  patterns: readonly string[],
  path: Path,
): readonly Regex[] {
  const compiled: Regex[] = []
  for (const [index, pattern] of patterns.entries()) {
    const regex = compileRegex(pattern)
    if (!('problem' in regex)) compiled.push(regex)
    else {
      const message = `Could not use pattern ${JSON.stringify(pattern)}: ${regex.problem}`
      fail(context, [...path, index], message)
    }
  }
  return compiled
}
