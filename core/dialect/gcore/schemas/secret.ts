import { z } from 'zod'
import { time } from './fields.ts'

/** A secret in the form of text in base64. */
export interface EncodedSecretBody {
  readonly name: string
  readonly payload: string
  readonly payload_content_type: string
  readonly secret_type: string
  readonly expiration: number | null
  readonly algorithm: string | null
  readonly bit_length: number | null
  readonly mode: string | null
}

/** A secret in the form of three PEM texts. */
export interface PemSecretBody {
  readonly name: string
  readonly payload: {
    readonly certificate: string
    readonly private_key: string
    readonly certificate_chain: string
  }
  readonly expiration: number | null
}

const TYPES = ['certificate', 'opaque', 'passphrase', 'private', 'public', 'symmetric'] as const

const secretName = z.string().min(1).max(255)
const expiration = time.nullish().transform((ms) => ms ?? null)
const text = z.string().max(255).nullish().transform((value) => value ?? null)

export const encodedSecretBody: z.ZodType<EncodedSecretBody> = z.object({
  name: secretName,
  payload: z.string().min(1),
  payload_content_type: z.string().min(1).max(255),
  payload_content_encoding: z.enum(['base64']),
  secret_type: z.enum(TYPES),
  expiration,
  algorithm: text,
  bit_length: z.int().min(1).nullish().transform((bits) => bits ?? null),
  mode: text,
}).superRefine((body, context) => {
  if (!/^\s*text\/plain\b/i.test(body.payload_content_type)) return
  context.addIssue({
    code: 'custom',
    path: ['payload_content_type'],
    message: 'text/plain is incompatible with base64, use application/octet-stream',
  })
}) as unknown as z.ZodType<EncodedSecretBody>

export const pemSecretBody: z.ZodType<PemSecretBody> = z.object({
  name: secretName,
  payload: z.object({
    certificate: z.string().min(1),
    private_key: z.string().min(1),
    certificate_chain: z.string(),
  }),
  expiration,
}) as unknown as z.ZodType<PemSecretBody>
