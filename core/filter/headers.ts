import type { HeaderChangesConfig, HeaderConfig } from '../snapshot/types.ts'
import { compileTemplate, type GroupOf, type Template } from '../vars/mod.ts'
import { fieldText, isFraming, type Passage, without } from './passage.ts'
import type { ResponseInHand } from './types.ts'

interface Field {
  readonly name: string
  readonly lower: string
  readonly value: Template
}

/** Changes to header fields, ready for use. */
export interface HeaderChanges {
  readonly set: readonly Field[]
  readonly add: readonly Field[]
  readonly remove: readonly string[]
}

/** Compiles changes; undefined where there are none. */
export function compileHeaderChanges(
  { set, add, remove }: HeaderChangesConfig,
): HeaderChanges | undefined {
  if (set.length + add.length + remove.length === 0) return undefined
  return {
    set: set.map(field),
    add: add.map(field),
    remove: remove.map((name) => name.toLowerCase()),
  }
}

function field({ name, value }: HeaderConfig): Field {
  return { name, lower: name.toLowerCase(), value: compileTemplate(value) }
}

/** Adds, sets, then removes: the order in which APISIX does it. */
export function changeRequest(
  changes: HeaderChanges,
  passage: Passage,
  group: GroupOf | undefined,
): void {
  const { facts } = passage
  for (const { name, value } of changes.add) {
    passage.addHeader(name, value.render(facts, { group }))
  }
  for (const { name, value } of changes.set) {
    passage.setHeader(name, value.render(facts, { group }))
  }
  for (const name of changes.remove) passage.setHeader(name, undefined)
}

/** The same for an answer. */
export function changeResponse(
  changes: HeaderChanges,
  { facts }: Passage,
  response: ResponseInHand,
): void {
  for (const { name, lower, value } of changes.add) {
    if (!isFraming(lower)) response.headers.push(name, fieldText(value.render(facts)))
  }
  for (const { name, lower, value } of changes.set) {
    if (!isFraming(lower)) setField(response, name, value.render(facts))
  }
  for (const name of changes.remove) {
    if (!isFraming(name)) response.headers = without(response.headers, name)
  }
}

/** Puts a field in place of all of its name. An empty value removes it. */
export function setField(response: ResponseInHand, name: string, value: string): void {
  const headers = without(response.headers, name.toLowerCase())
  const clean = fieldText(value)
  if (clean !== '') headers.push(name, clean)
  response.headers = headers
}
