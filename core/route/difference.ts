/** What of a list is different from an earlier one, with the places of all. */
export interface Difference<T> {
  readonly added: readonly { readonly route: T; readonly order: number }[]
  readonly removed: ReadonlySet<T>
  /** The place of each of the later list, ascending. */
  readonly orders: readonly number[]
}

/** How far apart two lists may be at one place. */
const LOOK_AHEAD = 64
/** How many differences are worth looking for. */
const MOST = 256

/**
 * Compares two lists that have most in common, in the same order, at the cost of a comparison each. What is new takes
 * a place between its neighbours, so that the others keep theirs.
 *
 * @param orders the places of the earlier list
 * @returns undefined where they are too different, or no place is left between two neighbours
 */
export function difference<T extends object>(
  { routes: before }: { readonly routes: readonly T[] },
  after: readonly T[],
  orders: readonly number[],
): Difference<T> | undefined {
  const added: { route: T; order: number }[] = []
  const removed = new Set<T>()
  const places = new Array<number>(after.length)
  let from = 0
  let to = 0
  while (from < before.length || to < after.length) {
    if (from < before.length && before[from] === after[to]) {
      places[to++] = orders[from++] as number
      continue
    }
    const apart = nextMeeting(before, after, [from, to])
    if (apart === undefined) return undefined
    const [out, into] = apart
    for (let i = 0; i < out; i++) removed.add(before[from + i] as T)
    const low = to === 0 ? -1 : places[to - 1] as number
    const high = from + out < before.length ? orders[from + out] as number : low + into + 1
    for (let i = 1; i <= into; i++) {
      const order = low + (high - low) * i / (into + 1)
      if (order <= low || order >= high) return undefined
      places[to] = order
      added.push({ route: after[to++] as T, order })
    }
    from += out
    if (removed.size + added.length > MOST) return undefined
  }
  return { added, removed, orders: places }
}

/** How many of each list are passed over until they meet again, or both end. */
function nextMeeting<T>(
  before: readonly T[],
  after: readonly T[],
  [from, to]: readonly [number, number],
): readonly [number, number] | undefined {
  const left = [before.length - from, after.length - to] as const
  for (let sum = 1; sum <= 2 * LOOK_AHEAD; sum++) {
    for (let out = Math.min(sum, left[0], LOOK_AHEAD); out >= 0; out--) {
      const into = sum - out
      if (into > left[1] || into > LOOK_AHEAD) break
      const [ended, over] = [out === left[0], into === left[1]]
      if (ended && over) return [out, into]
      if (!ended && !over && before[from + out] === after[to + into]) return [out, into]
    }
  }
  return undefined
}

/** Where each object of a list stood in an earlier one, and how many are new. */
export interface Sameness {
  readonly places: readonly (number | undefined)[]
  readonly fresh: number
}

/**
 * Finds the objects of a list in an earlier one; undefined where they are too different to tell at the cost of a
 * comparison each.
 */
export function sameObjects<T extends object>(
  before: readonly T[],
  after: readonly T[],
): Sameness | undefined {
  const places = new Array<number | undefined>(after.length).fill(undefined)
  let fresh = 0
  let from = 0
  let to = 0
  while (from < before.length || to < after.length) {
    if (from < before.length && before[from] === after[to]) {
      places[to++] = from++
      continue
    }
    const apart = nextMeeting(before, after, [from, to])
    if (apart === undefined) return undefined
    from += apart[0]
    to += apart[1]
    fresh += apart[1]
  }
  return { places, fresh }
}
