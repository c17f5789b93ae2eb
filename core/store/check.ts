import { storeFailure } from './failure.ts'
import type { Operation, StoreFailure, Transaction } from './types.ts'

/**
 * Keys that one transaction may speak of, in operations and conditions together; etcd takes 128 unless told
 * otherwise, and a store may add its own.
 */
export const MAX_OPERATIONS = 100

/** The first character keeps `.` free for what a store writes beside the documents. */
const KEY = /^\/[0-9A-Za-z][!-~]{0,1022}$/

/** Whether a document may be put under this key. */
export function isKey(key: string): boolean {
  return KEY.test(key)
}

/** The key that an operation is about. */
export function keyOf(operation: Operation): string {
  return 'put' in operation ? operation.put : operation.delete
}

/** What makes no sense about a transaction, whatever the store holds. */
export function checkTransaction(transaction: Transaction): StoreFailure | undefined {
  const { operations, conditions = [] } = transaction
  const spoken = new Set([...operations.map(keyOf), ...conditions.map(({ key }) => key)])
  if (spoken.size > MAX_OPERATIONS || operations.length > MAX_OPERATIONS) {
    return invalid(`Commit "${spoken.size}" keys at once: at most ${MAX_OPERATIONS}`)
  }
  const keys = new Set<string>()
  for (const operation of operations) {
    const key = keyOf(operation)
    const wrong = checkOperation(operation)
    if (wrong !== undefined) return wrong
    if (keys.has(key)) return invalid(`Commit "${key}": it stands in two operations`)
    keys.add(key)
  }
  const malformed = conditions.find(({ key }) => !isKey(key))
  return malformed === undefined ? undefined : malformedKey(malformed.key)
}

function checkOperation(operation: Operation): StoreFailure | undefined {
  const key = keyOf(operation)
  if (!isKey(key)) return malformedKey(key)
  if (!('put' in operation) || operation.ttl === undefined) return undefined
  const { ttl } = operation
  if (Number.isSafeInteger(ttl) && ttl >= 1 && ttl <= 1e9) return undefined
  return invalid(`Put "${key}" for "${ttl}" seconds: a whole number from 1 is wanted`)
}

function malformedKey(key: string): StoreFailure {
  const shown = key.slice(0, 80).replace(/[^ -~]/g, '?')
  return invalid(
    `Use the key "${shown}": "/" and a letter or digit must come first, then visible ASCII`,
  )
}

function invalid(message: string): StoreFailure {
  return storeFailure('invalid', message)
}
