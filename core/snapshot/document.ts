import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, stringify, visit } from 'yaml'
import type { Alias, Document, Node, Pair, YAMLError, YAMLMap } from 'yaml'
import type { Path, Problem } from './types.ts'
import type { At, Locate } from './problems.ts'
import { quote, safe } from './text.ts'

// An alias is followed each time it is used; a document that needs more is not a configuration.
const MAX_ALIASES = 10_000

/** A YAML text as plain values, with the way back from a path to its line and column. */
export interface ParsedText {
  /** Undefined where the text could not be parsed at all, or is empty. */
  readonly value: unknown
  readonly empty: boolean
  readonly locate: Locate
  readonly problems: readonly Problem[]
}

/** The anchors and aliases of one document. */
type Targets = ReadonlyMap<Alias, Node>

/** Parses YAML 1.2 (core schema, merge keys). Syntax errors come back as problems, with positions. */
export function parseText(text: string, file: string): ParsedText {
  const lines = new LineCounter()
  const nothing = { value: undefined, empty: false, locate: () => undefined }
  const at = (offset: number): Problem['position'] => {
    const { line, col } = lines.linePos(offset)
    return { file, line: Math.max(line, 1), column: Math.max(col, 1) }
  }
  const problem = (offset: number, message: string): Problem => (
    { severity: 'error', path: [], message, position: at(offset) }
  )
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: true })
    const { targets, loose } = resolveAliases(document)
    const syntax = [...document.errors, ...document.warnings]
    const problems = [
      ...syntaxProblems(syntax, text, problem),
      ...loose.map(({ offset, message }) => problem(offset, message)),
    ]
    const locate = locator(document, targets, at)
    const readable = syntax.every((error) => error.code === 'DUPLICATE_KEY') && loose.length === 0
    if (!readable) return { ...nothing, problems }
    const empty = document.contents === null
    return { value: document.toJS({ maxAliasCount: MAX_ALIASES }), empty, locate, problems }
  } catch (error) {
    return { ...nothing, problems: [problem(0, unparsable(error))] }
  }
}

/** One mistake makes the parser stumble many times; what follows the first few says nothing new. */
const MAX_SYNTAX_PROBLEMS = 20

function syntaxProblems(
  errors: readonly YAMLError[],
  text: string,
  problem: (offset: number, message: string) => Problem,
): Problem[] {
  const overflow = errors.find(({ message }) => /call stack/i.test(message))
  if (overflow !== undefined) return [problem(overflow.pos[0], TOO_DEEP)]
  const found = new Map<string, Problem>()
  for (const error of errors.slice(0, MAX_SYNTAX_PROBLEMS)) {
    const message = syntaxMessage(error, text)
    found.set(`${error.pos[0]} ${message}`, problem(error.pos[0], message))
  }
  return [...found.values()]
}

// The parser recurses, so a text nested some thousand deep ends as a stack overflow.
const TOO_DEEP = 'Cannot parse YAML: nested too deep'

function unparsable(error: unknown): string {
  if (error instanceof RangeError) return TOO_DEEP
  if (error instanceof ReferenceError) return 'Cannot parse YAML: too many uses of aliases'
  return `Cannot parse YAML: ${safe(error instanceof Error ? error.message : String(error))}`
}

function syntaxMessage(error: YAMLError, text: string): string {
  if (error.code === 'DUPLICATE_KEY') {
    const key = /^[^\s:,{}[\]]+/.exec(text.slice(error.pos[0]))?.[0] ?? ''
    return `Duplicate key ${key.startsWith('"') ? safe(key) : quote(key)}: it stands here twice`
  }
  if (error.code === 'MULTIPLE_DOCS') return 'Cannot parse YAML: more than one document'
  return `Cannot parse YAML: ${safe(error.message)}`
}

/** Finds what each alias stands for, and the aliases that stand for nothing. */
function resolveAliases(document: Document.Parsed) {
  const anchors = new Map<string, Node>()
  const targets = new Map<Alias, Node>()
  const loose: { offset: number; message: string }[] = []
  visit(document, {
    Alias(_key, alias, ancestors) {
      const target = anchors.get(alias.source)
      const offset = alias.range?.[0] ?? 0
      const name = quote(`*${alias.source}`)
      if (target === undefined) {
        loose.push({ offset, message: `Cannot resolve alias ${name}: no anchor stands before it` })
      } else if (ancestors.includes(target)) {
        loose.push({ offset, message: `Cannot resolve alias ${name}: it contains itself` })
      } else targets.set(alias, target)
    },
    Value(_key, node) {
      if (node.anchor !== undefined) anchors.set(node.anchor, node)
    },
  })
  return { targets, loose }
}

function locator(
  document: Document.Parsed,
  targets: Targets,
  at: (offset: number) => Problem['position'],
): Locate {
  return (path: Path, which: At) => {
    let shown: unknown = document.contents
    for (const [depth, step] of path.entries()) {
      const node = isAlias(shown) ? targets.get(shown) : shown
      if (isSeq(node)) shown = node.items[Number(step)] ?? shown
      if (!isMap(node)) continue
      const pair = findPair(node, String(step), targets)
      if (pair === undefined) break
      shown = which === 'key' && depth === path.length - 1 ? pair.key : written(pair)
    }
    return at((shown as Node | null)?.range?.[0] ?? 0)
  }
}

/** The value of a pair, or its key where nothing is written after the colon. */
function written(pair: Pair): unknown {
  const value = pair.value
  const blank = value === null || isScalar(value) && value.value === null && value.source === ''
  return blank ? pair.key : value
}

/** The pair of a key: the map's own, or one that a merge key (`<<`) brings in. */
function findPair(map: YAMLMap, key: string, targets: Targets): Pair | undefined {
  const own = map.items.find((pair) => isScalar(pair.key) && String(pair.key.value) === key)
  if (own !== undefined) return own
  for (const { key: name, value } of map.items) {
    if (!isScalar(name) || name.source !== '<<') continue
    const sources = isSeq(value) ? value.items : [value]
    for (const source of sources) {
      const merged = isAlias(source) ? targets.get(source) : source
      const found = isMap(merged) ? findPair(merged, key, targets) : undefined
      if (found !== undefined) return found
    }
  }
  return undefined
}

/** A value as a document of YAML, with all its texts between quotation marks, so that each is read as text. */
export function quotedText(value: unknown): string {
  const text = stringify(value, {
    defaultStringType: 'QUOTE_DOUBLE',
    defaultKeyType: 'PLAIN',
    indentSeq: false,
    lineWidth: 0,
  })
  return `---\n${text}`
}
