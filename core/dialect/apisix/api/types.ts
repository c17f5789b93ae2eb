import type { Clock, Log } from '../../../port/mod.ts'
import type { Store, StoredDocument, StoreFailure } from '../../../store/mod.ts'
import type { DocumentProblem } from '../../types.ts'
import type { CheckContext } from './checks/types.ts'
import type { Ciphertext } from './ciphertext.ts'

/** What answers about documents are made with. */
export interface ResourceContext {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly ciphertext: Ciphertext
  readonly checks: CheckContext
  /** Stands before keys in answers. */
  readonly prefix: string
  /** The documents right in a folder such as `/routes`, in the order of their keys. */
  readonly documents: (folder: string) => Promise<readonly StoredDocument[] | StoreFailure>
  /** Waits until a write is in force, or long enough, and says what is wrong because of it. */
  readonly inForce: (revision: number) => Promise<readonly DocumentProblem[]>
}
