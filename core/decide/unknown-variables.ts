import type {
  ConditionConfig,
  FilterConfig,
  HeaderChangesConfig,
  HeaderConfig,
  Path,
} from '../snapshot/types.ts'
import { compileTemplate, isKnownVariable } from '../vars/mod.ts'
import { warn } from './compile-context.ts'
import type { CompileContext } from './compile-context.ts'

/** What asks for variables, and those that the configuration gives besides. */
export interface Asking {
  readonly conditions?: readonly ConditionConfig[]
  readonly filters?: readonly FilterConfig[]
  readonly variables?: Readonly<Record<string, string>>
  /** Who asks, for messages. */
  readonly whose: string
}

/** Warns of names that no variable has: what asks for them never sees a value. */
export function warnOfUnknownVariables(
  context: CompileContext,
  { conditions = [], filters = [], variables = {}, whose }: Asking,
  path: Path,
): void {
  const asked = [...conditions.flatMap(inCondition), ...filters.flatMap(inFilter)]
  for (const name of new Set(asked)) {
    if (isKnownVariable(name) || Object.hasOwn(variables, name)) continue
    warn(context, path, `${whose} asks for the variable "${name}": there is none of that name`)
  }
}

function inCondition(condition: ConditionConfig): readonly string[] {
  if ('variable' in condition) return [condition.variable]
  if ('not' in condition) return inCondition(condition.not)
  return ('all' in condition ? condition.all : condition.any).flatMap(inCondition)
}

function inFilter(filter: FilterConfig): readonly string[] {
  return [...filter.when.flatMap(inCondition), ...ofFilter(filter)]
}

function ofFilter(filter: FilterConfig): readonly string[] {
  switch (filter.type) {
    case 'rewrite': {
      const { uri, host, regex, headers } = filter
      const texts = [uri, host, ...regex.map(({ replacement }) => replacement)]
      return [...texts.flatMap(inTemplate), ...inChanges(headers)]
    }
    case 'response':
      return inChanges(filter.headers)
    case 'redirect':
      return [filter.uri, filter.regex?.replacement].flatMap(inTemplate)
    case 'respond':
      return filter.headers.flatMap(inHeader)
    case 'count-limit':
    case 'rate-limit':
      if (filter.keyType === 'variable') return [filter.key]
      return filter.keyType === 'template' ? inTemplate(filter.key) : []
    case 'real-address':
      return [filter.source]
    case 'consumers':
      return [filter.variable]
    default:
      return []
  }
}

function inChanges({ set, add }: HeaderChangesConfig): readonly string[] {
  return [...set, ...add].flatMap(inHeader)
}

function inHeader({ value }: HeaderConfig): readonly string[] {
  return inTemplate(value)
}

function inTemplate(text: string | undefined): readonly string[] {
  return text === undefined || !text.includes('$') ? [] : compileTemplate(text).variables
}
