import type * as z from 'zod'
import type { Address } from '../../port/mod.ts'
import type { AccessLogConfig, Material, Role, TicketsConfig } from '../types.ts'
import { dialectsSchema, type WrittenDialects } from './dialects.ts'
import { tlsEntrySchema, type WrittenTlsEntry } from './listeners.ts'
import { material, secret, type Source } from './sources.ts'
import { listenAddress } from './addresses.ts'
import { boolean, choice, duration, filePath, integer, name } from './scalars.ts'
import { map, Mismatch, scalar, someOf } from './structure.ts'

/** `admin`, before files and secrets are read. */
export interface WrittenAdmin {
  readonly address: Address
  readonly tls: readonly WrittenTlsEntry[] | undefined
  readonly dialects: WrittenDialects
  readonly expiryWebhook: WrittenWebhook | undefined
}

/** `admin.expiryWebhook`, before its secret is read. */
export interface WrittenWebhook {
  readonly url: string
  readonly secret: Source<string> | undefined
}

/** `admin.expiryWebhook`. */
export const webhookSchema: z.ZodType<WrittenWebhook> = map('expiryWebhook', {
  url: scalar((raw) =>
    typeof raw === 'string' && /^https?:\/\/[^\s/]+(\/\S*)?$/.test(raw)
      ? raw
      : new Mismatch('expected a URL, such as https://ops.example.com/expiry')
  ),
  secret: secret().optional(),
})

/** `admin`. */
export const adminSchema: z.ZodType<WrittenAdmin> = map('admin', {
  address: listenAddress().default({ host: '127.0.0.1', port: 9180 }),
  tls: someOf('entries, each with a certificate', tlsEntrySchema).optional(),
  dialects: dialectsSchema.prefault({}),
  expiryWebhook: webhookSchema.optional(),
})

/** `store.etcd.tls`, before files are read. */
export interface WrittenEtcdTls {
  readonly ca: Source<Material> | undefined
  readonly cert: Source<Material> | undefined
  readonly key: Source<Material> | undefined
  readonly verify: boolean
  readonly sni: string | undefined
}

/** `store.etcd`, before files and secrets are read. */
export interface WrittenEtcd {
  readonly endpoints: readonly string[]
  readonly prefix: string
  readonly user: string | undefined
  readonly password: Source<string> | undefined
  readonly changesPerSecond: number | undefined
  readonly tls: WrittenEtcdTls | undefined
}

/** `store`, before files and secrets are read. */
export interface WrittenStore {
  readonly folder: string
  readonly etcd: WrittenEtcd | undefined
  readonly role: Role
  readonly keys: Source<string> | undefined
}

/** `store.etcd.tls`. */
export const etcdTlsSchema: z.ZodType<WrittenEtcdTls> = map("etcd's tls", {
  ca: material().optional(),
  cert: material().optional(),
  key: material().optional(),
  verify: boolean().default(true),
  sni: name().optional(),
})

/** `store.etcd`. */
export const etcdSchema: z.ZodType<WrittenEtcd> = map('etcd', {
  endpoints: someOf(
    'endpoints',
    scalar((raw) =>
      typeof raw === 'string' && /^https?:\/\/[^/\s]+:\d+\/?$/.test(raw)
        ? raw
        : new Mismatch('expected a URL with a port, such as https://10.0.0.5:2379')
    ),
  ),
  prefix: scalar((raw) =>
    typeof raw === 'string' && /^(\/[!-.0-~]+)*$/.test(raw)
      ? raw
      : new Mismatch('expected a path, such as /sallyport')
  ).default('/sallyport'),
  user: name().optional(),
  password: secret().optional(),
  changesPerSecond: integer(1, 1_000_000).optional(),
  tls: etcdTlsSchema.optional(),
})

/** `store`. */
export const storeSchema: z.ZodType<WrittenStore> = map('store', {
  folder: filePath().default('data'),
  etcd: etcdSchema.optional(),
  role: choice('traditional', 'control-plane', 'data-plane').default('traditional'),
  keys: secret().optional(),
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
