import type { Json } from '../../../store/types.ts'
import { diagnose } from './json-faults.ts'

/** A document, or what was wrong with its text in the words of lua-cjson. */
export type ParsedBody = { readonly value: Json } | { readonly wrong: string }

/** How deep documents may be nested, as in lua-cjson. */
const DEEPEST = 1000

/**
 * Reads JSON as lua-cjson does: control characters may stand in strings as they are, so that a certificate pasted with
 * its line breaks is taken.
 */
export function parseBody(text: string): ParsedBody {
  if (nesting(text) > DEEPEST) {
    return { wrong: `Found too many nested data structures (${DEEPEST + 1})` }
  }
  try {
    return { value: JSON.parse(escapeControls(text)) as Json }
  } catch {
    return { wrong: diagnose(text) }
  }
}

// deno-lint-ignore no-control-regex -- control characters are what is looked for
const CONTROL = /[\x00-\x1f]/
const CONTROLS = new RegExp(CONTROL, 'g')

/** The text with control characters within strings written as escapes. */
function escapeControls(text: string): string {
  if (!CONTROL.test(text)) return text
  return text.replace(/"(?:[^"\\]|\\[^])*"/g, (string) => string.replace(CONTROLS, escaped))
}

function escaped(control: string): string {
  return `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** How deep brackets are nested outside strings. */
function nesting(text: string): number {
  let depth = 0
  let deepest = 0
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (quoted) {
      if (code === 0x5c) at++
      else if (code === 0x22) quoted = false
    } else if (code === 0x22) quoted = true
    else if (code === 0x7b || code === 0x5b) deepest = Math.max(deepest, ++depth)
    else if (code === 0x7d || code === 0x5d) depth--
  }
  return deepest
}
