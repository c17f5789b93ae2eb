/** The forms of times that this API's resources have; older clients read them letter by letter. */

/** Of tasks: `2019-06-25T08:42:42`. */
export function taskTime(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString().slice(0, 19)
}

/** Of load balancers and what lies below them: `2020-01-24T13:57:12+0000`. */
export function resourceTime(ms: number | null): string | null {
  return ms === null ? null : `${taskTime(ms)}+0000`
}

/** Of secrets: `2025-12-28T19:14:44+00:00`. */
export function secretTime(ms: number | null): string | null {
  return ms === null ? null : `${taskTime(ms)}+00:00`
}

const ISO = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?$/i

/** Reads a time with or without zone (then UTC), to the second or finer. */
export function readTime(text: string): number | undefined {
  const [, time, , , zone] = ISO.exec(text) ?? []
  const plain = text.replace(' ', 'T').replace(
    /([+-]\d\d)(\d\d)$/,
    time === undefined ? '$&' : '$1:$2',
  )
  const ms = ISO.test(text)
    ? Date.parse(time !== undefined && zone === undefined ? `${plain}Z` : plain)
    : NaN
  return Number.isNaN(ms) ? undefined : ms
}
