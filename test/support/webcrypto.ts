import type { Test } from 'tap'

type Operation = 'digest' | 'verify'

/**
 * Counts what is asked of an operation of WebCrypto for the rest of a test: how much work something is, told without
 * a clock.
 */
export function countOperations(t: Test, operation: Operation): { count: number } {
  const counted = { count: 0 }
  const { subtle } = crypto
  const original = subtle[operation] as (...args: unknown[]) => Promise<never>
  subtle[operation] = (...args: unknown[]) => {
    counted.count++
    return original.apply(subtle, args)
  }
  t.teardown(() => void Object.assign(subtle, { [operation]: original }))
  return counted
}
