/** What the Kubernetes operator and Terraform write: the whole of a thing at once. */
import { readFileSync } from 'node:fs'
import t from 'tap'
import { parse } from 'yaml'
import { Pki } from '../../../support/pki.ts'
import { apiBody, application, gravitee, planBody, startedApi, V1, V2 } from './scene.ts'

const pki = new Pki(t)
const authority = await pki.authority('Partners CA')
const [one, two] = await Promise.all(
  ['one', 'two'].map(async (name) =>
    readFileSync((await pki.issue(name, { ca: authority, use: 'clientAuth' })).certFile, 'utf8')
  ),
) as [string, string]

type Body = Record<string, unknown>

/** An `ApiV4Definition`'s spec, as the operator sends it. */
function spec(path: string, more: Body = {}): Body {
  const { apiVersion: version, definitionVersion: _, ...rest } = apiBody(path)
  return {
    ...rest,
    version,
    id: `id${path.replaceAll('/', '-')}`,
    crossId: `cross${path.replaceAll('/', '-')}`,
    definitionContext: { origin: 'KUBERNETES', mode: 'FULLY_MANAGED', syncFrom: 'MANAGEMENT' },
    state: 'STARTED',
    lifecycleState: 'UNPUBLISHED',
    plans: {
      partners: {
        ...{ id: 'plan-partners', crossId: 'plan-cross', name: 'partners' },
        ...{
          security: { type: 'MTLS' },
          mode: 'STANDARD',
          status: 'PUBLISHED',
          validation: 'AUTO',
        },
      },
    },
    ...more,
  }
}

const crd = `${V2}/apis/_import/crd`

t.test('an API is written, again, and with other plans', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  t.same(await ask('PUT', crd, spec('/crd')).then(({ status, body }) => ({ status, ...body })), {
    status: 200,
    organizationId: 'DEFAULT',
    environmentId: 'DEFAULT',
    id: 'id-crd',
    crossId: 'cross-crd',
    state: 'STARTED',
    plans: { partners: 'plan-partners' },
    errors: { severe: [], warning: [] },
  })
  const at = `${V2}/apis/id-crd`
  t.match((await ask('GET', at)).body, {
    crossId: 'cross-crd',
    state: 'STARTED',
    lifecycleState: 'UNPUBLISHED',
    originContext: { origin: 'KUBERNETES', mode: 'FULLY_MANAGED', syncFrom: 'MANAGEMENT' },
    definitionContext: { origin: 'KUBERNETES', mode: 'FULLY_MANAGED', syncFrom: 'MANAGEMENT' },
  })
  t.match((await ask('GET', `${at}/plans`)).body.data, [{
    id: 'plan-partners',
    status: 'PUBLISHED',
  }])
  t.equal((await ask('PUT', crd, spec('/crd'))).status, 200, 'written twice, it is the same')
  const app = await application(scene, 'acme', one)
  const order = { applicationId: app, planId: 'plan-partners' }
  const { id: subscription } = (await ask('POST', `${at}/subscriptions`, order)).body
  const changed = spec('/crd', {
    name: 'Renamed',
    lifecycleState: 'PUBLISHED',
    state: 'STOPPED',
    id: 'another-id',
    plans: { open: { name: 'open', security: { type: 'KEY_LESS' } } },
  })
  const { body } = await ask('PUT', crd, changed)
  t.match(body, { id: 'id-crd', state: 'STOPPED' }, 'it is known by the id that it has everywhere')
  t.match((await ask('GET', at)).body, {
    name: 'Renamed',
    state: 'STOPPED',
    lifecycleState: 'PUBLISHED',
  })
  const plans = (await ask('GET', `${at}/plans?statuses=PUBLISHED,CLOSED,STAGING`)).body.data
  t.match(plans, [{ id: body.plans.open, name: 'open', status: 'PUBLISHED' }])
  t.equal(plans.length, 1, 'the plan that is written no longer is gone')
  t.equal(
    (await ask('GET', `${V1}/applications/${app}/subscriptions/${subscription}`)).body.status,
    'CLOSED',
  )
  await ask('PUT', crd, { ...changed, state: 'STARTED' })
  t.equal(
    (await ask('DELETE', `${at}?closePlans=true`)).status,
    204,
    'the operator removes it as it runs',
  )
})

t.test('what is wrong with an API is told before anything is done', async (t) => {
  const { ask } = gravitee(t)
  await ask('POST', `${V2}/apis`, apiBody('/taken'))
  const wrong = spec('/taken', {
    plans: {
      jwt: { name: 'jwt', security: { type: 'JWT' } },
      tokens: { name: 'tokens', security: { type: 'MTLS' } },
    },
    categories: ['retail'],
    groups: ['team'],
    members: [{ source: 'memory', sourceId: 'bob', role: 'USER' }],
  })
  const dry = await ask('PUT', `${crd}?dryRun=true`, wrong)
  t.match(dry, { status: 200, body: { id: 'id-taken', crossId: 'cross-taken', state: 'STARTED' } })
  t.same(dry.body.errors.warning, [
    'Group [team] could not be found in environment [DEFAULT]',
    'category [retail] is not defined in environment [DEFAULT]',
    'member [bob] of source [memory] could not be found in organization [DEFAULT]',
  ])
  t.same(dry.body.errors.severe, ['Path [/taken/] already exists'])
  t.match(await ask('PUT', crd, wrong), {
    status: 400,
    body: {
      httpStatus: 400,
      message: 'Unable to import because of errors [Path [/taken/] already exists]',
    },
  })
  const free = { ...wrong, ...spec('/free', { plans: wrong['plans'], members: [], groups: [] }) }
  const plans = await ask('PUT', `${crd}?dryRun=true`, free)
  t.match(plans.body.errors.severe, [/^invalid plan \[jwt\]\. Error: /])
  t.equal(plans.body.errors.severe.length, 1)
  const bad = spec('/bad', {
    listeners: [{ type: 'HTTP', paths: [{ path: '/a b' }, { path: '/c d' }] }],
  })
  t.same((await ask('PUT', `${crd}?dryRun=true`, bad)).body.errors.severe, [
    'Path [/a b] is invalid',
    'Path [/c d] is invalid',
  ])
  const nobody = spec('/nobody', { plans: {} })
  t.same((await ask('PUT', `${crd}?dryRun=true`, nobody)).body.errors.severe, [
    'The API {id-nobody} can not be started without at least one published plan',
  ])
  const owner = spec('/owner', { members: [{ source: 'x', sourceId: 'y', role: 'PRIMARY_OWNER' }] })
  t.match((await ask('PUT', `${crd}?dryRun=true`, owner)).body.errors, {
    severe: ['setting a member with the primary owner role is not allowed'],
  })
  t.match(await ask('PUT', crd, { ...spec('/x'), name: undefined }), {
    status: 400,
    body: { message: 'Validation error', details: [{ location: 'name' }] },
  })
  t.match(await ask('PUT', `${crd}?dryRun=true`, spec('/fine')), {
    body: { errors: { severe: [], warning: [] } },
  })
  t.match((await ask('GET', `${V2}/apis`)).body.data, [{ name: 'API /taken' }])
  t.equal((await ask('GET', `${V2}/apis`)).body.data.length, 1, 'nothing was made')
  t.equal((await ask('PUT', crd, spec('/o'), 'olga')).status, 403)
})

t.test('applications and subscriptions of the operator', async (t) => {
  const { ask } = gravitee(t)
  await ask('PUT', crd, spec('/ops'))
  const at = `${V2}/applications/_import/crd`
  const app = (more: Body = {}): Body => ({
    id: 'app-1',
    name: 'billing',
    description: 'Billing',
    settings: { app: { type: 'WEB', clientId: 'billing' }, tls: { clientCertificate: one } },
    ...more,
  })
  t.same((await ask('PUT', `${at}?dryRun=true`, app())).body, {
    organizationId: 'DEFAULT',
    environmentId: 'DEFAULT',
    id: 'app-1',
    errors: { severe: [], warning: [] },
  })
  t.equal((await ask('GET', `${V1}/applications/app-1`)).status, 404)
  t.match(await ask('PUT', at, app()), { status: 200, body: { id: 'app-1' } })
  t.match((await ask('GET', `${V1}/applications/app-1`)).body, {
    settings: { app: { type: 'WEB', client_id: 'billing' } },
  })
  const other = app({ id: 'app-2', groups: ['g'] })
  t.match((await ask('PUT', `${at}?dryRun=true`, other)).body.errors, {
    severe: [
      'client id [billing] is already defined for application [app-1] on environment [DEFAULT]',
    ],
    warning: ['Group [g] could not be found in environment [DEFAULT]'],
  })
  t.match(await ask('PUT', at, other), {
    status: 400,
    body: { message: /^Unable to import because of errors \[client id \[billing\]/ },
  })
  const same = app({ id: 'app-3', settings: { tls: { clientCertificate: one } } })
  t.match((await ask('PUT', `${at}?dryRun=true`, same)).body.errors.severe, [/is already used by/])
  t.match(await ask('PUT', at, same), {
    status: 400,
    body: { technicalCode: 'application.certificate.alreadyUsed' },
  })
  const specs = `${V2}/apis/id-ops/subscriptions/spec`
  const wanted = { id: 'sub-1', applicationId: 'app-1', planId: 'plan-partners' }
  t.match(await ask('PUT', `${specs}/_import`, wanted), {
    status: 200,
    body: { id: 'sub-1', status: 'ACCEPTED', startingAt: /^\d{4}-/ },
  })
  const ends = await ask('PUT', `${specs}/_import`, { ...wanted, endingAt: '2099-01-01T00:00:00Z' })
  t.match(ends.body, { status: 'ACCEPTED', endingAt: '2099-01-01T00:00:00.000Z' })
  t.match(await ask('PUT', `${specs}/_import`, { ...wanted, applicationId: 'app-9' }), {
    status: 400,
    body: { message: 'Subscription [sub-1] application cannot be changed' },
  })
  t.match(await ask('PUT', `${specs}/_import`, { ...wanted, planId: 'other' }), {
    status: 400,
    body: { message: 'Subscription [sub-1] plan cannot be changed' },
  })
  t.equal((await ask('DELETE', `${specs}/sub-1`)).status, 204)
  const at2 = `${V2}/apis/id-ops/subscriptions/sub-1`
  t.match((await ask('GET', at2)).body, { status: 'CLOSED' })
  t.match((await ask('PUT', `${specs}/_import`, wanted)).body, { status: 'ACCEPTED' })
})

const automation = '/automation/organizations/DEFAULT/environments/DEFAULT'

t.test('APIs, applications and subscriptions of Terraform', async (t) => {
  const { ask } = gravitee(t)
  const { id: _, crossId: __, plans: ___, ...rest } = spec('/tf')
  const plan = { ...planBody('MTLS'), hrid: 'partners', name: 'Partners', status: 'PUBLISHED' }
  const api = { ...rest, hrid: 'orders', plans: [plan] }
  t.match(await ask('PUT', `${automation}/apis?dryRun=true`, api), {
    status: 200,
    body: { hrid: 'orders', errors: { severe: [], warning: [] } },
  })
  t.match(await ask('GET', `${automation}/apis/orders`), {
    status: 404,
    body: {
      httpStatus: 404,
      message: 'HRID [orders] cannot be found.',
      technicalCode: 'hrid.notFound',
    },
  })
  const made = await ask('PUT', `${automation}/apis`, api)
  t.match(made, {
    status: 200,
    body: {
      hrid: 'orders',
      state: 'STARTED',
      plans: [{ hrid: 'partners' }],
      organizationId: 'DEFAULT',
    },
  })
  t.match((await ask('GET', `${automation}/apis/orders`)).body, {
    hrid: 'orders',
    id: made.body.id,
    version: '1.0',
    state: 'STARTED',
    plans: [{ hrid: 'partners', security: { type: 'MTLS' } }],
  })
  t.match((await ask('GET', `${V2}/apis/${made.body.id}`)).body, { state: 'STARTED' })
  t.match(await ask('PUT', `${automation}/apis`, { ...api, plans: [plan, plan] }), {
    status: 400,
    body: { message: 'Duplicate hrid found in plans', technicalCode: 'invalid' },
  })
  t.match(await ask('PUT', `${automation}/apis`, { ...api, hrid: '-' }), {
    status: 400,
    body: { details: [{ location: 'hrid' }] },
  })
  const app = {
    hrid: 'acme',
    name: 'Acme',
    description: 'x',
    settings: {
      tls: { clientCertificates: [{ name: 'a', content: two, endsAt: '2099-01-01T00:00:00Z' }] },
    },
  }
  t.match((await ask('PUT', `${automation}/applications`, app)).body, {
    hrid: 'acme',
    settings: { tls: { clientCertificates: [{ name: 'a' }] } },
    errors: { severe: [], warning: [] },
  })
  t.match((await ask('GET', `${automation}/applications/acme`)).body, {
    hrid: 'acme',
    name: 'Acme',
    environmentId: 'DEFAULT',
    settings: { tls: { clientCertificates: [{ name: 'a', endsAt: '2099-01-01T00:00:00.000Z' }] } },
  })
  const subscriptions = `${automation}/apis/orders/subscriptions`
  const wanted = { hrid: 'acme_orders', applicationHrid: 'acme', planHrid: 'partners' }
  t.match((await ask('PUT', subscriptions, wanted)).body, { ...wanted, apiHrid: 'orders' })
  t.match((await ask('GET', `${subscriptions}/acme_orders`)).body, { ...wanted, apiHrid: 'orders' })
  t.equal((await ask('DELETE', `${subscriptions}/acme_orders`)).status, 204)
  t.equal((await ask('DELETE', `${automation}/applications/acme`)).status, 204)
  t.equal((await ask('GET', `${automation}/applications/acme`)).status, 404)
  t.match(
    (await ask('PUT', `${automation}/applications`, app)).body,
    { hrid: 'acme' },
    'it is back',
  )
  t.equal((await ask('DELETE', `${automation}/apis/orders`)).status, 204)
  t.equal((await ask('DELETE', `${automation}/apis/orders`)).status, 404)
})

t.test('an API is exported as a resource that can be written again', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const { api } = await startedApi(scene, '/orders', planBody('MTLS'))
  const { headers, text } = await scene.text('GET', `${V2}/apis/${api}/_export/crd`)
  t.equal(headers.get('content-type'), 'application/x-yaml')
  t.match(text, /^---\napiVersion: "gravitee.io\/v1alpha1"\nkind: "ApiV4Definition"\nmetadata:\n/)
  t.notMatch(text, /(\[\]|\{\}|"")\n/, 'nothing that is empty')
  const resource = parse(text)
  t.match(resource, {
    metadata: { name: 'api-orders' },
    spec: {
      id: api,
      version: '1.0',
      state: 'STARTED',
      plans: { 'MTLS plan': { mode: 'STANDARD' } },
    },
  })
  t.match(await ask('PUT', crd, resource.spec), {
    status: 200,
    body: { id: api, errors: { severe: [] } },
  })
})
