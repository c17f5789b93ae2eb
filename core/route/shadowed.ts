import type { Leaf } from './leaf.ts'
import { stepping, type Steps } from './steps.ts'
import type { RouteEntry, Shadowed } from './types.ts'

/** Routes that lose in every leaf they are in, with one that wins there. */
export function* shadowedEverywhere<T extends RouteEntry>(
  leaves: readonly Leaf<T>[],
): Steps<readonly Shadowed<T>[]> {
  const shadowed = new Map<T, T>()
  yield* stepping(leaves, (leaf) => {
    for (const { entry, by } of leaf.shadowed) shadowed.set(entry.route, by.route)
  })
  if (shadowed.size > 0) {
    yield* stepping(leaves, ({ live }) => {
      for (const entry of live) shadowed.delete(entry.route)
    })
  }
  return [...shadowed].map(([route, by]) => ({ route, by }))
}
