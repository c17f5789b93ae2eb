import type { Json } from '../../store/mod.ts'
import { extraOf, plain } from './api-bodies.ts'
import { checkNotDeprecated } from './api-life.ts'
import { planNote } from './audit.ts'
import type { Known } from './catalogue.ts'
import { bad, Fault } from './faults.ts'
import { keyOf } from './keys.ts'
import type { Actor, Management } from './management.ts'
import type { ApiDocument, PlanDocument, PlanStatus, SecurityType } from './model.ts'
import { PLAN_FIELDS, type PlanBody } from './plan-bodies.ts'
import { unmasked } from './secrets.ts'
import { movedBy, orderFor, publishedPlans } from './plan-order.ts'
import { ANY, closeSubscriptionsOfPlan, LIVING } from './subscriptions/closing.ts'
import { checkPlan } from './translate/check.ts'

/** What may be said of a plan that comes to be beside its body. */
export interface NewPlan {
  readonly api: string
  readonly actor: Actor
  readonly id?: string
  readonly crossId?: string
  readonly status?: PlanStatus
}

/** Makes a plan, STAGING unless it is imported with another status. Throws Fault. */
export async function createPlan(
  management: Management,
  body: PlanBody,
  options: NewPlan,
): Promise<PlanDocument> {
  const { actor, api } = options
  const { ledger } = management
  return await ledger.change({ by: actor.name, lock: `plans ${api}` }, () => {
    const known = management.ownApi(api, actor)
    checkNotDeprecated(known.value)
    const plan = newPlan(management, body, { ...options, definition: known.value })
    const key = keyOf('plan', plan.id)
    return {
      operations: [{ put: key, value: plan as unknown as Json }],
      conditions: [{ key, revision: 0 }, { key: known.key, revision: known.modifyRevision }],
      audits: [planNote('PLAN_CREATED', undefined, plan)],
      inForce: isLive(plan),
      result: plan,
    }
  })
}

/** A plan that could be made for an API as it is, or as it will be. Throws Fault. */
export function newPlan(
  management: Management,
  body: PlanBody,
  { api, id, crossId, status = 'STAGING', definition }: NewPlan & {
    readonly definition: ApiDocument
  },
): PlanDocument {
  const now = management.now()
  if (body.definitionVersion !== 'V4') {
    throw new Fault(400, 'Plan is not valid.', { code: 'plan.invalid' })
  }
  if (body.mode === 'PUSH' && body.security !== undefined) {
    throw bad('plan.invalid', "Security type is forbidden for plan with 'Push' mode")
  }
  if (body.security === undefined || (body.mode !== undefined && body.mode !== 'STANDARD')) {
    const mode = body.mode ?? 'STANDARD'
    throw bad(
      'plan.invalid',
      `Plan mode [${mode}] without security is not supported: STANDARD with security is`,
    )
  }
  const tcp = definition.listeners.some(({ type }) => type === 'TCP')
  if (tcp && body.security.type !== 'KEY_LESS') {
    const names = { MTLS: 'mTLS', JWT: 'JWT', OAUTH2: 'OAuth2', API_KEY: 'API Key', KEY_LESS: '' }
    throw bad(
      'plan.securityForbidden',
      `Cannot create ${names[body.security.type]} plan for TCP API`,
    )
  }
  const plan: PlanDocument = plain({
    id: id ?? management.ledger.ids.next(),
    ...(crossId === undefined ? {} : { crossId }),
    apiId: api,
    name: body.name,
    description: body.description ?? '',
    security: { type: body.security.type, configuration: body.security.configuration ?? {} },
    ...(body.selectionRule === undefined ? {} : { selectionRule: body.selectionRule }),
    validation: validationOf(body.security.type, body.validation),
    status,
    order: body.order ?? 0,
    characteristics: body.characteristics ?? [],
    flows: (body.flows ?? []) as Json,
    extra: extraOf(body, PLAN_FIELDS),
    createdAt: now,
    updatedAt: now,
    ...(status === 'PUBLISHED' ? { publishedAt: now } : {}),
  })
  checkPlan(plan, definition, management.options)
  return plan
}

/** Nobody is asked about who comes in without a key. */
function validationOf(type: SecurityType, asked: 'AUTO' | 'MANUAL'): 'AUTO' | 'MANUAL' {
  return type === 'KEY_LESS' ? 'AUTO' : asked
}

/** Whether a plan takes part in traffic. */
export function isLive({ status }: PlanDocument): boolean {
  return status === 'PUBLISHED' || status === 'DEPRECATED'
}

/** Which plan, and who changes it. */
export interface PlanOrder {
  readonly id: string
  readonly actor: Actor
  readonly api?: string
}

async function changePlan(
  management: Management,
  { id, actor, api, event }: PlanOrder & { readonly event: string },
  change: (before: PlanDocument) => PlanDocument,
): Promise<PlanDocument> {
  // Plans of one API are changed one after another: their order and their number have rules.
  const lock = `plans ${management.plan(id, api).value.apiId}`
  return await management.ledger.change({ by: actor.name, lock }, () => {
    const known = ownPlan(management, { id, actor, ...(api === undefined ? {} : { api }) })
    const plan = plain({ ...change(known.value), updatedAt: management.now() })
    if (plan.status !== 'CLOSED') {
      checkPlan(plan, management.api(plan.apiId).value, management.options)
    }
    const moved = movedBy(management, known.value, plan)
    return {
      operations: [{ put: known.key, value: plan as unknown as Json }, ...moved.operations],
      conditions: [{ key: known.key, revision: known.modifyRevision }, ...moved.conditions],
      audits: [planNote(event, known.value, plan)],
      inForce: isLive(plan) || isLive(known.value),
      result: plan,
    }
  })
}

function ownPlan(management: Management, { id, actor, api }: PlanOrder): Known<PlanDocument> {
  const plan = management.plan(id, api)
  management.ownApi(plan.value.apiId, actor)
  return plan
}

/** Replaces what a plan says; its kind of security stays. Throws Fault. */
export function updatePlan(
  management: Management,
  body: PlanBody,
  order: PlanOrder,
): Promise<PlanDocument> {
  return changePlan(management, { ...order, event: 'PLAN_UPDATED' }, (before) => {
    if (body.definitionVersion !== 'V4') throw notValid(before.id)
    const written = unmasked(body, before)
    const configuration = written.security?.configuration ?? before.security.configuration
    const { selectionRule: _, ...rest } = before
    return {
      ...rest,
      name: written.name,
      description: written.description ?? before.description,
      security: { type: before.security.type, configuration },
      ...(written.selectionRule === undefined ? {} : { selectionRule: written.selectionRule }),
      validation: validationOf(before.security.type, written.validation),
      order: orderFor(management, before, written.order),
      characteristics: written.characteristics ?? before.characteristics,
      flows: (written.flows ?? before.flows) as Json,
      extra: extraOf(written, PLAN_FIELDS),
    }
  })
}

function notValid(plan: string): Fault {
  return bad('plan.invalid', `Plan [${plan}] is not valid.`, { plan })
}

/** Replaces what a plan says and where it is in its life, as whoever writes all of an API at once does. Throws Fault. */
export async function putPlan(
  management: Management,
  body: PlanBody,
  { status, ...order }: PlanOrder & { readonly status: PlanStatus },
): Promise<PlanDocument> {
  const { name, status: before } = management.plan(order.id, order.api).value
  if (before === 'CLOSED' && status !== 'CLOSED') {
    throw bad('plan.invalid', `Invalid status for plan '${name}'`)
  }
  if (before === 'CLOSED') return management.plan(order.id).value
  const plan = await updatePlan(management, body, order)
  if (status === plan.status) return plan
  if (status === 'PUBLISHED' && plan.status === 'STAGING') return publishPlan(management, order)
  if (status === 'CLOSED') return closePlan(management, order)
  return await changePlan(
    management,
    { ...order, event: `PLAN_${status}` },
    (each) => ({ ...each, status }),
  )
}

/** Lets a plan take part in traffic. Throws Fault. */
export function publishPlan(management: Management, order: PlanOrder): Promise<PlanDocument> {
  return changePlan(management, { ...order, event: 'PLAN_PUBLISHED' }, (before) => {
    if (before.status === 'CLOSED') throw closed(before.id)
    if (before.status === 'PUBLISHED') {
      throw bad('plan.published', `Plan ${before.id} is already published !`, { plan: before.id })
    }
    if (before.status === 'DEPRECATED') throw deprecated(before.id)
    if (before.security.type === 'KEY_LESS') checkOnlyKeyless(management, before)
    const order = (publishedPlans(management, before).at(-1)?.value.order ?? 0) + 1
    return { ...before, status: 'PUBLISHED', order, publishedAt: management.now() }
  })
}

function checkOnlyKeyless({ catalogue }: Management, { id, apiId }: PlanDocument): void {
  const taken = catalogue.plansOf(apiId).some(({ value }) =>
    isLive(value) && value.security.type === 'KEY_LESS'
  )
  if (!taken) return
  const message = 'A key-less plan is already published (or has been deprecated)!'
  throw bad('plan.keyless.exists', message, { plan: id })
}

/** A deprecated plan serves those who have it and takes nobody new. Throws Fault. */
export function deprecatePlan(management: Management, order: PlanOrder): Promise<PlanDocument> {
  return changePlan(management, { ...order, event: 'PLAN_DEPRECATED' }, (before) => {
    if (before.status === 'CLOSED') throw closed(before.id)
    if (before.status === 'DEPRECATED') throw deprecated(before.id)
    if (before.status === 'STAGING') {
      throw bad('plan.notPublished', `Plan ${before.id} is not yet published !`, {
        plan: before.id,
      })
    }
    return { ...before, status: 'DEPRECATED' }
  })
}

/** Closes a plan for good, with its subscriptions. Throws Fault. */
export async function closePlan(management: Management, order: PlanOrder): Promise<PlanDocument> {
  const plan = await changePlan(management, { ...order, event: 'PLAN_CLOSED' }, (before) => {
    if (before.status === 'CLOSED') throw closed(before.id)
    return { ...before, status: 'CLOSED', closedAt: management.now() }
  })
  // The plan lets nobody in any more; what follows tells subscribers so.
  await closeSubscriptionsOfPlan(management, plan.id, order.actor)
  return plan
}

function closed(plan: string): Fault {
  return bad('plan.closed', `Plan ${plan} is already closed !`, { plan })
}

function deprecated(plan: string): Fault {
  return bad('plan.deprecated', `Plan ${plan} is already deprecated !`, { plan })
}

/** Removes a plan that nobody has. Throws Fault. */
export async function deletePlan(management: Management, order: PlanOrder): Promise<void> {
  const { id, actor } = order
  await management.ledger.change({ by: actor.name, lock: `plan ${id}` }, () => {
    const known = ownPlan(management, order)
    const used = isLive(known.value) ? ANY : LIVING
    if (management.catalogue.count(id, used) > 0) {
      const message =
        "You can't delete a plan with existing subscriptions. Please close it instead."
      throw bad('plan.notDeletable', message, { plan: id })
    }
    const moved = movedBy(management, known.value, undefined)
    return {
      operations: [{ delete: known.key }, ...moved.operations],
      conditions: [{ key: known.key, revision: known.modifyRevision }, ...moved.conditions],
      audits: [planNote('PLAN_DELETED', known.value, undefined)],
      inForce: isLive(known.value),
      result: undefined,
    }
  })
}
