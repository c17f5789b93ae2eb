import t from 'tap'
import { apiBody, gravitee, planBody, startedApi, V2 } from './scene.ts'

t.test('an API is duplicated', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const { api, plan } = await startedApi(scene, '/first', planBody('API_KEY'))
  await ask('POST', `${V2}/apis/${api}/plans`, planBody('KEY_LESS'))
  const at = `${V2}/apis/${api}/_duplicate`
  const made = await ask('POST', at, {
    contextPath: '/second',
    version: '2.0',
    filteredFields: ['GROUPS', 'MEMBERS', 'PAGES'],
  })
  t.match(made, {
    status: 200,
    body: {
      name: 'API /first',
      apiVersion: '2.0',
      state: 'STOPPED',
      lifecycleState: 'CREATED',
      listeners: [{ paths: [{ path: '/second/' }] }],
      endpointGroups: [{
        endpoints: [{ configuration: { target: 'http://127.0.0.1:8080/base' } }],
      }],
    },
  })
  t.not(made.body.id, api)
  t.match(made.headers.get('etag'), /^"\d+"$/)
  const { data } = (await ask('GET', `${V2}/apis/${made.body.id}/plans?statuses=PUBLISHED,STAGING`))
    .body
  t.same(data.map((each: { security: { type: string } }) => each.security.type).sort(), [
    'API_KEY',
    'KEY_LESS',
  ])
  t.notOk(data.some((each: { id: string }) => each.id === plan))
  const bare = await ask('POST', at, { contextPath: '/third', filteredFields: ['PLANS'] })
  t.match(bare.body, { apiVersion: '1.0' })
  t.match((await ask('GET', `${V2}/apis/${bare.body.id}/plans?statuses=PUBLISHED`)).body.data, [])
  t.match(await ask('POST', at, { filteredFields: [] }), {
    status: 400,
    body: {
      message: 'Cannot find a context-path for HTTP Listener',
      technicalCode: 'invalid.duplicate.definition',
    },
  })
  t.match(await ask('POST', at, { contextPath: '/first', filteredFields: [] }), {
    status: 400,
    body: { message: 'Path [/first/] already exists' },
  })
  t.match(await ask('POST', at, { contextPath: '/x', filteredFields: ['PICTURES'] }), {
    status: 400,
    body: { message: "Unexpected value 'PICTURES'", technicalCode: 'invalidValue' },
  })
  t.match(await ask('POST', `${V2}/apis/none/_duplicate`, { filteredFields: [] }), { status: 404 })
  t.match(await ask('POST', at, { contextPath: '/o', filteredFields: [] }, 'olga'), { status: 403 })
})

const YAML = `openapi: 3.0.0
info: { title: Pet Store, version: 1.2.3 }
servers:
  - url: https://{region}.pets.example/v1
    variables: { region: { default: eu } }
paths:
  /pets/{id}:
    get: { responses: { '200': { description: ok } } }
    delete: { responses: { '204': { description: gone } } }
`

t.test('APIs are made from OpenAPI descriptions', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const at = `${V2}/apis/_import/swagger`
  const made = await ask('POST', at, { payload: YAML })
  t.match(made, {
    status: 201,
    body: {
      name: 'Pet Store',
      description: 'Description of Pet Store',
      apiVersion: '1.2.3',
      definitionVersion: 'V4',
      type: 'PROXY',
      state: 'STOPPED',
      lifecycleState: 'CREATED',
      listeners: [{
        type: 'HTTP',
        paths: [{ path: '/v1/' }],
        entrypoints: [{ type: 'http-proxy' }],
      }],
      endpointGroups: [{
        name: 'default-group',
        type: 'http-proxy',
        endpoints: [{
          name: 'default',
          weight: 1,
          inheritConfiguration: true,
          configuration: { target: 'https://eu.pets.example/v1' },
        }],
      }],
      flows: [
        { selectors: [{}, { path: '/pets/:id', pathOperator: 'EQUALS', methods: ['GET'] }] },
        { selectors: [{}, { path: '/pets/:id', methods: ['DELETE'] }] },
      ],
    },
  })
  t.equal(made.headers.get('location'), `http://gateway${V2}/apis/${made.body.id}`)
  t.equal((await ask('GET', `${V2}/apis/${made.body.id}`)).status, 200)
  const json = {
    openapi: '3.0.1',
    info: { title: 'Two Servers', version: '1', description: 'Told' },
    servers: [{ url: 'http://10.0.0.1:80' }, { url: 'http://10.0.0.2:80' }],
    paths: {},
    'x-graviteeio-definition': {
      virtualHosts: [{ host: 'pets.example', path: '/own' }],
      labels: ['a'],
      visibility: 'PUBLIC',
      plans: [{ name: 'Free', type: 'KEY_LESS' }],
    },
  }
  const two = await ask('POST', at, { payload: JSON.stringify(json) })
  t.match(two.body, {
    description: 'Told',
    visibility: 'PUBLIC',
    labels: ['a'],
    listeners: [{ paths: [{ host: 'pets.example', path: '/own/' }] }],
    endpointGroups: [{ endpoints: [{ name: 'server1' }, { name: 'server2' }] }],
  })
  const plans = await ask('GET', `${V2}/apis/${two.body.id}/plans?statuses=STAGING`)
  t.match(plans.body.data, [{ name: 'Free', security: { type: 'KEY_LESS' }, validation: 'AUTO' }])
  const old = {
    swagger: '2.0',
    info: { title: 'Old One', version: '1' },
    host: 'old.example:8443',
    basePath: '/',
    schemes: ['https'],
    paths: {},
  }
  t.match((await ask('POST', at, { payload: JSON.stringify(old) })).body, {
    listeners: [{ paths: [{ path: '/oldone/' }] }],
    endpointGroups: [{ endpoints: [{ configuration: { target: 'https://old.example:8443/' } }] }],
  })
})

t.test('descriptions that are none', async (t) => {
  const { ask } = gravitee(t)
  const refused = async (payload: string | undefined, message: string | RegExp): Promise<void> => {
    t.match(await ask('POST', `${V2}/apis/_import/swagger`, { payload }), {
      status: 400,
      body: { technicalCode: 'swagger.invalid', message },
    })
  }
  await refused(undefined, 'Payload cannot be null')
  await refused('', 'Payload cannot be null')
  for (const text of ['{', 'plain words', '[1]', '{"a": 1}']) {
    await refused(text, 'The API specification is not valid')
  }
  await refused('openapi: 3.0.0', 'The API specification must contain an info section')
  t.match(
    await ask('POST', `${V2}/apis/_import/swagger`, {
      payload: YAML.replace(/servers:[^]*?paths/, 'paths'),
    }),
    {
      status: 400,
      body: { technicalCode: 'endpoint.missing' },
    },
  )
  await ask('POST', `${V2}/apis`, apiBody('/v1'))
  t.match(await ask('POST', `${V2}/apis/_import/swagger`, { payload: YAML }), {
    status: 400,
    body: {
      message: 'Cannot import API with invalid paths (Path [/v1/] already exists)',
      technicalCode: 'path.invalid',
    },
  })
  t.match(await ask('POST', `${V2}/apis/_import/swagger`, { payload: YAML }, 'olga'), {
    status: 403,
  })
})

interface Named {
  readonly name: string
}

t.test('an API becomes what a definition says', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const { api, plan } = await startedApi(scene, '/first', planBody('API_KEY'))
  const at = `${V2}/apis/${api}`
  const gone = (await ask('POST', `${at}/plans`, planBody('KEY_LESS', { name: 'gone' }))).body.id
  const exported = (await ask('GET', `${at}/_export/definition`)).body
  t.match(exported.plans, [{ id: String }, { id: String }])
  const bare = await ask('GET', `${at}/_export/definition?excludeAdditionalData=plans,members`)
  t.same(Object.keys(bare.body), ['export', 'api', 'metadata', 'pages'])
  const kept = exported.plans.find(({ id }: { id: string }) => id === plan)
  const definition = {
    ...exported,
    api: { ...exported.api, name: 'Renamed', listeners: apiBody('/second')['listeners'] },
    plans: [{ ...kept, name: 'Kept' }, planBody('MTLS', { status: 'PUBLISHED' })],
  }
  const made = await ask('PUT', `${at}/_import/definition`, definition)
  t.match(made, {
    status: 200,
    body: {
      id: api,
      name: 'Renamed',
      state: 'STARTED',
      listeners: [{ paths: [{ path: '/second/' }] }],
    },
  })
  const { data } = (await ask('GET', `${at}/plans?statuses=PUBLISHED,STAGING`)).body
  t.match(data.sort((a: Named, b: Named) => a.name < b.name ? -1 : 1), [
    { id: plan, name: 'Kept', status: 'PUBLISHED' },
    { security: { type: 'MTLS' }, status: 'PUBLISHED' },
  ])
  t.equal((await ask('GET', `${at}/plans/${gone}`)).status, 404)
  await ask('PUT', `${at}/_import/definition`, bare.body)
  t.equal((await ask('GET', `${at}/plans`)).body.data.length, 2, 'nothing is said of plans')
  t.match(
    await ask('PUT', `${at}/_import/definition`, {
      api: { ...exported.api, definitionVersion: 'V2' },
    }),
    {
      status: 400,
      body: { technicalCode: 'api.definitionVersionNotSupported' },
    },
  )
  await ask('POST', `${V2}/apis`, apiBody('/taken'))
  t.match(
    await ask('PUT', `${at}/_import/definition`, {
      api: { ...exported.api, listeners: apiBody('/taken')['listeners'] },
    }),
    { status: 400, body: { message: 'Path [/taken/] already exists' } },
  )
  t.equal((await ask('PUT', `${at}/_import/definition`, definition, 'olga')).status, 403)
  t.equal((await ask('PUT', `${V2}/apis/none/_import/definition`, definition)).status, 404)
  t.match(await ask('PUT', `${at}/_import/swagger`, { payload: YAML }), {
    status: 200,
    body: {
      id: api,
      name: 'Pet Store',
      apiVersion: '1.2.3',
      state: 'STARTED',
      listeners: [{ paths: [{ path: '/v1/' }] }],
    },
  })
  t.equal((await ask('GET', `${at}/plans`)).body.data.length, 2)
})
