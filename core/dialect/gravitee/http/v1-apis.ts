import type { Management } from '../management.ts'
import { owns } from '../management.ts'
import type { ApiDocument, PlanDocument } from '../model.ts'
import { forbidden } from '../faults.ts'
import { param, type Part } from './exchange.ts'
import { applicationViewV1 } from './views.ts'

/** What the v1 API tells of APIs: enough to subscribe. They are changed on the v2 API. */
export function addApisV1(app: Part, management: Management): void {
  app.get('/apis', (call) => {
    const all = [...management.catalogue.apis.values()].map(({ value }) => value)
    return call.json(all.filter((api) => owns(call.var.actor, api)).map(apiViewV1))
  })
  app.get('/apis/:api', (call) => {
    const { value } = management.api(param(call, 'api'))
    if (!owns(call.var.actor, value)) throw forbidden()
    return call.json(apiViewV1(value))
  })
  app.get('/apis/:api/subscribers', (call) => {
    const { catalogue } = management
    management.ownApi(param(call, 'api'), call.var.actor)
    const ids = new Set(
      catalogue.find({ api: param(call, 'api'), statuses: ['PENDING', 'ACCEPTED'] })
        .map((id) => catalogue.subscriptions.get(id)?.applicationId ?? ''),
    )
    const all = [...ids].flatMap((id) => catalogue.applications.get(id)?.value ?? [])
    all.sort((a, b) => a.name.toLowerCase() < b.name.toLowerCase() ? -1 : 1)
    return call.json(all.map((each) => applicationViewV1(management, each)))
  })
  // Whoever may subscribe may see what there is to subscribe to.
  app.get('/apis/:api/plans', (call) => {
    const { value } = management.api(param(call, 'api'))
    const all = management.catalogue.plansOf(value.id).map((plan) => plan.value)
    const mine = owns(call.var.actor, value)
    return call.json(all.filter(({ status }) => mine || status === 'PUBLISHED').map(planViewV1))
  })
}

function apiViewV1(api: ApiDocument): Record<string, unknown> {
  return {
    id: api.id,
    name: api.name,
    version: api.apiVersion,
    description: api.description,
    definition_version: '4.0.0',
    type: 'proxy',
    state: api.state,
    lifecycle_state: api.lifecycleState.toLowerCase(),
    visibility: api.visibility.toLowerCase(),
    owner: { id: api.owner, displayName: api.owner, type: 'USER' },
    created_at: api.createdAt,
    updated_at: api.updatedAt,
    deployed_at: api.deployedAt,
  }
}

function planViewV1(plan: PlanDocument): Record<string, unknown> {
  return {
    id: plan.id,
    name: plan.name,
    description: plan.description,
    security: plan.security.type.toLowerCase(),
    validation: plan.validation.toLowerCase(),
    status: plan.status.toLowerCase(),
    order: plan.order,
    apis: [plan.apiId],
    characteristics: plan.characteristics,
    created_at: plan.createdAt,
    updated_at: plan.updatedAt,
    published_at: plan.publishedAt,
    closed_at: plan.closedAt,
  }
}
