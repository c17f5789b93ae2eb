import type * as z from 'zod'
import { listed, nearest, quote } from '../text.ts'
import { Mismatch, scalar } from './structure.ts'

const DURATION_UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
}
// Longer timers fire at once on every runtime.
const MAX_DURATION = 2_147_483_647
const DURATION_FORMS = 'expected a duration such as 500ms, 30s, 2m or 1h, or a number of seconds'

/** Reads a duration, as milliseconds. */
export function readDuration(raw: unknown): number | Mismatch {
  const text = typeof raw === 'number' ? String(raw) : raw
  const match = typeof text === 'string' ? /^(\d+(?:\.\d+)?) ?(ms|s|m|h)?$/.exec(text) : null
  if (match === null) return new Mismatch(DURATION_FORMS)
  const ms = Math.round(Number(match[1]) * DURATION_UNITS[match[2] ?? 's']!)
  return ms > MAX_DURATION ? new Mismatch('expected at most 596h') : ms
}

/** What a duration may be. */
export interface DurationOptions {
  readonly zero?: boolean
  /** In milliseconds. */
  readonly least?: number
}

/** A duration, in milliseconds; zero is refused unless allowed. */
export function duration(options: DurationOptions = {}): z.ZodType<number> {
  const { least = 0 } = options
  return scalar((raw) => {
    const ms = readDuration(raw)
    if (typeof ms === 'number' && ms < least) return new Mismatch(`expected at least ${least}ms`)
    return ms === 0 && options.zero !== true ? new Mismatch('expected more than 0') : ms
  })
}

const SIZE_UNITS: Readonly<Record<string, number>> = { b: 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 }

/** Reads a size, as bytes. */
export function readSize(raw: unknown): number | Mismatch {
  const text = typeof raw === 'number' ? String(raw) : raw
  const match = typeof text === 'string' ? /^(\d+) ?(b|[kmg](?:ib)?)?$/i.exec(text) : null
  const bytes = Number(match?.[1]) * SIZE_UNITS[(match?.[2] ?? 'b')[0]!.toLowerCase()]!
  return Number.isSafeInteger(bytes)
    ? bytes
    : new Mismatch('expected a size such as 16k, 8KiB or 1MiB, or a number of bytes')
}

/** A size, in bytes; zero is refused unless allowed. */
export function size(
  options: { readonly zero?: boolean; readonly least?: number; readonly most?: number } = {},
): z.ZodType<number> {
  const { zero = false, least = 0, most = Infinity } = options
  return scalar((raw) => {
    const bytes = readSize(raw)
    if (bytes instanceof Mismatch) return bytes
    if (bytes === 0 && !zero) return new Mismatch('expected more than 0')
    if (bytes >= least && bytes <= most) return bytes
    return new Mismatch(`expected ${least} to ${most} bytes`)
  })
}

/** A whole number within bounds, both included. */
export function integer(least: number, most: number): z.ZodType<number> {
  const expected = new Mismatch(`expected a whole number from ${least} to ${most}`)
  return scalar((raw) =>
    typeof raw === 'number' && Number.isInteger(raw) && raw >= least && raw <= most ? raw : expected
  )
}

/** A number, whole or not. */
export function number(
  { above = -Infinity, least = -Infinity }: { readonly above?: number; readonly least?: number },
): z.ZodType<number> {
  const expected = above === -Infinity
    ? `expected a number of at least ${least}`
    : `expected a number above ${above}`
  return scalar((raw) =>
    typeof raw === 'number' && Number.isFinite(raw) && raw > above && raw >= least
      ? raw
      : new Mismatch(expected)
  )
}

/** Any text. */
export function text(): z.ZodType<string> {
  return scalar((raw) =>
    typeof raw === 'string' ? raw : new Mismatch('expected text; put it in quotes')
  )
}

/** `true` or `false`. */
export function boolean(): z.ZodType<boolean> {
  return scalar((raw) => typeof raw === 'boolean' ? raw : new Mismatch('expected true or false'))
}

/** One of these words. */
export function choice<T extends string>(...words: readonly T[]): z.ZodType<T> {
  return scalar((raw) => {
    const found = words.find((word) => word === raw)
    if (found !== undefined) return found
    const near = typeof raw === 'string' ? nearest(raw, words) : undefined
    const hint = near === undefined ? '' : `; did you mean ${quote(near)}?`
    return new Mismatch(`expected ${listed(words)}${hint}`)
  })
}

// deno-lint-ignore no-control-regex
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]/

/** Reads a name: 1 to 200 characters, no control characters, no space at either end. */
export function readName(raw: unknown): string | Mismatch {
  if (typeof raw === 'number' || typeof raw === 'boolean') {
    return new Mismatch('expected a name; put it in quotes')
  }
  if (typeof raw !== 'string' || raw === '') return new Mismatch('expected a name')
  if (raw.length > 200) return new Mismatch('expected a name of at most 200 characters')
  return CONTROLS.test(raw) || raw.trim() !== raw
    ? new Mismatch('expected a name without control characters and without space around it')
    : raw
}

/** A name that operators give to a thing. */
export function name(): z.ZodType<string> {
  return scalar(readName)
}

/** A path of a file or folder. */
export function filePath(): z.ZodType<string> {
  return scalar((raw) =>
    typeof raw === 'string' && raw !== '' && !raw.includes('\0')
      ? raw
      : new Mismatch('expected a path')
  )
}

const DATE = /^(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?(.*)$/
const ZONE = /^(?:|[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))$/
const DATE_FORMS = 'expected a date such as 2027-01-31 or 2027-01-31T08:00:00Z'

/** Reads an ISO 8601 date or date-time, as epoch milliseconds; without a zone it is UTC. */
export function readDate(raw: unknown): number | Mismatch {
  if (raw instanceof Date && !Number.isNaN(raw.getTime())) return raw.getTime()
  const match = typeof raw === 'string' ? DATE.exec(raw) : null
  const zone = ZONE.exec(match?.[8]?.trim() ?? '')
  if (match === null || zone === null) return new Mismatch(DATE_FORMS)
  if (match[4] === undefined && zone[0] !== '') return new Mismatch(DATE_FORMS)
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) =>
    Number(part ?? 0)
  ) as [number, number, number, number, number, number]
  const fraction = Math.floor(Number(`0.${match[7] ?? 0}`) * 1000)
  const time = Date.UTC(year, month - 1, day, hour, minute, second, fraction)
  // Date.UTC lets 31 February run over into March; such a day is not in the calendar.
  const held = new Date(time)
  const real = held.getUTCMonth() === month - 1 && held.getUTCDate() === day &&
    held.getUTCHours() === hour && held.getUTCMinutes() === minute && second < 60
  if (!real) return new Mismatch('expected a day and time that exist')
  return time - offset(zone)
}

function offset([, sign, hours, minutes]: RegExpExecArray): number {
  const ms = (Number(hours ?? 0) * 60 + Number(minutes ?? 0)) * 60_000
  return sign === '-' ? -ms : ms
}

/** A date, in epoch milliseconds. */
export function date(): z.ZodType<number> {
  return scalar(readDate)
}
