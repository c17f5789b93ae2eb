import t from 'tap'
import {
  apiBody,
  application,
  gravitee,
  planBody,
  type Scene,
  startedApi,
  V1,
  V2,
} from './scene.ts'

async function made({ ask }: Scene, path = '/life'): Promise<(state?: string) => Promise<unknown>> {
  const { id } = (await ask('POST', `${V2}/apis`, apiBody(path))).body
  return async (lifecycleState) => {
    const { status, body } = await ask(
      'PUT',
      `${V2}/apis/${id}`,
      apiBody(path, lifecycleState === undefined ? {} : { lifecycleState }),
    )
    return status === 200 ? body.lifecycleState : body
  }
}

const refused = (lifecycleState: string): Record<string, unknown> => ({
  httpStatus: 400,
  message: `The API lifecycle state cannot be changed to ${lifecycleState}.`,
  technicalCode: 'api.lifecycleState.invalid',
  parameters: { lifecycleState },
  details: [],
})

t.test('steps in the life of an API', async (t) => {
  const scene = gravitee(t)
  const put = await made(scene)
  t.equal(await put(), 'CREATED', 'left out, it stays')
  t.equal(await put('CREATED'), 'CREATED')
  t.equal(await put('PUBLISHED'), 'PUBLISHED')
  t.equal(await put('UNPUBLISHED'), 'UNPUBLISHED')
  t.same(await put('CREATED'), refused('CREATED'), 'nothing is unmade')
  t.equal(await put('PUBLISHED'), 'PUBLISHED')
  t.equal(await put('CREATED'), 'CREATED')
  t.match(await put('FROZEN'), {
    httpStatus: 400,
    message: "Unexpected value 'FROZEN'",
    technicalCode: 'invalidValue',
    details: [{ message: "Unexpected value 'FROZEN'", location: 'lifecycleState' }],
  })
  t.equal(await put('ARCHIVED'), 'ARCHIVED')
  t.equal(await put('ARCHIVED'), 'ARCHIVED')
  for (const state of ['PUBLISHED', 'CREATED', 'DEPRECATED']) {
    t.same(await put(state), refused(state))
  }
})

t.test('an archived API is neither started nor stopped', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const { api } = await startedApi(scene, '/gone')
  await ask('PUT', `${V2}/apis/${api}`, apiBody('/gone', { lifecycleState: 'ARCHIVED' }))
  t.match(await ask('POST', `${V2}/apis/${api}/_stop`), {
    status: 400,
    body: { message: 'Deleted API cannot be stopped' },
  })
  t.match(await ask('POST', `${V2}/apis/${api}/_start`), {
    status: 400,
    body: { message: 'Deleted API cannot be started' },
  })
})

t.test('a deprecated API stays as it is, and takes no plans nor subscriptions', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const { api, plan } = await startedApi(scene, '/old', planBody('API_KEY'))
  const at = `${V2}/apis/${api}`
  const staging = (await ask('POST', `${at}/plans`, planBody())).body.id
  const closed = (await ask(
    'POST',
    `${at}/plans`,
    planBody('JWT', {
      security: {
        type: 'JWT',
        configuration: { resolverParameter: 'x'.repeat(40), signature: 'HMAC_HS256' },
      },
    }),
  )).body.id
  await ask('POST', `${at}/plans/${closed}/_close`)
  const deprecated = await ask('PUT', at, apiBody('/old', { lifecycleState: 'DEPRECATED' }))
  t.match(deprecated, { status: 200, body: { lifecycleState: 'DEPRECATED', state: 'STARTED' } })
  const statuses = async (): Promise<Record<string, string>> => {
    const query = 'statuses=STAGING,PUBLISHED,DEPRECATED,CLOSED'
    const { data } = (await ask('GET', `${at}/plans?${query}`)).body
    return Object.fromEntries(
      data.map((each: { id: string; status: string }) => [each.id, each.status]),
    )
  }
  t.same(await statuses(), { [plan]: 'DEPRECATED', [staging]: 'DEPRECATED', [closed]: 'CLOSED' })
  for (const state of ['DEPRECATED', 'PUBLISHED']) {
    const again = await ask('PUT', at, apiBody('/old', { lifecycleState: state }))
    t.match(again, { status: 400, body: refused(state) })
  }
  const renamed = await ask('PUT', at, apiBody('/old', { name: 'New name' }))
  t.match(renamed, { status: 200, body: { name: 'New name', lifecycleState: 'DEPRECATED' } })
  t.match(await ask('POST', `${at}/plans`, planBody('KEY_LESS')), {
    status: 400,
    body: {
      message: `The api ${api} is deprecated and cannot be modified.`,
      technicalCode: 'api.deprecated',
      parameters: { api },
    },
  })
  const app = await application(scene, 'late')
  const order = { applicationId: app, planId: plan }
  t.match(await ask('POST', `${at}/subscriptions`, order), {
    status: 400,
    body: { technicalCode: 'plan.notSubscribable' },
  })
  t.match((await ask('GET', `${V1}/apis/${api}`)).body, { lifecycle_state: 'deprecated' })
  await ask('POST', `${at}/_stop`)
  t.equal((await ask('DELETE', at)).status, 204, "deprecated plans are in nobody's way")
})

t.test('what does not fit to the API that it is to change', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const { id } = (await ask('POST', `${V2}/apis`, apiBody('/fit'))).body
  const put = async (more: Record<string, unknown>): Promise<unknown> =>
    (await ask('PUT', `${V2}/apis/${id}`, apiBody('/fit', more))).body
  t.match(await put({ definitionVersion: 'V2' }), {
    message: `Api [${id}] is not valid.`,
    technicalCode: 'api.invalid',
    parameters: { apiId: id },
  })
  t.match(await put({ type: 'MESSAGE' }), {
    message: 'You are not allowed to change the API type',
    technicalCode: 'apiType.notAllowed',
  })
  t.match(await put({ type: undefined }), {
    message: 'Validation error',
    details: [{ message: 'must not be null', location: 'type' }],
  })
  const plan = (await ask('POST', `${V2}/apis/${id}/plans`, planBody())).body.id
  const at = `${V2}/apis/${id}/plans/${plan}`
  t.match((await ask('PUT', at, planBody('MTLS', { definitionVersion: 'V2' }))).body, {
    message: `Plan [${plan}] is not valid.`,
    technicalCode: 'plan.invalid',
    parameters: { plan },
  })
  const { security: _, ...rest } = planBody('MTLS', { name: 'Renamed' })
  t.match(await ask('PUT', at, { ...rest, security: { configuration: {} } }), {
    status: 200,
    body: { name: 'Renamed', security: { type: 'MTLS' } },
  }, 'its kind of security need not be told')
})

t.test('endpoints and entrypoints', async (t) => {
  const { ask } = gravitee(t)
  const endpoint = (name: string, more: Record<string, unknown> = {}): unknown => ({
    name,
    type: 'http-proxy',
    configuration: { target: 'http://127.0.0.1:8080' },
    ...more,
  })
  const group = (name: string, endpoints: unknown[]): unknown => ({
    name,
    type: 'http-proxy',
    endpoints,
  })
  const refusal = async (more: Record<string, unknown>): Promise<unknown> => {
    const { status, body } = await ask('POST', `${V2}/apis`, apiBody('/rules', more))
    t.equal(status, 400)
    return [body.technicalCode, body.message]
  }
  t.same(await refusal({ endpointGroups: [group('g', [])] }), [
    'endpoint.missing',
    'At least one endpoint is required for an API.',
  ])
  t.same(await refusal({ endpointGroups: [group('g', [endpoint('e'), endpoint('e')])] }), [
    'api.endpointsGroup.endpoint.name.exists',
    'The endpoint name [e] is already used by another endpoint or endpoint group.',
  ])
  const twice = [group('g', [endpoint('a')]), group('g', [endpoint('b')])]
  t.same(await refusal({ endpointGroups: twice }), [
    'api.endpointsGroup.name.exists',
    'The endpoint group name [g] is already used by another endpoint or endpoint group.',
  ])
  t.same(await refusal({ endpointGroups: [group('g:1', [endpoint('e')])] }), [
    'api.endpoint.invalid',
    'The endpoint named [g:1] is invalid.',
  ])
  t.same(await refusal({ endpointGroups: [group('g', [endpoint('e', { type: 'mock' })])] }), [
    'api.endpointsGroup.type.invalid',
    "The endpoint group's type [http-proxy] doesn't match every endpoint types declared.",
  ])
  const heir = [group('g', [endpoint('e', { inheritConfiguration: true })])]
  t.same(await refusal({ endpointGroups: heir }), [
    'endpoint.validationError',
    'Impossible to inherit from a null shared configuration for endpoint: e',
  ])
  const listener = (more: Record<string, unknown>): unknown => ({
    type: 'HTTP',
    paths: [{ path: '/rules' }],
    entrypoints: [{ type: 'http-proxy' }],
    ...more,
  })
  t.same(await refusal({ listeners: [listener({ paths: [] })] }), [
    'api.pathMissing',
    'HTTP listener requires a minimum of one path',
  ])
  t.same(await refusal({ listeners: [listener({ entrypoints: [] })] }), [
    'listeners.entrypoints.missing',
    'At least one entrypoint is required for the listener  [http].',
  ])
  t.same(await refusal({ listeners: [listener({ entrypoints: [{}] })] }), [
    'listeners.entrypoints.type.missing',
    'The entrypoint type cannot be null or empty.',
  ])
  t.same(await refusal({ listeners: [listener({}), listener({ paths: [{ path: '/b' }] })] }), [
    'api.listeners.type.duplicated',
    'The api contains duplicated listeners type [[http]].',
  ])
  const same = [{ type: 'http-proxy' }, { type: 'http-proxy' }]
  t.same(await refusal({ listeners: [listener({ entrypoints: same })] }), [
    'api.listeners.entrypoints.type.duplicated',
    'The api contains duplicated entrypoints [[http-proxy]] for listener [http].',
  ])
})
