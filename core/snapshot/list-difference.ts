/** A place at which two lists differ: so many of the earlier one are not there, so many of the later one are new. */
export interface Hunk {
  readonly from: number
  readonly out: number
  readonly to: number
  readonly into: number
}

/** How far apart two lists may be at one place. */
const LOOK_AHEAD = 64

/**
 * Where two lists of the same objects in the same order differ, at the cost of a comparison each: one part that changed
 * among a hundred thousand must not cost more than looking for it. What stands between two hunks is in both.
 *
 * @returns undefined where the lists are too different to tell
 */
export function listDifference<T>(
  before: readonly T[],
  after: readonly T[],
): readonly Hunk[] | undefined {
  const hunks: Hunk[] = []
  if (before === after) return hunks
  let from = 0
  let to = 0
  while (from < before.length || to < after.length) {
    if (from < before.length && to < after.length && before[from] === after[to]) {
      from++
      to++
      continue
    }
    const apart = nextMeeting(before, after, [from, to])
    if (apart === undefined) return undefined
    const [out, into] = apart
    hunks.push({ from, out, to, into })
    from += out
    to += into
  }
  return hunks
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

/** How many of the later list are new. */
export function freshIn(hunks: readonly Hunk[]): number {
  return hunks.reduce((sum, { into }) => sum + into, 0)
}

/**
 * What was made of each of an earlier list, brought into the order of a later one.
 *
 * @param made one for each of the earlier list
 * @param fresh what is made of a new one, by its place in the later list
 */
export function spliced<M>(
  made: readonly M[],
  hunks: readonly Hunk[],
  fresh: (index: number) => M,
): readonly M[] {
  if (hunks.length === 0) return made
  const all: M[] = []
  let next = 0
  const keepUntil = (end: number): void => {
    while (next < end) all.push(made[next++] as M)
  }
  for (const { from, out, to, into } of hunks) {
    keepUntil(from)
    for (let index = to; index < to + into; index++) all.push(fresh(index))
    next = from + out
  }
  keepUntil(made.length)
  return all
}
