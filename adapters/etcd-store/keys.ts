import { Buffer } from 'node:buffer'
import type { IKeyValue } from 'etcd3'
import { freezeJson, type Json, type StoredDocument } from '../../core/store/mod.ts'

/** From `start` up to, and without, `end`. */
export interface KeyRange {
  readonly start: string
  readonly end: string
}

/** What stands beside the documents: who made the last change, and which it was. */
export interface Audit {
  /** Of the transaction; unlike any other. */
  readonly id: string
  readonly by: string
  /** Milliseconds since 1970. */
  readonly at: number
}

/**
 * Where things lie in etcd. Documents begin with `/` and a letter or digit; `.` sorts before those, so that
 * what we add is in no list of documents and yet below the same prefix, where one watch sees both.
 */
export class KeyLayout {
  readonly #prefix: string
  readonly audit: string

  constructor(prefix: string) {
    this.#prefix = prefix.replace(/\/+$/, '')
    this.audit = `${this.#prefix}/.sallyport/last-change`
  }

  full(key: string): string {
    return this.#prefix + key
  }

  /** The document's key, without the prefix. */
  own(key: Buffer): string {
    return key.toString('utf8').slice(this.#prefix.length)
  }

  /** Documents whose key begins with `prefix`. */
  below(prefix: string): KeyRange {
    const all = prefix === '' || prefix === '/'
    const start = all ? '/0' : prefix
    const end = all ? '0' : prefix.slice(0, -1) + nextCharacter(prefix.slice(-1))
    return { start: this.full(start), end: this.full(end) }
  }
}

function nextCharacter(character: string): string {
  return String.fromCharCode(character.charCodeAt(0) + 1)
}

/** A key and its value as a document. Text that is not JSON, which others may have put, is given as a string. */
export function toDocument(layout: KeyLayout, pair: IKeyValue): StoredDocument {
  const leased = pair.lease !== '0' && pair.lease !== ''
  return Object.freeze({
    key: layout.own(pair.key),
    value: parse(pair.value.toString('utf8')),
    createRevision: Number(pair.create_revision),
    modifyRevision: Number(pair.mod_revision),
    version: Number(pair.version),
    ...(leased ? { expires: 0 } : {}),
  })
}

export function readAudit(value: Buffer): Audit | undefined {
  const audit = parse(value.toString('utf8')) as Partial<Audit> | null
  if (typeof audit?.id !== 'string' || typeof audit.by !== 'string') return undefined
  return { id: audit.id, by: audit.by, at: Number(audit.at) }
}

export function bytes(text: string): Buffer {
  return Buffer.from(text)
}

function parse(text: string): Json {
  try {
    return freezeJson(JSON.parse(text) as Json)
  } catch {
    return text
  }
}
