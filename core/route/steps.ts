/** Work in small steps, between which others may have a turn. */
export type Steps<R> = Generator<void, R>

/** How much of a list is dealt with in one step: well below a millisecond's work. */
export const STEP = 256

/** The members of a list, with a step after so many. */
export function* stepping<T>(
  all: Iterable<T>,
  work: (each: T) => void,
  step: number = STEP,
): Steps<void> {
  let count = 0
  for (const each of all) {
    work(each)
    if (++count % step === 0) yield
  }
}

/** Does all of the work at once. */
export function atOnce<R>(steps: Steps<R>): R {
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
  }
}

/** Does the work step by step; `breathe` lets others have their turn. */
export async function inTurns<R>(
  steps: Steps<R>,
  breathe: (() => Promise<void>) | undefined,
): Promise<R> {
  for (;;) {
    const { done, value } = steps.next()
    if (done === true) return value
    await breathe?.()
  }
}
