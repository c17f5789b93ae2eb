import type { Condition, StoredDocument, StoreFailure } from '../../../../store/mod.ts'
import type { Table } from '../../table.ts'
import type { Ciphertext } from '../ciphertext.ts'
import type { ConsumerKeys } from './duplicates.ts'

/** What checks may ask. */
export interface CheckContext {
  /** Reads another document. */
  readonly find: (key: string) => Promise<StoredDocument | undefined | StoreFailure>
  /** All documents of a kind. */
  readonly all: (kind: string) => Promise<readonly StoredDocument[] | StoreFailure>
  /** What consumers are told by. */
  readonly keys: ConsumerKeys
  readonly ciphertext: Ciphertext
  /** Whether other documents that this one names must be there. */
  readonly references: boolean
}

/** A document that may be kept, with secrets in clear; or why not. */
export type Checked = Passed | Wrong

export interface Passed {
  readonly document: Table
  /** What the operator should know. */
  readonly warnings: readonly string[]
  /** What must still hold when it is written. */
  readonly conditions: readonly Condition[]
}

export interface Wrong {
  readonly wrong: string
  /** 400 unless told otherwise. */
  readonly status?: number
}

/** A document that passed. */
export function passed(document: Table, more: Partial<Passed> = {}): Passed {
  return { document, warnings: [], conditions: [], ...more }
}

/** Whether a check failed. */
export function isWrong(checked: Checked | Wrong | object): checked is Wrong {
  return 'wrong' in checked
}
