import { listDifference, spliced } from '../snapshot/mod.ts'

/** What of a list is different from an earlier one, with the places of all. */
export interface Difference<T> {
  readonly added: readonly { readonly route: T; readonly order: number }[]
  readonly removed: ReadonlySet<T>
  /** The place of each of the later list, ascending. */
  readonly orders: readonly number[]
}

/**
 * Compares two lists that have most in common, in the same order, at the cost of a comparison each. What is new takes
 * a place between its neighbours, so that the others keep theirs.
 *
 * @param orders the places of the earlier list
 * @returns undefined where they are too different, or no place is left between two neighbours
 */
export function difference<T extends object>(
  { routes: before, orders }: { readonly routes: readonly T[]; readonly orders: readonly number[] },
  after: readonly T[],
): Difference<T> | undefined {
  const hunks = listDifference(before, after)
  if (hunks === undefined) return undefined
  const added: { route: T; order: number }[] = []
  const removed = new Set<T>()
  const places = new Map<number, number>()
  for (const { from, out, to, into } of hunks) {
    for (let i = 0; i < out; i++) removed.add(before[from + i] as T)
    const low = from === 0 ? -1 : orders[from - 1] as number
    const high = from + out < before.length ? orders[from + out] as number : low + into + 1
    for (let i = 0; i < into; i++) {
      const order = low + (high - low) * (i + 1) / (into + 1)
      if (order <= low || order >= high) return undefined
      places.set(to + i, order)
      added.push({ route: after[to + i] as T, order })
    }
  }
  return { added, removed, orders: spliced(orders, hunks, (index) => places.get(index) as number) }
}
