import { z } from 'zod'
import {
  COMPARE_TYPES,
  type CompareType,
  POLICY_ACTIONS,
  type PolicyAction,
  RULE_TYPES,
  type RuleType,
} from '../documents.ts'
import { maybeUuid, name, optional, uuid } from './fields.ts'

/** An L7 policy as it is asked for. */
export interface PolicyBody {
  readonly action: PolicyAction
  readonly name?: string | undefined
  readonly position?: number | undefined
  readonly redirect_http_code?: number | null | undefined
  readonly redirect_pool_id?: string | null | undefined
  readonly redirect_prefix?: string | null | undefined
  readonly redirect_url?: string | null | undefined
  readonly tags?: readonly string[] | undefined
}

/** An L7 policy to be made. */
export interface PlacedPolicyBody extends PolicyBody {
  readonly listener_id: string
}

/** An L7 rule as it is asked for. */
export interface RuleBody {
  readonly type: RuleType
  readonly compare_type: CompareType
  readonly key: string | null
  readonly value: string
  readonly invert: boolean
  readonly tags: readonly string[]
}

const tags = z.array(z.string().max(255)).max(64)
const url = z.string().max(255).refine(
  (text) => /^https?:\/\/[^\s\p{Cc}]+$/iu.test(text) && URL.canParse(text),
  'Input should be a valid URL',
)

const policyFields = {
  action: z.enum(POLICY_ACTIONS),
  name: optional(name),
  position: optional(z.int().min(0).max(2_147_483_647)),
  redirect_http_code: z.union([z.literal([301, 302, 303, 307, 308]), z.null()]).optional(),
  redirect_pool_id: maybeUuid.optional(),
  redirect_prefix: url.nullable().optional(),
  redirect_url: url.nullable().optional(),
  tags: optional(tags),
}

export const placedPolicyBody: z.ZodType<PlacedPolicyBody> = z.object({
  listener_id: uuid,
  ...policyFields,
}) as unknown as z.ZodType<PlacedPolicyBody>

export const policyChange: z.ZodType<PolicyBody> = z.object(policyFields) as unknown as z.ZodType<
  PolicyBody
>

const KEYED: ReadonlySet<RuleType> = new Set(['COOKIE', 'HEADER', 'SSL_DN_FIELD'])
const TLS_ONLY: ReadonlySet<RuleType> = new Set(['SSL_CONN_HAS_CERT', 'SSL_VERIFY_RESULT'])

export const ruleBody: z.ZodType<RuleBody> = z.object({
  type: z.enum(RULE_TYPES),
  compare_type: z.enum(COMPARE_TYPES),
  key: z.string().max(255).nullish().transform((text) =>
    text === undefined || text === '' ? null : text
  ),
  value: z.string().min(1).max(255),
  invert: z.boolean().nullish().transform((value) => value ?? false),
  tags: tags.nullish().transform((all) => all ?? []),
}).superRefine((body, context) => {
  if (KEYED.has(body.type) && body.key === null) {
    const message = `Field required for ${body.type}`
    context.addIssue({ code: 'custom', path: ['key'], message })
  }
  if (body.key !== null && !/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/.test(body.key)) {
    context.addIssue({ code: 'custom', path: ['key'], message: 'Input should be a valid name' })
  }
  const exact = body.type === 'FILE_TYPE'
    ? ['EQUAL_TO', 'REGEX']
    : TLS_ONLY.has(body.type)
    ? ['EQUAL_TO']
    : undefined
  if (exact !== undefined && !exact.includes(body.compare_type)) {
    const message = `Input should be ${
      exact.map((each) => `'${each}'`).join(' or ')
    } for ${body.type}`
    context.addIssue({ code: 'custom', path: ['compare_type'], message })
  }
}) as unknown as z.ZodType<RuleBody>
