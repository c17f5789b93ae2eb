import type { Facts } from '../vars/mod.ts'
import type { HeaderList } from '../wire/types.ts'
import type { Consumer, FilterMeans, OnResponse } from './types.ts'

/** One request on its way through filters, and what they have made of it. */
export class Passage {
  readonly facts: Facts
  readonly means: FilterMeans
  /** Epoch milliseconds. */
  readonly now: number
  consumer: Consumer | undefined
  /** The Host to send upstream; undefined: as the upstream says. */
  host: string | undefined
  /** The longest body in bytes; undefined: as the limits say. 0: no bound. */
  bodySize: number | undefined
  /** How long the request waits before it goes on, in milliseconds. */
  delay = 0
  /** Whether target or method are not the client's any more. */
  rewritten = false
  /** Names, lower case, that filters wrote or removed: what the client and the gateway say under them is not sent. */
  readonly owned: Set<string> = new Set()
  /** Fields that filters wrote, names and values in turn. */
  #written: HeaderList = []
  /** What answers gain, names and values in turn. */
  readonly told: HeaderList = []
  /** What is still to be done to the answer, in order. */
  readonly onResponse: OnResponse[] = []

  constructor(facts: Facts, means: FilterMeans, now: number) {
    this.facts = facts
    this.means = means
    this.now = now
  }

  get written(): HeaderList {
    return this.#written
  }

  /** Puts a field in place of all of its name; without a value it is removed. */
  setHeader(name: string, value: string | undefined): void {
    const lower = name.toLowerCase()
    if (lower === 'host') {
      this.host = value
      return
    }
    if (FRAMING.has(lower)) return
    this.owned.add(lower)
    this.#written = without(this.#written, lower)
    const headers = without(this.facts.head.headers, lower)
    if (value !== undefined) {
      const clean = fieldText(value)
      this.#written.push(name, clean)
      headers.push(name, clean)
    }
    this.#replaceHeaders(headers)
  }

  /** Adds a field behind those of its name. */
  addHeader(name: string, value: string): void {
    const lower = name.toLowerCase()
    if (lower === 'host' || FRAMING.has(lower)) return
    const clean = fieldText(value)
    this.#written.push(name, clean)
    this.#replaceHeaders([...this.facts.head.headers, name, clean])
  }

  /** Gives the request another target. */
  setTarget(path: string, query: string): void {
    this.rewritten = true
    const { facts } = this
    facts.head = { ...facts.head, path, query, target: path + query }
  }

  setMethod(method: string): void {
    this.rewritten = true
    const { facts } = this
    facts.head = { ...facts.head, method }
  }

  #replaceHeaders(headers: HeaderList): void {
    const { facts } = this
    facts.head = { ...facts.head, headers }
  }
}

/** What frames a message or concerns one connection alone is not for filters. */
const FRAMING: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'expect',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

/** Whether a response's field may be changed by filters. */
export function isFraming(lowerName: string): boolean {
  return FRAMING.has(lowerName)
}

/** A list without the fields of a name, given in lower case. Always a new one. */
export function without(headers: HeaderList, lowerName: string): HeaderList {
  const kept: HeaderList = []
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const name = headers[i] as string
    if (name.length === lowerName.length && name.toLowerCase() === lowerName) continue
    kept.push(name, headers[i + 1] as string)
  }
  return kept
}

/** A value that a field can carry: what would end a line is dropped (RFC 9110 section 5.5). */
export function fieldText(value: string): string {
  // deno-lint-ignore no-control-regex
  return value.replace(/[\u0000-\u0008\u000a-\u001f\u007f]|[^\u0000-\u00ff]/g, '').trim()
}
