import type * as z from 'zod'
import type { AccessLogConfig, AdminConfig, Configuration, TicketsConfig } from '../types.ts'
import { listenAddress } from './addresses.ts'
import { duration, filePath, integer } from './scalars.ts'
import { map } from './structure.ts'

/** `admin`. */
export const adminSchema: z.ZodType<AdminConfig> = map('admin', {
  address: listenAddress().default({ host: '127.0.0.1', port: 9180 }),
})

/** `store`. */
export const storeSchema: z.ZodType<Configuration['store']> = map('store', {
  folder: filePath().default('data'),
})

/** `tickets`. */
export const ticketsSchema: z.ZodType<TicketsConfig> = map('tickets', {
  rotate: duration({ least: 1_000 }).default(12 * 3_600_000),
})

/** `accessLog`. */
export const accessLogSchema: z.ZodType<AccessLogConfig> = map('accessLog', {
  to: filePath().default('stdout'),
})

/** `workers`. */
export const workersSchema: z.ZodType<number> = integer(1, 1024).default(1)

/** `drainTimeout`. */
export const drainTimeoutSchema: z.ZodType<number> = duration({ zero: true }).default(30_000)
