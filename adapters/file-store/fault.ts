import { type StoreFailure, storeFailure, type StoreFailureCode } from '../../core/store/mod.ts'
import { codeOf } from './disk.ts'

/** Thrown inside the adapter with the failure that its face gives back. */
export class StoreFault extends Error {
  readonly failure: StoreFailure
  constructor(code: StoreFailureCode, message: string) {
    super(message)
    this.name = 'StoreFault'
    this.failure = storeFailure(code, message)
  }
}

const CODES: Readonly<Record<string, StoreFailureCode>> = {
  ENOSPC: 'full',
  EDQUOT: 'full',
  EFBIG: 'full',
  EROFS: 'read-only',
  EACCES: 'read-only',
  EPERM: 'read-only',
}

const STATES: Readonly<Partial<Record<StoreFailureCode, string>>> = {
  full: 'no room is left',
  'read-only': 'it takes no writes',
}

/** What a thrown error means to those who use the store. `action` begins the sentence. */
export function asFailure(error: unknown, action: string): StoreFailure {
  if (error instanceof StoreFault) return error.failure
  const code = codeOf(error)
  const failure = CODES[code] ?? 'unavailable'
  const detail = code === 'UNKNOWN' ? String(error) : code
  const state = STATES[failure]
  return storeFailure(
    failure,
    state === undefined ? `${action}: ${detail}` : `${action}: ${state} (${detail})`,
  )
}
