import type * as z from 'zod'
import type { BalanceConfig, PersistenceConfig } from '../types.ts'
import { isMap } from '../problems.ts'
import { choice, duration } from './scalars.ts'
import { map, Mismatch, pick, scalar } from './structure.ts'

/** `upstreams.*.balance`, where it is a map. */
export const hashSchema: z.ZodType<{ readonly hash: string }> = map('balance', {
  hash: scalar((raw) =>
    typeof raw === 'string' && raw.includes('$') && raw.length <= 256
      ? raw
      : new Mismatch('expected a text with variables, such as $remote_addr or "$uri $arg_user"')
  ),
})

const balanceWord = choice('round-robin', 'random', 'least-connections', 'ewma')

/** `upstreams.*.balance`. */
export const balance: z.ZodType<BalanceConfig> = pick<BalanceConfig>((raw) =>
  isMap(raw) ? hashSchema : balanceWord
)

/** Persistence, as it is written. */
export interface WrittenPersistence {
  readonly by: PersistenceConfig['by']
  readonly name: string | undefined
  readonly lifetime: number | undefined
}

/** The name of a cookie (RFC 6265 section 4.1.1). */
const cookieName = scalar((raw) =>
  typeof raw === 'string' && /^[!#$%&'*+\-.^_`|~\dA-Za-z]{1,128}$/.test(raw)
    ? raw
    : new Mismatch('expected the name of a cookie, such as JSESSIONID')
)

/** `upstreams.*.persistence`. */
export const persistenceSchema: z.ZodType<WrittenPersistence> = map('persistence', {
  by: choice('cookie', 'application-cookie', 'source-ip'),
  name: cookieName.optional(),
  lifetime: duration({ zero: true }).optional(),
})

/** The cookie that the gateway sets unless told another name. */
const OWN_COOKIE = 'SALLYPORT'
/** How long a session without use is remembered. */
const LIFETIME_MS = 1_800_000

/** Persistence in its final form. */
export function persistence({ by, name, lifetime }: WrittenPersistence): PersistenceConfig {
  if (by === 'cookie') return { by, name: name ?? OWN_COOKIE, lifetime: lifetime ?? 0 }
  return { by, name: name ?? '', lifetime: lifetime ?? LIFETIME_MS }
}
