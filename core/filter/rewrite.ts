import { type Groups, groupText, type Regex, replaceFound } from '../regex/mod.ts'
import type { RewriteFilterConfig } from '../snapshot/types.ts'
import {
  compileTemplate,
  encodePath,
  type Facts,
  percentDecode,
  type Template,
} from '../vars/mod.ts'
import { changeRequest, compileHeaderChanges } from './headers.ts'
import type { Maker, Making } from './making.ts'
import type { Passage } from './passage.ts'

/** A new target, and the groups that were found on the way to it. */
interface Rewritten {
  readonly text: string
  /** Whether a `?` in it begins a query, and is none of the path's own. */
  readonly mayHaveQuery: boolean
  readonly group?: (index: number) => string
}

type Rewrite = (facts: Facts, from: string) => Rewritten | undefined

/** `rewrite`: another path, method, Host or other header fields towards the upstream. */
export const makeRewrite: Maker<RewriteFilterConfig> = (config, making) => {
  const rewrite = compileRewrite(config, making)
  const byPrefix = rewrite === undefined && (config.stripPrefix ?? config.addPrefix) !== undefined
  const changes = compileHeaderChanges(config.headers)
  const host = config.host === undefined ? undefined : compileTemplate(config.host)
  const { method, raw } = config
  const dropped = config.dropArguments === undefined ? undefined : new Set(config.dropArguments)
  if (method === 'CONNECT') making.fail(['method'], 'Could not use CONNECT: it asks for a tunnel')
  return {
    onRequest: (passage) => {
      const { facts } = passage
      const found = rewrite?.(facts, raw ? facts.head.target : facts.uri)
      if (found !== undefined) applyTarget(passage, found, raw)
      else if (byPrefix || dropped !== undefined) {
        const { path, query } = facts.head
        const target = byPrefix ? rewritePrefix(config, path) : path
        passage.setTarget(target, dropped === undefined ? query : dropArguments(query, dropped))
      }
      if (host !== undefined) passage.host = host.render(facts)
      if (changes !== undefined) changeRequest(changes, passage, found?.group)
      if (method !== undefined) passage.setMethod(method)
      return undefined
    },
  }
}

function compileRewrite(config: RewriteFilterConfig, making: Making): Rewrite | undefined {
  const { uri, regex } = config
  if (uri !== undefined) {
    const template = compileTemplate(uri)
    return (facts) => ({ text: template.render(facts, { escape: closed }), mayHaveQuery: true })
  }
  return regex.length > 0 ? compileRegexes(config, making) : undefined
}

/** The first pattern that is found decides. */
function compileRegexes({ regex }: RewriteFilterConfig, making: Making): Rewrite | undefined {
  const pairs: (readonly [Regex, Template])[] = []
  for (const [index, { pattern, replacement }] of regex.entries()) {
    const compiled = making.regex(pattern, ['regex', index, 'pattern'])
    if (compiled === undefined) return undefined
    pairs.push([compiled, compileTemplate(replacement)])
  }
  return (facts, from) => {
    for (const [pattern, template] of pairs) {
      let groups: Groups = []
      const group = (index: number): string => groupText(from, groups, index)
      const text = replaceFound(pattern, from, {
        all: false,
        by: (found) => {
          groups = found
          return template.render(facts, { escape: closed, group })
        },
      })
      if (text !== undefined) return { text, mayHaveQuery: !from.includes('?'), group }
    }
    return undefined
  }
}

/** What a variable brings cannot begin a query. */
function closed(value: string): string {
  return value.replace('?', '%3F')
}

function applyTarget(passage: Passage, { text, mayHaveQuery }: Rewritten, raw: boolean): void {
  const { query } = passage.facts.head
  const mark = mayHaveQuery || raw ? text.indexOf('?') : -1
  const path = mark < 0 ? text : text.slice(0, mark)
  const own = mark < 0 ? '' : text.slice(mark)
  if (raw) return passage.setTarget(rooted(safe(path)), safe(own))
  const joint = own === '' ? '?' : '&'
  const all = query.length > 1 ? own + joint + query.slice(1) : own
  passage.setTarget(rooted(encodePath(path)), safe(all))
}

function rooted(path: string): string {
  return path.startsWith('/') ? path : `/${path}`
}

/** A target ends at the first space or control character, so none may be in it (RFC 9112 section 3.2). */
function safe(text: string): string {
  // deno-lint-ignore no-control-regex
  return text.replace(/[\u0000-\u0020\u007f-\u00ff]/g, (char) => encodePath(char))
}

/**
 * `rewrite` by prefixes: what is taken away is taken in whole segments, and the path stays as the client encoded it.
 */
export function rewritePrefix(
  { stripPrefix = '', addPrefix = '' }: RewriteFilterConfig,
  path: string,
): string {
  const prefix = stripPrefix.replace(/\/+$/, '')
  const below = path === prefix || path.startsWith(`${prefix}/`)
  const rest = below ? path.slice(prefix.length) : path
  const joined = addPrefix.endsWith('/') && rest.startsWith('/')
    ? addPrefix + rest.slice(1)
    : addPrefix + rest
  return rooted(joined)
}

/** A query, with its `?`, without the arguments of these names; the others stay as the client wrote them. */
function dropArguments(query: string, names: ReadonlySet<string>): string {
  if (query.length < 2) return query
  const parts = query.slice(1).split('&')
  const kept = parts.filter((part) => !names.has(percentDecode(part.split('=', 1)[0] as string)))
  if (kept.length === parts.length) return query
  return kept.length === 0 ? '' : `?${kept.join('&')}`
}
