import t from 'tap'
import { apiBody, gravitee, planBody, startedApi, V1, V2 } from './scene.ts'

t.test('APIs are made, changed, started, stopped and deleted', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const made = await ask('POST', `${V2}/apis`, apiBody('/orders'))
  t.equal(made.status, 201)
  t.match(made.body, {
    name: 'API /orders',
    state: 'STOPPED',
    lifecycleState: 'CREATED',
    definitionVersion: 'V4',
    type: 'PROXY',
    deploymentState: 'NEED_REDEPLOY',
    listeners: [{ type: 'HTTP', paths: [{ path: '/orders/' }] }],
  })
  const { id } = made.body
  t.match(made.headers.get('location'), new RegExp(`/apis/${id}$`))
  const early = await ask('POST', `${V2}/apis/${id}/_start`)
  t.match(early, {
    status: 400,
    body: {
      httpStatus: 400,
      technicalCode: 'api.NotDeployable',
      message: `The API {${id}} can not be started without at least one published plan`,
    },
  })
  const plan = (await ask('POST', `${V2}/apis/${id}/plans`, planBody())).body
  t.match(plan, { status: 'STAGING', security: { type: 'MTLS' }, apiId: id, mode: 'STANDARD' })
  t.match(await ask('POST', `${V2}/apis/${id}/plans/${plan.id}/_publish`), {
    status: 200,
    body: { status: 'PUBLISHED' },
  })
  t.equal((await ask('POST', `${V2}/apis/${id}/_start`)).status, 204)
  t.match(await ask('POST', `${V2}/apis/${id}/_start`), {
    status: 400,
    body: { message: 'API is already started' },
  })
  t.match((await ask('GET', `${V2}/apis/${id}`)).body, {
    state: 'STARTED',
    deploymentState: 'DEPLOYED',
  })
  t.equal(
    (await ask('POST', `${V2}/apis/${id}/deployments`, { deploymentLabel: 'v1' })).status,
    202,
  )
  t.equal(
    (await ask('POST', `${V2}/apis/${id}/deployments`, { deploymentLabel: 'x'.repeat(33) })).status,
    400,
  )
  t.match(await ask('DELETE', `${V2}/apis/${id}`), {
    status: 400,
    body: { technicalCode: 'api.running' },
  })
  t.equal((await ask('POST', `${V2}/apis/${id}/_stop`)).status, 204)
  t.match(await ask('DELETE', `${V2}/apis/${id}`), {
    status: 400,
    body: { technicalCode: 'api.notDeletable' },
  })
  t.equal((await ask('DELETE', `${V2}/apis/${id}?closePlans=true`)).status, 204)
  t.match(await ask('GET', `${V2}/apis/${id}`), {
    status: 404,
    body: { technicalCode: 'api.notFound', message: `Api [${id}] cannot be found.` },
  })
  t.equal(
    (await ask('POST', `${V2}/apis`, apiBody('/orders'))).status,
    201,
    'its path is free again',
  )
})

t.test('a context path belongs to one API', async (t) => {
  const { ask } = gravitee(t)
  await ask('POST', `${V2}/apis`, apiBody('/x'))
  t.match(await ask('POST', `${V2}/apis`, apiBody('x/')), {
    status: 400,
    body: { message: 'Path [/x/] already exists' },
  })
  const answers = await Promise.all(
    [1, 2, 3, 4].map(() => ask('POST', `${V2}/apis`, apiBody('/race'))),
  )
  t.same(answers.map(({ status }) => status).sort(), [201, 400, 400, 400])
  const hosted = apiBody('/x', {
    listeners: [{
      type: 'HTTP',
      paths: [{ path: '/x', host: 'a.example' }],
      entrypoints: [{ type: 'http-proxy' }],
    }],
  })
  t.equal((await ask('POST', `${V2}/apis`, hosted)).status, 201, 'on a host of its own')
  t.match((await ask('POST', `${V2}/apis/_verify/paths`, { paths: [{ path: '/x' }] })).body, {
    ok: false,
  })
})

t.test('what the gateway cannot work by is refused with a reason', async (t) => {
  const { ask } = gravitee(t)
  const refused = async (more: Record<string, unknown>, message: RegExp): Promise<void> => {
    const { status, body } = await ask('POST', `${V2}/apis`, apiBody('/bad', more))
    t.equal(status, 400)
    t.match(body.message, message)
  }
  await refused({ type: 'MESSAGE' }, /\[MESSAGE\] is not supported/)
  await refused({ definitionVersion: 'V2' }, /versions V2 is not supported/)
  const group = (configuration: unknown, ssl: unknown): unknown => [{
    name: 'g',
    type: 'http-proxy',
    sharedConfiguration: { ssl },
    endpoints: [{ name: 'e', type: 'http-proxy', configuration }],
  }]
  await refused({ endpointGroups: group({ target: 'nonsense' }, {}) }, /it is not a URL/)
  const https = { target: 'https://backend:8443' }
  await refused(
    { endpointGroups: group(https, { trustStore: { type: 'JKS', content: 'eA==' } }) },
    /keytool/,
  )
  await refused(
    { endpointGroups: group(https, { trustStore: { type: 'PEM', content: 'x' } }) },
    /trustStore/,
  )
  await refused(
    { endpointGroups: group(https, { keyStore: { type: 'PEM', certPath: '/x' } }) },
    /send it as content/,
  )
  const { body } = await ask('POST', `${V2}/apis`, { name: 'x' })
  t.match(body, { httpStatus: 400, message: 'Validation error' })
  t.ok(body.details.some((each: { location: string }) => each.location === 'listeners'))
})

t.test('plans have their life', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const { api, plan } = await startedApi(scene)
  const at = `${V2}/apis/${api}/plans/${plan}`
  t.match(await ask('POST', `${at}/_publish`), {
    status: 400,
    body: { technicalCode: 'plan.published' },
  })
  t.match(await ask('POST', `${at}/_deprecate`), { status: 200, body: { status: 'DEPRECATED' } })
  t.match(await ask('POST', `${at}/_close`), { status: 200, body: { status: 'CLOSED' } })
  t.match(await ask('POST', `${at}/_close`), {
    status: 400,
    body: { technicalCode: 'plan.closed' },
  })
  t.equal((await ask('GET', `${V2}/apis/${api}/plans`)).body.pagination.totalCount, undefined)
  t.match((await ask('GET', `${V2}/apis/${api}/plans?statuses=CLOSED`)).body, {
    data: [{ id: plan }],
    pagination: { page: 1, perPage: 10, pageCount: 1, pageItemsCount: 1, totalCount: 1 },
  })
  const tcp = apiBody('/', {
    listeners: [{ type: 'TCP', hosts: ['a.example'], entrypoints: [{ type: 'tcp-proxy' }] }],
  })
  const other = (await ask('POST', `${V2}/apis`, tcp)).body.id
  t.match(await ask('POST', `${V2}/apis/${other}/plans`, planBody()), {
    status: 400,
    body: { message: 'Cannot create mTLS plan for TCP API' },
  })
})

t.test('what a body may leave out', async (t) => {
  const { ask } = gravitee(t)
  const { description: _, ...api } = apiBody('/bare')
  const made = await ask('POST', `${V2}/apis`, api)
  t.equal(made.status, 201)
  const at = `${V2}/apis/${made.body.id}/plans`
  const plan = { definitionVersion: 'V4', name: 'p', security: { type: 'MTLS' } }
  t.match(await ask('POST', at, plan), {
    status: 201,
    body: { validation: 'MANUAL', security: { configuration: {} } },
  })
  const nulls = {
    ...plan,
    name: 'q',
    security: { type: 'KEY_LESS', configuration: null },
    selectionRule: null,
    flows: null,
    description: null,
  }
  t.equal((await ask('POST', at, nulls)).status, 201)
  t.match(await ask('POST', at, { ...plan, security: { type: 'NONSENSE' } }), {
    status: 400,
    body: { details: [{ location: 'security.type' }] },
  })
  const bare = await ask('POST', `${V1}/applications`, {
    name: 'a',
    description: 'a',
    settings: { app: null, tls: { client_certificates: null } },
  })
  t.equal(bare.status, 201)
})

t.test('definitions are imported with the statuses of their plans, and exported', async (t) => {
  const { ask } = gravitee(t)
  const made = await ask('POST', `${V2}/apis/_import/definition`, {
    api: apiBody('/imported'),
    plans: [{ ...planBody(), status: 'PUBLISHED' }, { ...planBody('KEY_LESS'), status: 'STAGING' }],
    members: [],
    metadata: [],
    pages: [],
  })
  t.equal(made.status, 201)
  const { id } = made.body
  const plans =
    (await ask('GET', `${V2}/apis/${id}/plans?statuses=PUBLISHED&statuses=STAGING`)).body.data
  t.same(plans.map((plan: { status: string }) => plan.status), ['PUBLISHED', 'STAGING'])
  t.equal((await ask('POST', `${V2}/apis/${id}/_start`)).status, 204)
  t.match((await ask('GET', `${V2}/apis/${id}/_export/definition`)).body, {
    api: { name: 'API /imported' },
    plans: [{ status: 'PUBLISHED' }, { status: 'STAGING' }],
  })
})

t.test('who may do what', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  t.equal((await ask('GET', `${V2}/apis`, undefined, '')).status, 401)
  t.equal((await ask('GET', `${V2}/apis`, undefined, 'nobody')).status, 401)
  t.match(await ask('POST', `${V2}/apis`, apiBody('/no'), 'olga'), {
    status: 403,
    body: { message: 'You do not have sufficient rights to access this resource' },
  })
  const made = await ask('POST', `${V2}/apis`, apiBody('/paulas'), 'paula')
  t.equal(made.status, 201)
  await ask('POST', `${V2}/apis`, apiBody('/admins'))
  const own = await ask('GET', `${V2}/apis`, undefined, 'paula')
  t.same(own.body.data.map((api: { id: string }) => api.id), [made.body.id])
  t.equal((await ask('GET', `${V2}/apis/${made.body.id}`, undefined, 'olga')).status, 403)
  t.equal((await ask('GET', `/management/v2/environments/OTHER/apis`)).status, 404)
  t.equal(
    (await ask('GET', `/management/v2/organizations/DEFAULT/environments/DEFAULT/apis`)).status,
    200,
  )
  t.equal((await ask('GET', `${V1}/audit`, undefined, 'paula')).status, 403)
})

t.test('secrets do not come back, and sending back what was answered keeps them', async (t) => {
  const scene = gravitee(t)
  const { ask, store } = scene
  const ssl = { trustAll: true, keyStore: { type: 'PKCS12', content: 'MAA=', password: 's3cret' } }
  const groups = [{
    name: 'g',
    type: 'http-proxy',
    sharedConfiguration: { ssl },
    endpoints: [{ name: 'e', type: 'http-proxy', configuration: { target: 'http://backend:80' } }],
  }]
  const made = await ask('POST', `${V2}/apis`, apiBody('/secret', { endpointGroups: groups }))
  t.equal(made.status, 201)
  t.notMatch(JSON.stringify(made.body), /s3cret|MAA=/)
  const again = await ask('PUT', `${V2}/apis/${made.body.id}`, { ...made.body, description: 'new' })
  t.match(again, { status: 200, body: { description: 'new' } })
  const found = await store.get(`/gravitee/apis/${made.body.id}`)
  t.match(JSON.stringify(found), /s3cret/)
  t.notMatch(JSON.stringify((await ask('GET', `${V2}/audits?perPage=100`)).body), /s3cret|MAA=/)
})

t.test('conditional requests', async (t) => {
  const { ask, dialect } = gravitee(t)
  const { body } = await ask('POST', `${V2}/apis`, apiBody('/etag'))
  const { headers } = await ask('GET', `${V2}/apis/${body.id}`)
  t.match(headers.get('etag'), /^"\d+"$/)
  const request = new Request(`http://gateway${V2}/apis/${body.id}/_stop`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa('admin:admin')}`, 'if-match': '"1"' },
  })
  const response = await dialect.api(request, {
    address: '',
    secure: false,
    certificate: undefined,
  })
  t.equal(response.status, 412)
})
