import { type ApiBody, apiSchema } from '../api-bodies.ts'
import { createApi, deleteApi, startApi, stopApi, updateApi } from '../apis.ts'
import { check } from '../bodies.ts'
import { Fault, forbidden } from '../faults.ts'
import type { Actor, Management } from '../management.ts'
import type { ApiDocument, PathDefinition, PlanStatus } from '../model.ts'
import { conflictOf, duplicatePath, sanitizePath, sanitizePaths } from '../paths.ts'
import { type PlanBody, planSchema } from '../plan-bodies.ts'
import { closePlan, createPlan, deletePlan, newPlan, putPlan } from '../plans.ts'
import { Findings, PLACE, type Told, warnOfUnknown } from './findings.ts'

/** A specification as it was written, read as far as its form goes. */
type Written = Readonly<Record<string, unknown>>

/** A plan that a specification wants, by its key there. */
interface PlanSpec {
  readonly key: string
  readonly id: string
  readonly written: Written
}

/** Which API a specification is of. */
export interface ApiSpecOrder {
  readonly actor: Actor
  readonly id: string
  readonly crossId: string
  /** Only tells what would be. */
  readonly dryRun: boolean
  readonly plans: readonly PlanSpec[]
}

/** What became of an API, as the operator's status has it. */
export interface ApiStatus {
  readonly organizationId: string
  readonly environmentId: string
  readonly id: string
  readonly crossId: string
  readonly state: string
  /** Ids of plans by their keys. */
  readonly plans: Readonly<Record<string, string>>
  readonly errors: Told
}

/** Fields of specifications that are no part of an API here. */
const NOT_OURS = [
  ...['version', 'hrid', 'plans', 'members', 'groups', 'categories', 'pages', 'metadata'],
  ...['notifyMembers', 'consoleNotificationConfiguration', 'consoleNotification'],
  ...['portalNavigation', 'primaryOwner', 'notificationsRefs', 'state'],
]

/**
 * Makes an API what a specification says, with its plans, or makes it anew: as the Kubernetes operator and Terraform
 * write it. Throws Fault.
 */
export async function importApi(
  management: Management,
  written: Written,
  order: ApiSpecOrder,
): Promise<ApiStatus> {
  if (order.actor.role === 'owner') throw forbidden()
  const body = bodyOf(written)
  const known = knownApi(management, order)
  const id = known?.id ?? order.id
  const state = written['state'] === 'STOPPED' ? 'STOPPED' : 'STARTED'
  const findings = new Findings()
  await examine({ management, written, body, order, known, findings, state })
  const status: ApiStatus = {
    ...PLACE,
    id,
    crossId: order.crossId,
    state,
    plans: Object.fromEntries(order.plans.map((plan) => [plan.key, plan.id])),
    errors: findings.told(),
  }
  if (order.dryRun) return status
  findings.refuseSevere()
  const change: SpecChange = { body, state, id, order }
  await (known === undefined ? create(management, change) : update(management, known, change))
  return status
}

function bodyOf(written: Written): ApiBody {
  const rest = Object.entries(written).filter(([name]) => !NOT_OURS.includes(name))
  return check(
    { ...Object.fromEntries(rest), apiVersion: written['version'], definitionVersion: 'V4' },
    apiSchema,
  )
}

/** The API that a specification means: by the id that it has everywhere, else by that of here. */
function knownApi(
  { catalogue }: Management,
  { id, crossId }: ApiSpecOrder,
): ApiDocument | undefined {
  for (const { value } of catalogue.apis.values()) if (value.crossId === crossId) return value
  return catalogue.apis.get(id)?.value
}

interface Examination {
  readonly management: Management
  readonly written: Written
  readonly body: ApiBody
  readonly order: ApiSpecOrder
  readonly known: ApiDocument | undefined
  readonly findings: Findings
  readonly state: 'STARTED' | 'STOPPED'
}

/** All that stands in the way of an API, and what of it has no effect. */
async function examine(
  { management, written, body, order, known, findings, state }: Examination,
): Promise<void> {
  const { actor } = order
  const id = known?.id ?? order.id
  warnOfUnknown(findings, written)
  for (const listener of body.listeners.filter(({ type }) => type === 'HTTP')) {
    await examinePaths(management, listener.paths ?? [], { id, findings })
  }
  let api: ApiDocument | undefined
  if (!findings.failed) {
    const trial = management.trial()
    const lasting = { ...body, lifecycleState: undefined }
    await findings.trying(async () => {
      api = known === undefined
        ? await createApi(trial, lasting, { actor, id })
        : await updateApi(trial, lasting, { id, actor })
    })
  }
  for (const plan of order.plans) {
    await findings.trying(
      () => checkPlanSpec(management, plan, { api: id, actor, definition: api }),
      (message) => `invalid plan [${plan.key}]. Error: ${message}`,
    )
  }
  const live = order.plans.some(({ written }) => !/^(STAGING|CLOSED)$/.test(statusOf(written)))
  if (state === 'STARTED' && !live) {
    findings.severe(`The API {${id}} can not be started without at least one published plan`)
  }
}

async function examinePaths(
  { catalogue }: Management,
  paths: readonly PathDefinition[],
  { id, findings }: { readonly id: string; readonly findings: Findings },
): Promise<void> {
  const before = findings.failed
  for (const path of paths) await findings.trying(() => sanitizePath(path.path))
  if (!before && findings.failed) return
  await findings.trying(() => {
    for (const path of sanitizePaths(paths)) {
      const conflict = conflictOf(path, catalogue.paths, id)
      if (conflict !== undefined) findings.severe(duplicatePath(conflict).message)
    }
  })
}

function checkPlanSpec(
  management: Management,
  { id, written }: PlanSpec,
  { definition, ...order }: {
    readonly api: string
    readonly actor: Actor
    readonly definition: ApiDocument | undefined
  },
): void {
  const body = planBodyOf(written)
  const known = management.catalogue.plans.get(id)?.value
  if (known !== undefined && known.apiId !== order.api) {
    throw plainFault(`Plan [${id}] belongs to another API`)
  }
  if (known !== undefined && known.security.type !== body.security?.type) {
    throw plainFault(`its security cannot become another one than ${known.security.type}`)
  }
  if (known?.status === 'CLOSED' && body.status !== 'CLOSED') {
    throw plainFault(`Invalid status for plan '${known.name}'`)
  }
  if (definition !== undefined) newPlan(management, body, { ...order, id, definition })
}

function plainFault(message: string): Fault {
  return new Fault(400, message, { code: 'invalid' })
}

function planBodyOf(written: Written): PlanBody {
  return check<PlanBody>(written, planSchema)
}

function statusOf(written: Written): PlanStatus {
  return (String(written['status'] ?? 'PUBLISHED')).toUpperCase() as PlanStatus
}

interface SpecChange {
  readonly body: ApiBody
  readonly state: 'STARTED' | 'STOPPED'
  readonly id: string
  readonly order: ApiSpecOrder
}

async function create(
  management: Management,
  { body, state, id, order }: SpecChange,
): Promise<void> {
  const { actor, crossId } = order
  const lasting = body.lifecycleState === 'DEPRECATED' ? 'CREATED' : body.lifecycleState
  await createApi(management, body, {
    actor,
    id,
    crossId,
    origin: 'KUBERNETES',
    lifecycleState: lasting ?? 'CREATED',
  })
  try {
    await writePlans(management, { id, order })
    if (body.lifecycleState === 'DEPRECATED') await updateApi(management, body, { id, actor })
    if (state === 'STARTED') await startApi(management, id, actor)
  } catch (error) {
    // All of a specification comes to be, or nothing of it.
    await deleteApi(management, { id, actor, closePlans: true })
    throw error
  }
}

async function update(
  management: Management,
  known: ApiDocument,
  { body, state, id, order }: SpecChange,
): Promise<void> {
  const { actor } = order
  await updateApi(management, { ...body, lifecycleState: undefined }, { id, actor })
  await writePlans(management, { id, order })
  const { lifecycleState } = body
  if (lifecycleState !== undefined && lifecycleState !== known.lifecycleState) {
    await updateApi(management, body, { id, actor })
  }
  const wanted = new Set(order.plans.map((plan) => plan.id))
  for (const { value } of management.catalogue.plansOf(id)) {
    if (wanted.has(value.id)) continue
    await removePlan(management, value.id, actor)
  }
  if (state === known.state) return
  await (state === 'STARTED' ? startApi : stopApi)(management, id, actor)
}

async function writePlans(
  management: Management,
  { id: api, order }: { readonly id: string; readonly order: ApiSpecOrder },
): Promise<void> {
  const { actor } = order
  for (const [at, { id, written }] of order.plans.entries()) {
    const body = planBodyOf(written)
    const status = statusOf(written)
    const plan = { ...body, order: body.order ?? at + 1 }
    if (management.catalogue.plans.has(id)) {
      await putPlan(management, plan, { id, api, actor, status })
    } else await createPlan(management, plan, { api, actor, id, status })
  }
}

/** A plan that a specification no longer has goes, with those who subscribed to it. */
async function removePlan(management: Management, id: string, actor: Actor): Promise<void> {
  const { status } = management.plan(id).value
  if (status !== 'CLOSED') await closePlan(management, { id, actor })
  await deletePlan(management, { id, actor })
}
