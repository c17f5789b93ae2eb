import { type Glob, globOf, matchesGlob, wildcardOf } from './glob.ts'

/** One attribute of a distinguished name. */
interface Attribute {
  /** Upper case: `CN`, or an OID. */
  readonly type: string
  /** Characters, and wildcards where they were asked for. */
  readonly value: readonly (string | symbol)[]
  /** Whether the value is BER in hex, as `#...`. */
  readonly raw: boolean
}

/** A distinguished name in the order of RFC 4514, the leaf's own part first. */
export type Subject = readonly (readonly Attribute[])[]

const utf8 = new TextDecoder('utf-8')
const HEX = /^[\da-f]{2}$/i

/** Reads RFC 4514 text; undefined where it is none. With `wildcards`, `*` and `?` have their meaning in values. */
export function parseSubject(text: string, wildcards = false): Subject | undefined {
  if (text === '') return []
  const parts: Attribute[][] = [[]]
  for (const { end, text: written } of splitAttributes(text)) {
    const attribute = readAttribute(written, wildcards)
    if (attribute === undefined) return undefined
    parts.at(-1)?.push(attribute)
    if (end === ',') parts.push([])
  }
  return parts
}

/** Cuts at `,` and `+` without `\` before them. */
function* splitAttributes(text: string): Iterable<{ readonly text: string; readonly end: string }> {
  let start = 0
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string
    if (character === '\\') at++
    else if (character === ',' || character === '+') {
      yield { text: text.slice(start, at), end: character }
      start = at + 1
    }
  }
  yield { text: text.slice(start), end: '' }
}

function readAttribute(written: string, wildcards: boolean): Attribute | undefined {
  const [, type, value = ''] = /^ *([a-z\d.-]+) *= *(.*)$/is.exec(written) ?? []
  if (type === undefined) return undefined
  const raw = value.startsWith('#')
  return { type: type.toUpperCase(), value: readValue(trimEnd(value), wildcards && !raw), raw }
}

/** Takes spaces off the end, but not one that belongs to the value by the `\` before it. */
function trimEnd(value: string): string {
  let end = value.length
  while (value[end - 1] === ' ') end--
  let marks = 0
  while (value[end - 1 - marks] === '\\') marks++
  return value.slice(0, marks % 2 === 1 ? end + 1 : end)
}

/** Takes the `\` away (RFC 4514 section 3): before a character, or two hex digits of a byte of UTF-8. */
function readValue(text: string, wildcards: boolean): (string | symbol)[] {
  const tokens: (string | symbol)[] = []
  const bytes: number[] = []
  const flush = (): void => void tokens.push(...utf8.decode(Uint8Array.from(bytes.splice(0))))
  const characters = [...text]
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] as string
    const pair = (characters[at + 1] ?? '') + (characters[at + 2] ?? '')
    if (character === '\\' && HEX.test(pair)) {
      bytes.push(parseInt(pair, 16))
      at += 2
      continue
    }
    flush()
    if (character === '\\') tokens.push(characters[++at] ?? '')
    else tokens.push(wildcards ? wildcardOf(character) : character)
  }
  flush()
  return tokens
}

/** The value of the only common name; undefined where there is none, or several: which one counts is unclear. */
export function commonNameOf(subject: Subject): string | undefined {
  const found = subject.flat().filter(({ type, raw }) => type === 'CN' && !raw)
  return found.length === 1 ? textOf(found[0] as Attribute) : undefined
}

function textOf({ value }: Attribute): string {
  return value.join('')
}

/** What subjects are held against. */
export interface SubjectPattern {
  /** In place of the first part, any parts, at least one. */
  readonly anyBefore: boolean
  readonly parts: readonly (readonly AttributePattern[])[]
}

interface AttributePattern {
  readonly type: string
  readonly raw: boolean
  readonly value: Glob
}

/**
 * Compiles a pattern: RFC 4514 text whose values may have wildcards, each within its own value. `*,` at the start
 * stands for any parts before the others. Undefined where it is not of that form.
 */
export function compileSubject(text: string): SubjectPattern | undefined {
  const anyBefore = /^ *\* *,/.test(text)
  const subject = parseSubject(anyBefore ? text.slice(text.indexOf(',') + 1) : text, true)
  if (subject === undefined || subject.length === 0) return undefined
  const parts = subject.map((part) =>
    part.map(({ type, raw, value }) => ({ type, raw, value: globOf(value) }))
  )
  return { anyBefore, parts }
}

/** Whether a subject fits a pattern, part by part. */
export function matchesSubject({ anyBefore, parts }: SubjectPattern, subject: Subject): boolean {
  const extra = subject.length - parts.length
  if (anyBefore ? extra < 1 : extra !== 0) return false
  return parts.every((part, index) => matchesPart(part, subject[index + extra] ?? []))
}

/** The attributes of one part have no order. */
function matchesPart(part: readonly AttributePattern[], own: readonly Attribute[]): boolean {
  if (part.length !== own.length) return false
  return part.every(({ type, raw, value }) =>
    own.some((each) => each.type === type && each.raw === raw && matchesGlob(value, textOf(each)))
  )
}
