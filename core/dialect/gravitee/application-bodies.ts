import * as z from 'zod'
import { API_KEY_MODES, type ApiKeyMode } from './api-key-mode.ts'
import { date, text } from './bodies.ts'
import type { JsonMap } from './model.ts'

/** A certificate as it is written by a client. */
export interface CertificateBody {
  readonly name: string
  readonly certificate: string
  readonly startsAt: number | undefined
  readonly endsAt: number | undefined
}

/** An application as it is written by a client. */
export interface ApplicationBody {
  readonly name: string
  readonly description: string
  readonly domain: string | undefined
  readonly type: string | undefined
  readonly client_id: string | undefined
  readonly clientId?: string | undefined
  readonly api_key_mode?: ApiKeyMode | undefined
  readonly settings: {
    readonly app:
      | { readonly type: string | undefined; readonly client_id: string | undefined }
      | undefined
    readonly oauth: JsonMap | undefined
    readonly tls: {
      readonly client_certificate: string | undefined
      readonly client_certificates: readonly CertificateBody[] | undefined
    } | undefined
  } | undefined
  readonly [name: string]: unknown
}

const maybe = <T extends z.ZodType>(schema: T): z.ZodType =>
  schema.nullish().transform((value) => value ?? undefined)

/** The longest certificate that is read, in characters of PEM; chains are cut to their first. */
const certificateText = z.string().max(200_000)

/** A certificate's name: it may be empty, in Gravitee's words. */
const certificateName = z.string().max(255, 'size must be between 0 and 255')

/** `POST …/certificates`. */
export const certificateSchema: z.ZodType<CertificateBody> = z.looseObject({
  name: certificateName,
  certificate: certificateText,
  startsAt: date,
  endsAt: date,
}) as unknown as z.ZodType<CertificateBody>

/** `PUT …/certificates/{id}`. */
export const updateCertificateSchema: z.ZodType<Omit<CertificateBody, 'certificate'>> = z
  .looseObject({
    name: certificateName,
    startsAt: date,
    endsAt: date,
  }) as unknown as z.ZodType<Omit<CertificateBody, 'certificate'>>

/** `POST …/certificates/_validate`. */
export const validateSchema: z.ZodType<{ readonly certificate: string }> = z.looseObject({
  certificate: certificateText,
})

/** Text that must be there, with Gravitee's words where it is not. */
function told(what: string, most: number, least = 0): z.ZodType<string> {
  return z.string({ error: ({ input }) => input == null ? `${what} must not be null` : undefined })
    .min(least, `${what} must not be empty`).max(most)
}

const settingsSchema = z.looseObject({
  app: maybe(z.looseObject({ type: text(), client_id: text(300) })),
  oauth: maybe(z.looseObject({})),
  tls: maybe(z.looseObject({
    client_certificate: text(200_000),
    client_certificates: maybe(z.array(certificateSchema).max(40)),
  })),
})

const shape = {
  name: told("Application's name", 512, 1),
  description: told("Application's description", 10_000),
  domain: text(),
  type: text(),
  client_id: text(),
  clientId: text(),
  api_key_mode: maybe(z.string().toUpperCase().pipe(z.enum(API_KEY_MODES))),
}

/** `POST /applications`. */
export const applicationSchema: z.ZodType<ApplicationBody> = z.looseObject({
  ...shape,
  settings: maybe(settingsSchema),
}) as unknown as z.ZodType<ApplicationBody>

/** `PUT /applications/{id}`. */
export const updateApplicationSchema: z.ZodType<ApplicationBody> = z.looseObject({
  ...shape,
  settings: z.unknown().refine((value) => value != null, "Application's settings must not be null")
    .pipe(settingsSchema),
}) as unknown as z.ZodType<ApplicationBody>
