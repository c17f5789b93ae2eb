import type { StoreFailure, StoreFailureCode } from './types.ts'

/** Makes a {@linkcode StoreFailure}. */
export function storeFailure(
  failure: StoreFailureCode,
  message: string,
  key?: string,
): StoreFailure {
  return key === undefined ? { failure, message } : { failure, message, key }
}

/** Whether an answer of the store is a failure. */
export function isStoreFailure(answer: unknown): answer is StoreFailure {
  return typeof answer === 'object' && answer !== null && 'failure' in answer &&
    'message' in answer
}
