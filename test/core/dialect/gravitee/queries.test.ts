/** What lists are asked for, and the small questions of both versions of the API. */
import t from 'tap'
import { apiBody, application, gravitee, planBody, startedApi, V1, V2 } from './scene.ts'

interface Named {
  readonly name: string
}

t.test('APIs are searched for', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  await ask('POST', `${V2}/apis`, apiBody('/a', { tags: ['eu'], visibility: 'PUBLIC' }))
  await startedApi(scene, '/b')
  const found = async (body: unknown, query = ''): Promise<string[]> =>
    (await ask('POST', `${V2}/apis/_search${query}`, body)).body.data.map(({ name }: Named) => name)
  t.same(await found({}), ['API /a', 'API /b'])
  t.same(await found({ query: '/b' }), ['API /b'])
  t.same(await found({ statuses: ['STARTED'] }), ['API /b'])
  t.same(await found({ published: ['PUBLISHED'] }), [])
  t.same(await found({ published: ['CREATED'], visibilities: ['PUBLIC'] }), ['API /a'])
  t.same(await found({ tags: ['eu', 'us'] }), ['API /a'])
  t.same(await found({ apiTypes: ['V4_HTTP_PROXY'] }, '?sortBy=-name'), ['API /b', 'API /a'])
  t.same(await found({ apiTypes: ['V4_MESSAGE'] }), [])
  t.same(await found({ definitionVersion: 'V2' }), [])
  t.same(await found({ definitionVersions: ['V2', 'V4'] }), ['API /a', 'API /b'])
  t.same(await found({}, '?sortBy=-status'), ['API /a', 'API /b'])
  t.match(await ask('POST', `${V2}/apis/_search?sortBy=colour`, {}), {
    status: 400,
    body: { httpStatus: 400, message: 'Invalid sortBy parameter: colour' },
  })
  t.match(await ask('POST', `${V2}/apis/_search`), {
    status: 400,
    body: { message: 'Validation error', details: [{ message: 'must not be null' }] },
  })
  const [plain] = (await ask('GET', `${V2}/apis`)).body.data
  t.notOk('deploymentState' in plain || 'primaryOwner' in plain, 'told where they are asked for')
  t.match((await ask('GET', `${V2}/apis?expands=deploymentState,primaryOwner`)).body.data, [
    { deploymentState: 'NEED_REDEPLOY', primaryOwner: { id: 'admin' } },
    { deploymentState: 'DEPLOYED' },
  ])
})

t.test('plans that an application could subscribe to', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const { api, plan } = await startedApi(scene, '/plans', planBody('API_KEY'))
  const at = `${V2}/apis/${api}/plans`
  const more = [planBody('API_KEY', { name: 'second' }), planBody('KEY_LESS')]
  for (const each of more) {
    await ask('POST', `${at}/${(await ask('POST', at, each)).body.id}/_publish`)
  }
  const app = await application(scene, 'acme')
  const names = async (query: string): Promise<string[]> =>
    (await ask('GET', `${at}${query}`)).body.data.map(({ name }: Named) => name)
  t.same(await names(''), ['API_KEY plan', 'second', 'KEY_LESS plan'])
  t.same(await names(`?subscribableBy=${app}`), ['API_KEY plan', 'second'])
  await ask('POST', `${V2}/apis/${api}/subscriptions`, { applicationId: app, planId: plan })
  t.same(await names(`?subscribableBy=${app}`), ['second'])
  t.same(await names('?securities=KEY_LESS'), ['KEY_LESS plan'])
  t.same(await names('?mode=PUSH'), [])
  for (const query of ['statuses=GONE', 'securities=LDAP', 'mode=PULL']) {
    const [name = '', word] = query.split('=')
    t.match(await ask('GET', `${at}?${query}`), {
      status: 400,
      body: {
        message: `Query parameter ${name} does not have a valid format`,
        details: [{ message: `No enum constant ${word}`, location: name }],
      },
    })
  }
})

t.test('bodies of decisions must be there on the v2 API', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const { api, plan } = await startedApi(scene, '/decide', planBody('API_KEY'))
  const app = await application(scene, 'acme')
  const made = await ask('POST', `${V1}/applications/${app}/subscriptions?plan=${plan}`)
  t.match(made, { status: 201, body: { status: 'PENDING' } })
  const at = `${V2}/apis/${api}/subscriptions/${made.body.id}`
  const nothing = { status: 400, body: { details: [{ message: 'must not be null' }] } }
  for (const step of ['_accept', '_reject', '_transfer', 'api-keys/_renew']) {
    t.match(await ask('POST', `${at}/${step}`), nothing)
  }
  t.match(await ask('PUT', at), nothing)
  t.match(await ask('POST', `${at}/_accept`, {}), { status: 200, body: { status: 'ACCEPTED' } })
  t.match(await ask('GET', `${V2}/apis/${api}/subscriptions?statuses=LOST`), {
    status: 400,
    body: { message: 'Query parameter statuses does not have a valid format' },
  })
  const key = { applicationId: app, apiKey: 'a key' }
  t.match(await ask('POST', `${V2}/apis/${api}/subscriptions/_verify`, key), {
    status: 400,
    body: { details: [{ location: 'apiKey', message: /^must match "/ }] },
  })
})

t.test('questions of the v1 API', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const { api, plan } = await startedApi(scene, '/v1', planBody('API_KEY'))
  const [one, two] = [await application(scene, 'one'), await application(scene, 'two')]
  const of = `${V1}/apis/${api}/subscriptions`
  const first = await ask('POST', `${of}?application=${one}&plan=${plan}`)
  t.match(first, { status: 201, body: { status: 'ACCEPTED' } })
  const second = await ask('POST', `${V1}/applications/${two}/subscriptions?plan=${plan}`, {})
  const count = async (query: string): Promise<number> =>
    (await ask('GET', `${of}${query}`)).body.data.length
  t.equal(await count(''), 2, 'those that live')
  t.equal(await count('?status=accepted'), 1)
  t.equal(await count('?status=nonsense'), 1, 'words that are none do not count')
  t.equal(await count('?status=closed,pending'), 1)
  t.equal((await ask('GET', `${V1}/applications/${two}/subscriptions`)).body.data.length, 0)
  t.match(await ask('POST', `${of}?plan=${plan}`), { status: 400, body: { path: 'application' } })
  t.match(await ask('POST', `${of}?application=${one}`), { status: 400, body: { path: 'plan' } })
  t.match(await ask('POST', `${of}?application=${one}&plan=${plan}&customApiKey=mine`), {
    status: 400,
    body: 'You are not allowed to provide a custom API Key',
  })
  const [{ key }] = (await ask('GET', `${of}/${first.body.id}/apikeys`)).body
  t.equal((await ask('GET', `${of}/_canCreate?key=${key}&application=${two}`)).body, false)
  t.equal((await ask('GET', `${of}/_canCreate?key=fresh&application=${two}`)).body, true)
  const csv = await scene.text('GET', `${of}/export`)
  t.match(csv.text, /^Plan;Application;/)
  t.match(csv.headers.get('content-type'), /^text\/plain/)
  const foreign = `${V1}/applications/${one}/subscriptions/${second.body.id}`
  t.match(await ask('DELETE', foreign), { status: 403, body: undefined })
  const own = `${V1}/applications/${one}/subscriptions/${first.body.id}`
  t.match(await ask('POST', `${own}/_changeConsumerStatus?status=STOPPED`), {
    status: 400,
    body: {
      technicalCode: 'subscription.consumerStatusNotUpdatable',
      message: `Subscription [${first.body.id}] consumer status cannot be updated because ` +
        'API should contain a listener of type SUBSCRIPTION',
    },
  })
  t.match(await ask('POST', `${own}/_changeConsumerStatus`), { status: 400, body: undefined })
  t.match(await ask('POST', `${of}/${first.body.id}/status?status=LOST`), { status: 400 })
  t.match(await ask('POST', `${of}/${first.body.id}/status?status=paused`), {
    body: { status: 'PAUSED' },
  })
  const other = { id: 'other', accepted: true }
  t.match(await ask('POST', `${of}/${second.body.id}/_process`, other), {
    status: 400,
    body: "'subscription' parameter does not correspond to the subscription to process",
  })
  t.match(await ask('POST', `${V1}/applications`), {
    status: 400,
    body: { message: 'An application must be provided' },
  })
  t.match(await ask('POST', `${V1}/applications/${one}/certificates`, { name: 'x'.repeat(256) }), {
    status: 400,
    body: { message: 'size must be between 0 and 255' },
  })
  const ids = await ask('GET', `${V1}/applications?ids=${two}&ids=${one}`)
  t.same(ids.body.map(({ name }: Named) => name), ['one', 'two'])
})

t.test('who has subscriptions to an API', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const { api, plan } = await startedApi(scene, '/api', planBody('API_KEY'))
  const at = `${V2}/apis/${api}/subscribers`
  t.same((await ask('GET', at)).body, { data: [], pagination: {} })
  for (const name of ['zeta', 'Acme', 'beta']) {
    const applicationId = await application(scene, name)
    await ask('POST', `${V2}/apis/${api}/subscriptions`, { applicationId, planId: plan })
  }
  const { body } = await ask('GET', at)
  t.same(body.data.map(({ name }: Named) => name), ['Acme', 'beta', 'zeta'])
  t.match(body.data[0], { primaryOwner: { id: 'admin' }, apiKeyMode: 'UNSPECIFIED' })
  t.match(body.pagination, { totalCount: 3 })
  t.match((await ask('GET', `${at}?name=ET&perPage=1`)).body, {
    data: [{ name: 'beta' }],
    pagination: { totalCount: 2, pageCount: 2 },
  })
  t.equal((await ask('GET', at, undefined, 'olga')).status, 403)
})
