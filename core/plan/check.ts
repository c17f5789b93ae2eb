import type { PlanConfig, PlanType } from '../snapshot/types.ts'
import type { Facts } from '../vars/mod.ts'
import { placeIn, showTime } from './span.ts'
import { findSubscription, rank } from './subscription.ts'
import type {
  CertificateToken,
  CompiledPlan,
  CompiledPlans,
  Credential,
  CredentialLookup,
  IdentityRule,
  PendingToken,
  PlanRefusal,
  PlanResult,
  Tokens,
  TokenVerdict,
} from './types.ts'

/** The order in which plans of one API are tried. */
export const PLAN_ORDER: readonly PlanType[] = ['mtls', 'jwt', 'oauth2', 'api-key', 'keyless']

/** What else a plan was compiled to. */
export type PlanRules = Pick<CompiledPlan, 'identity' | 'tokens' | 'holds'>

/** Puts the plans of an API into the order in which they are tried; equals stay in the document's order. */
export function compilePlans(
  api: string,
  plans: readonly PlanConfig[],
  rulesOf: (plan: PlanConfig) => PlanRules = () => ({ identity: undefined }),
): Pick<CompiledPlans, 'api' | 'plans'> {
  const place = (plan: PlanConfig): number => PLAN_ORDER.indexOf(plan.type)
  const compiled = plans.map((plan): CompiledPlan => ({ ...plan, ...rulesOf(plan) }))
  return { api, plans: compiled.sort((a, b) => place(a) - place(b)) }
}

/** What the plans of an API are checked against. */
export interface PlanContext {
  readonly tokens: Tokens
  readonly credentials: CredentialLookup
  /** Epoch milliseconds. */
  readonly now: number
  /** The request, for the conditions of plans; asked where a plan has some. */
  readonly request?: (() => Facts) | undefined
}

/** The plan that lets a request in, or the most telling reason why none does. */
export type PlansResult =
  | {
    readonly kind: 'granted'
    readonly plan: CompiledPlan
    readonly application: string | undefined
    /** What its subscription is called; undefined: it needs none, or that has no name. */
    readonly subscription: string | undefined
  }
  | { readonly kind: 'refused'; readonly refusal: PlanRefusal }
  /** A token has to be checked first; then ask again. */
  | { readonly kind: 'pending'; readonly pending: PendingToken }

/**
 * Tries the plans of an API in order; the first that lets in wins. A token without a valid subscription
 * leads to the next plan. Keyless runs only where no plan before it found any token that it could take.
 *
 * @param told called with what each plan said, for whoever wants to explain
 */
export function checkPlans(
  compiled: CompiledPlans,
  context: PlanContext,
  told?: (plan: CompiledPlan, result: PlanResult) => void,
): PlansResult {
  let tokenFound = false
  let telling: PlanRefusal | undefined
  const place = compiled.rank ?? rank
  for (const plan of compiled.plans) {
    const result = checkPlan({ api: compiled.api, plan, tokenFound }, context)
    told?.(plan, result)
    if (result.kind === 'granted') {
      const { application, subscription } = result
      return { kind: 'granted', plan, application, subscription }
    }
    if (result.kind === 'pending') return result
    if (result.kind === 'denied') return { kind: 'refused', refusal: result.refusal }
    if (result.kind === 'skipped') continue
    if (result.kind === 'refused') tokenFound = true
    if (telling === undefined || place(result.refusal) < place(telling)) telling = result.refusal
  }
  return { kind: 'refused', refusal: telling ?? noPlan(compiled.api) }
}

function noPlan(api: string): PlanRefusal {
  return { code: 'SUBSCRIPTION_MISSING', detail: `API "${api}" has no plan that could let in` }
}

interface PlanTurn {
  readonly api: string
  readonly plan: CompiledPlan
  readonly tokenFound: boolean
}

function checkPlan(turn: PlanTurn, context: PlanContext): PlanResult {
  switch (turn.plan.type) {
    case 'mtls':
      return checkCertificate(turn, context)
    case 'api-key':
      return checkApiKey(turn, context)
    case 'jwt':
    case 'oauth2':
      return checkToken(turn, context)
    case 'keyless':
      if (turn.tokenFound) return { kind: 'skipped' }
      return unmatched(turn, context) ?? { kind: 'granted', application: undefined }
  }
}

/** What is said where a plan's conditions do not hold, once its token was found; undefined where they do. */
function unmatched({ plan }: PlanTurn, { request }: PlanContext): PlanResult | undefined {
  if (plan.holds === undefined || plan.holds(request?.())) return undefined
  const detail = `The conditions of plan "${plan.name}" are not met`
  return { kind: 'unmatched', refusal: { code: 'PLAN_NOT_MATCHED', detail } }
}

/** The scheme of RFC 6750 section 2.1. */
const BEARER = /^Bearer +([A-Za-z0-9._~+/=-]+)$/i

/** The token; where the plan decides by it, one that has not the form of RFC 6750 is one all the same. */
function bearerOf(plan: CompiledPlan, context: PlanContext): string | undefined {
  const written = context.tokens.header('authorization') ?? ''
  if (plan.decisive !== true) return BEARER.exec(written)?.[1]
  return /^Bearer(.*)$/i.exec(written)?.[1]?.trim() ?? argumentOf(plan, context)
}

function checkToken(turn: PlanTurn, context: PlanContext): PlanResult {
  const { plan } = turn
  const token = bearerOf(plan, context)
  if (token === undefined) {
    const detail = `Plan "${plan.name}" wants a bearer token: none was sent`
    return { kind: 'no-token', refusal: { code: 'TOKEN_MISSING', detail } }
  }
  const other = unmatched(turn, context)
  if (other !== undefined) return other
  if (token === '') {
    const detail = `Plan "${plan.name}" wants a bearer token: an empty one was sent`
    return { kind: 'refused', refusal: { code: 'TOKEN_INVALID', detail } }
  }
  const { tokens: checker } = plan
  if (checker === undefined) {
    const detail = `Plan "${plan.name}" cannot check tokens here`
    return { kind: 'refused', refusal: { code: 'TOKEN_UNCHECKED', detail } }
  }
  const verdict = checker.known(token, context.now)
  if (verdict === undefined) {
    return { kind: 'pending', pending: { check: (now) => checker.check(token, now) } }
  }
  return judgeToken(turn, verdict, context)
}

function judgeToken(turn: PlanTurn, verdict: TokenVerdict, context: PlanContext): PlanResult {
  const { plan } = turn
  const fault = verdict.ok ? faultOf(verdict, context) : verdict
  const refused = (code: PlanRefusal['code'], detail: string): PlanRefusal => {
    return { code, detail: `Plan "${plan.name}": ${detail}` }
  }
  if (fault === undefined || plan.decisive === true && fault.code === 'TOKEN_INVALID') {
    const found = subscribedBy(turn, verdict.clientIds ?? [], context)
    if (fault === undefined) return found
    if (found.kind === 'granted') {
      const chosen = { type: plan.type as 'jwt' | 'oauth2', lacks: fault.lacks }
      return { kind: 'denied', refusal: { ...refused(fault.code, fault.detail), chosen } }
    }
    // Gravitee looks for the subscription first: whom a token names is no secret.
    if (found.kind === 'refused' && named(verdict)) return found
  }
  return { kind: 'refused', refusal: refused(fault.code, fault.detail) }
}

function named({ clientIds = [] }: TokenVerdict): boolean {
  return clientIds.length > 0
}

/** What is wrong now with a token that is good in itself. */
function faultOf(
  verdict: TokenVerdict & { readonly ok: true },
  { tokens: { certificate }, now }: PlanContext,
): (TokenVerdict & { readonly ok: false }) | undefined {
  const { clientIds } = verdict
  const invalid = { ok: false, code: 'TOKEN_INVALID', clientIds } as const
  const place = placeIn(verdict, now)
  if (place === 'before') return { ...invalid, detail: 'the token does not count yet' }
  if (place === 'after') return { ...invalid, detail: 'the token has expired' }
  if (verdict.certificate === undefined) return undefined
  const shown = certificate?.problem === undefined ? certificate?.fingerprint : undefined
  if (shown === verdict.certificate) return undefined
  const detail = 'the token is bound to another certificate than the client has'
  return { ...invalid, detail, lacks: 'certificate' }
}

function subscribedBy(
  turn: PlanTurn,
  clientIds: readonly string[],
  { credentials, now }: PlanContext,
): PlanResult {
  for (const clientId of clientIds) {
    const application = credentials.byClientId(clientId)
    if (application !== undefined) {
      return subscribed(turn, { application, from: undefined, until: undefined }, now)
    }
  }
  const names = clientIds.map((id) => `"${id}"`).join(', ') || 'nobody'
  const detail = `Plan "${turn.plan.name}": the token names ${names}, who is no application`
  return { kind: 'refused', refusal: { code: 'SUBSCRIPTION_MISSING', detail } }
}

function checkCertificate(turn: PlanTurn, context: PlanContext): PlanResult {
  const token = context.tokens.certificate
  if (token === undefined) {
    const detail = `Plan "${turn.plan.name}" wants a client certificate: none was presented`
    return { kind: 'no-token', refusal: { code: 'CERTIFICATE_MISSING', detail } }
  }
  const other = unmatched(turn, context)
  if (other !== undefined) return other
  const credential = context.credentials.byCertificate(token.fingerprint)
  const refusal = token.problem ?? checkCertificateCredential(token, credential, context.now) ??
    checkIdentity(turn.plan.identity, token)
  if (refusal !== undefined) return { kind: 'refused', refusal }
  return subscribed(turn, credential as Credential, context.now)
}

/** Why conditions turn a certificate away that counts otherwise; undefined where they do not. */
export function checkIdentity(
  rule: IdentityRule | undefined,
  { identity, fingerprint }: CertificateToken,
): PlanRefusal | undefined {
  if (rule === undefined) return undefined
  if (identity !== undefined) return rule.refusalOf(identity)
  return { code: 'CERTIFICATE_NOT_ALLOWED', detail: `The names of ${fingerprint} are not known` }
}

/** Whether a certificate belongs to an application now; undefined where it does. */
export function checkCertificateCredential(
  token: CertificateToken,
  credential: Credential | undefined,
  now: number,
): PlanRefusal | undefined {
  if (credential === undefined) {
    const detail = `Certificate ${token.fingerprint} belongs to no application`
    return { code: 'CERTIFICATE_UNKNOWN', detail }
  }
  const place = placeIn(credential, now)
  if (place === 'within') return undefined
  const whose = `Certificate ${token.fingerprint} of application "${credential.application.name}"`
  return place === 'before'
    ? {
      code: 'CERTIFICATE_NOT_YET_VALID',
      detail: `${whose} counts from ${showTime(credential.from)}`,
    }
    : {
      code: 'CERTIFICATE_EXPIRED',
      detail: `${whose} counted until ${showTime(credential.until)}`,
    }
}

function checkApiKey(turn: PlanTurn, context: PlanContext): PlanResult {
  const { plan } = turn
  const key = context.tokens.header(plan.header) ?? argumentOf(plan, context)
  if (key === undefined || key === '' && plan.decisive !== true) {
    const detail = `Plan "${plan.name}" wants an API key in header "${plan.header}": none was sent`
    return { kind: 'no-token', refusal: { code: 'API_KEY_MISSING', detail } }
  }
  const other = unmatched(turn, context)
  if (other !== undefined) return other
  const credential = context.credentials.byApiKey(key)
  const place = credential === undefined ? undefined : placeIn(credential, context.now)
  if (credential === undefined || place !== 'within') {
    const state = credential === undefined
      ? 'belongs to no application'
      : place === 'before'
      ? `of application "${credential.application.name}" counts from ${showTime(credential.from)}`
      : `of application "${credential.application.name}" counted until ${
        showTime(credential.until)
      }`
    const detail = `API key in header "${plan.header}" ${state}`
    const refusal = { code: 'API_KEY_UNKNOWN', detail } as const
    if (plan.decisive !== true || credential === undefined || place !== 'after') {
      return { kind: 'refused', refusal }
    }
    // Whose key it was is still known: nobody else is asked.
    const found = isForThis(turn, credential)
      ? subscribed(turn, credential, context.now)
      : undefined
    if (found?.kind !== 'granted') return { kind: 'refused', refusal }
    const chosen = { type: 'api-key', lacks: undefined } as const
    return { kind: 'denied', refusal: { ...refusal, chosen } }
  }
  if (!isForThis(turn, credential)) {
    const detail = `API key in header "${plan.header}" is that of another subscription`
    return { kind: 'refused', refusal: { code: 'SUBSCRIPTION_MISSING', detail } }
  }
  return subscribed(turn, credential, context.now)
}

/** Whether a key counts for this plan at all. */
function isForThis({ api, plan }: PlanTurn, { only }: Credential): boolean {
  return only === undefined || only.api === api && only.plan === plan.name
}

/** The key in the query, where a plan takes it from there. */
function argumentOf({ argument }: CompiledPlan, { request }: PlanContext): string | undefined {
  return argument === undefined ? undefined : request?.().argument(argument)
}

function subscribed(turn: PlanTurn, { application }: Credential, now: number): PlanResult {
  const found = findSubscription(application, turn, now)
  return 'code' in found
    ? { kind: 'refused', refusal: found }
    : { kind: 'granted', application: application.name, subscription: found.id }
}
