import { STEP, stepping, type Steps } from '../route/mod.ts'
import { freshIn, listDifference, spliced } from '../snapshot/mod.ts'
import { equal } from './equal.ts'

/** Something compiled, with the configuration it was compiled from. */
interface Compiled<C> {
  readonly config: C
}

/** Of few new objects among more than these, none is compared with others: making it costs less. */
const MANY = 2000
const FEW = 64

/** What an earlier list of configurations was compiled to, one for each. */
interface Earlier<C, T> {
  readonly configs: readonly C[]
  readonly compiled: readonly T[]
}

/**
 * For each configuration what was compiled from an equal one before, or undefined. A list that changed in few places
 * costs little more than looking for them; in the same objects as before the very same list comes back.
 *
 * @param keyOf what an equal configuration has in common and few others do
 */
export function* reusable<C, T extends Compiled<C>>(
  { configs, compiled }: Earlier<C, T>,
  after: readonly C[],
  keyOf: (config: C) => string,
): Steps<readonly (T | undefined)[]> {
  const hunks = listDifference(configs, after)
  const fresh = hunks === undefined ? after.length : freshIn(hunks)
  if (hunks !== undefined && (fresh === 0 || fresh <= FEW && after.length > MANY)) {
    return spliced<T | undefined>(compiled, hunks, () => undefined)
  }
  return yield* equalOnes(compiled, after, keyOf)
}

/** The same by content: what was read anew may say what it said before. */
function* equalOnes<C, T extends Compiled<C>>(
  before: readonly T[],
  after: readonly C[],
  keyOf: (config: C) => string,
): Steps<(T | undefined)[]> {
  const found = new Array<T | undefined>(after.length).fill(undefined)
  const shorter = Math.min(before.length, after.length)
  const takes = (at: number, from: number): boolean => {
    const candidate = before[from] as T
    if (!equal(candidate.config, after[at])) return false
    found[at] = candidate
    return true
  }
  let start = 0
  while (start < shorter && takes(start, start)) if (++start % STEP === 0) yield
  let end = 0
  while (end < shorter - start && takes(after.length - 1 - end, before.length - 1 - end)) {
    if (++end % STEP === 0) yield
  }
  const moved = new Map<string, T>()
  yield* stepping(before.slice(start, before.length - end), (each) => {
    moved.set(keyOf(each.config), each)
  })
  yield* stepping(after.slice(start, after.length - end).entries(), ([at, config]) => {
    const candidate = moved.get(keyOf(config))
    if (candidate !== undefined && equal(candidate.config, config)) found[start + at] = candidate
  })
  return found
}
