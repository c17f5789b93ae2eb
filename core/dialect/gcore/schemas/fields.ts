import { z } from 'zod'
import { isUuid } from '../ids.ts'
import { readTime } from '../times.ts'

/** Names of load balancers, listeners, pools and L7 policies. */
export const NAME: RegExp = /^[a-zA-Z0-9][a-zA-Z 0-9._\-]{1,61}[a-zA-Z0-9._]$/

export const name: z.ZodType<string> = z.string().regex(NAME)

export const uuid: z.ZodType<string> = z.string().refine(isUuid, 'Input should be a valid UUID')
  .transform((id) => id.toLowerCase())

/** An id that may be left out: null and the empty text stand for none. */
export const maybeUuid: z.ZodType<string | null> = z.union([
  z.literal('').transform(() => null),
  z.null(),
  uuid,
])

/** Ids in text, without those named twice. */
export const uuids: z.ZodType<string[]> = z.array(uuid).transform((all) => [...new Set(all)])

const ipv4 = z.ipv4()
const ipv6 = z.ipv6()

/** The family of an IP address in text; undefined where it is none. */
export function familyOfAddress(text: string): 4 | 6 | undefined {
  return ipv4.safeParse(text).success ? 4 : ipv6.safeParse(text).success ? 6 : undefined
}

export const address: z.ZodType<string> = z.string()
  .refine(
    (text) => familyOfAddress(text) !== undefined,
    'value is not a valid IPv4 or IPv6 address',
  )
  .transform((text) => text.toLowerCase())

/** An address with its prefix length; a bare address stands for itself alone. */
export const cidr: z.ZodType<string> = z.string()
  .transform((text) => {
    const family = familyOfAddress(text)
    return family === undefined ? text : `${text}/${family === 4 ? 32 : 128}`
  })
  .refine(
    (text) => z.cidrv4().safeParse(text).success || z.cidrv6().safeParse(text).success,
    'value is not a valid IPv4 or IPv6 network',
  )

export const port: z.ZodType<number> = z.int().min(1).max(65_535)

/** Milliseconds, at most a day; 0 and null leave the default. */
export const timeout: z.ZodType<number | null> = z.int().min(0).max(86_400_000).nullable()

/** A time with or without zone, as epoch milliseconds. */
export const time: z.ZodType<number> = z.string().transform((text, context) => {
  const ms = readTime(text)
  if (ms !== undefined) return ms
  context.addIssue({ code: 'custom', message: 'Input should be a valid datetime' })
  return z.NEVER
})

/** A whole number in a query string. */
export function queryInt(least: number, most: number): z.ZodType<number> {
  return z.string().regex(/^-?\d{1,15}$/, 'Input should be a valid integer')
    .transform(Number).pipe(z.int().min(least).max(most)) as unknown as z.ZodType<number>
}

/** A truth value in a query string. */
export const queryBoolean: z.ZodType<boolean> = z.string()
  .refine(
    (text) => /^(true|false|1|0|yes|no)$/i.test(text),
    'Input should be a valid boolean',
  ).transform((text) => /^(true|1|yes)$/i.test(text))

/** What may be left out, also by null. */
export function optional<T>(schema: z.ZodType<T>): z.ZodType<T | undefined> {
  return schema.nullish().transform((value) => value ?? undefined) as unknown as z.ZodType<
    T | undefined
  >
}
