import type * as z from 'zod'
import type { Material, Span, SubscriptionConfig } from '../types.ts'
import { filterSchema, loginSchema, type WrittenFilter, type WrittenLogin } from './filters.ts'
import { choice, date, name } from './scalars.ts'
import { list, map, type Shape } from './structure.ts'
import { apiKey, material, type Source } from './sources.ts'
import { variables } from './variables.ts'

/** A certificate of an application, before its file is read. */
export interface WrittenCertificate extends Span {
  readonly cert: Source<Material>
}

/** An API key of an application, before it is read. */
export interface WrittenApiKey extends Span {
  readonly key: Source<string>
  readonly id?: string | undefined
}

/** An application, before files are read. */
export interface WrittenApplication {
  readonly name: string
  readonly clientId: string | undefined
  readonly certificates: readonly WrittenCertificate[]
  readonly apiKeys: readonly WrittenApiKey[]
  readonly subscriptions: readonly SubscriptionConfig[]
  readonly logins: readonly WrittenLogin[] | undefined
  readonly filters: readonly WrittenFilter[] | undefined
  readonly variables: Readonly<Record<string, string>> | undefined
}

const spanShape: Shape<Span> = {
  from: date().optional(),
  until: date().optional(),
}

/** `applications[].certificates[]`. */
export const certificateSchema: z.ZodType<WrittenCertificate> = map('a certificate', {
  cert: material(),
  ...spanShape,
})

/** `applications[].apiKeys[]`. */
export const apiKeySchema: z.ZodType<WrittenApiKey> = map('an API key', {
  key: apiKey(),
  id: name().optional(),
  ...spanShape,
})

/** `applications[].subscriptions[]`. */
export const subscriptionSchema: z.ZodType<SubscriptionConfig> = map('a subscription', {
  api: name(),
  plan: name(),
  status: choice('pending', 'accepted', 'paused', 'closed').default('accepted'),
  ...spanShape,
})

/** `applications[]`. */
export const applicationSchema: z.ZodType<WrittenApplication> = map('an application', {
  name: name(),
  clientId: name().optional(),
  certificates: list('certificates', certificateSchema).default([]),
  apiKeys: list('API keys', apiKeySchema).default([]),
  subscriptions: list('subscriptions', subscriptionSchema).default([]),
  logins: list('logins', loginSchema).optional(),
  filters: list('filters', filterSchema).optional(),
  variables: variables().optional(),
})
