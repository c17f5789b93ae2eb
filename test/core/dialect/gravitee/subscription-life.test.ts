import t from 'tap'
import { application, gravitee, planBody, type Scene, startedApi, V1, V2 } from './scene.ts'

interface Subscribed {
  readonly api: string
  readonly plan: string
  readonly app: string
  /** Where the subscription is. */
  readonly at: string
}

async function subscribed(scene: Scene, plan = planBody('API_KEY')): Promise<Subscribed> {
  const made = await startedApi(scene, '/keys', plan)
  const app = await application(scene, 'acme')
  const order = { applicationId: app, planId: made.plan, metadata: { team: 'blue' } }
  const { body } = await scene.ask('POST', `${V2}/apis/${made.api}/subscriptions`, order)
  return { ...made, app, at: `${V2}/apis/${made.api}/subscriptions/${body.id}` }
}

t.test('what is closed or rejected is restored, and accepted anew', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const { at, api, app, plan } = await subscribed(scene)
  t.match(await ask('POST', `${at}/_restore`), {
    status: 400,
    body: {
      technicalCode: 'subscription.notClosed',
      message: /^Subscription \[.*\] is not closed\. You cannot restore it\.$/,
    },
  })
  await ask('POST', `${at}/_close`)
  const restored = (await ask('POST', `${at}/_restore`)).body
  t.match(restored, { status: 'PENDING' })
  t.notOk('closedAt' in restored)
  t.match((await ask('POST', `${at}/_accept`, {})).body, { status: 'ACCEPTED' })
  await ask('POST', `${at}/_close`)
  await ask('POST', `${V2}/apis/${api}/subscriptions`, { applicationId: app, planId: plan })
  t.match(await ask('POST', `${at}/_restore`), {
    status: 400,
    body: { technicalCode: 'plan.subscribed' },
  }, 'where there is another one')
})

t.test("a restored application's subscriptions wait for their publisher", async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const { at, app } = await subscribed(scene)
  await ask('DELETE', `${V1}/applications/${app}`)
  t.match((await ask('GET', at)).body, { status: 'CLOSED' })
  t.match(await ask('POST', `${V1}/applications/${app}/_restore`), {
    status: 200,
    body: { status: 'ACTIVE' },
  })
  t.match((await ask('GET', at)).body, { status: 'PENDING' })
})

t.test('an update replaces what a subscription says, and ends its keys with it', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const { at } = await subscribed(scene)
  t.same((await ask('GET', at)).body.metadata, { team: 'blue' })
  const endingAt = '2099-01-01T00:00:00.000Z'
  t.match((await ask('PUT', at, { endingAt })).body, { endingAt, metadata: {} })
  t.match((await ask('GET', `${at}/api-keys`)).body.data, [{ expireAt: endingAt }])
  await ask('POST', `${at}/_close`)
  t.match(await ask('PUT', at, {}), {
    status: 400,
    body: {
      technicalCode: 'subscription.notUpdatable',
      message: /^Subscription \[.*\] cannot be updated because of its status\.$/,
    },
  })
})

t.test('API keys: renewed, revoked, given back, ended', async (t) => {
  const scene = gravitee(t)
  const { ask, setTime } = scene
  setTime(Date.parse('2030-01-01T00:00:00Z'))
  const { at } = await subscribed(scene)
  const [first] = (await ask('GET', `${at}/api-keys`)).body.data
  t.match(first, { revoked: false, paused: false, expired: false })
  const second = (await ask('POST', `${at}/api-keys/_renew`, {})).body
  const listed = (await ask('GET', `${at}/api-keys?perPage=1`)).body
  t.match(listed, { data: [{ id: second.id }], pagination: { totalCount: 2 } }, 'the newest first')
  t.match((await ask('GET', `${at}/api-keys?perPage=1&page=2`)).body.data, [{
    id: first.id,
    expireAt: '2030-01-01T02:00:00.000Z',
  }])
  t.match(await ask('GET', `${at}/api-keys?page=9`), {
    status: 400,
    body: { technicalCode: 'pagination.invalid', message: 'Pagination is not valid' },
  })
  const keys = `${at}/api-keys/${second.id}`
  t.match(await ask('POST', `${keys}/_reactivate`), {
    status: 400,
    body: { technicalCode: 'apiKey.activated', message: 'API Key is already activated' },
  })
  t.match((await ask('POST', `${keys}/_revoke`)).body, { revoked: true })
  t.match(await ask('POST', `${keys}/_revoke`), { status: 200, body: { revoked: true } }, 'again')
  t.match(await ask('PUT', keys, { expireAt: '2031-01-01T00:00:00Z' }), {
    status: 400,
    body: { technicalCode: 'apiKey.expired' },
  })
  t.match((await ask('POST', `${keys}/_reactivate`)).body, { revoked: false })
  t.match((await ask('PUT', keys, { expireAt: '2031-01-01T00:00:00Z' })).body, {
    expireAt: '2031-01-01T00:00:00.000Z',
  })
  t.notOk('expireAt' in (await ask('PUT', keys, {})).body, 'no end any more')
  await ask('PUT', at, { endingAt: '2030-06-01T00:00:00Z' })
  t.match((await ask('PUT', keys, { expireAt: '2031-01-01T00:00:00Z' })).body, {
    expireAt: '2030-06-01T00:00:00.000Z',
  }, 'not after its subscription')
  await ask('POST', `${at}/_pause`)
  t.match((await ask('GET', `${at}/api-keys`)).body.data, [{ paused: true }, { paused: true }])
  t.match(await ask('POST', `${at}/api-keys/none/_revoke`), {
    status: 404,
    body: { technicalCode: 'apiKey.notFound', message: 'No API Key can be found.' },
  })
  t.match(await ask('POST', `${at}/api-keys/_renew`, { customApiKey: 'mine' }), {
    status: 400,
    body: { message: 'You are not allowed to provide a custom API Key' },
  })
})

t.test('API keys on the v1 API', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const { at, app, api } = await subscribed(scene)
  const id = at.split('/').at(-1)
  for (const whose of [`applications/${app}`, `apis/${api}`]) {
    const keys = `${V1}/${whose}/subscriptions/${id}/apikeys`
    const made = await ask('POST', `${keys}/_renew`)
    t.equal(made.status, 201)
    t.equal(made.headers.get('location'), `http://gateway${keys}/${made.body.id}`)
    t.match((await ask('GET', keys)).body[0], { id: made.body.id, revoked: false })
    t.equal((await ask('DELETE', `${keys}/${made.body.id}`)).status, 204)
    t.match((await ask('GET', keys)).body[0], { revoked: true, revoked_at: Number })
    const again = await ask('DELETE', `${keys}/${made.body.id}`)
    if (whose.startsWith('apis')) t.equal(again.status, 204)
    else t.match(again, { status: 400, body: { message: 'API Key is already expired' } })
    t.match(await ask('POST', `${keys}/${made.body.id}/_reactivate`), {
      status: 200,
      body: { revoked: false },
    })
    const [{ id: key }] = (await ask('GET', keys)).body
    t.match(await ask('PUT', `${keys}/${key}`, { id: key, expire_at: Date.now() + 60_000 }), {
      status: 200,
      body: { id: key, expire_at: Number },
    })
    t.match(await ask('PUT', `${keys}/${key}`, { expire_at: 0 }), {
      status: 400,
      body: "'apikey' parameter in path does not correspond to the api-key id to update",
    })
    t.match(await ask('DELETE', `${keys}/none`), {
      status: 404,
      body: { technicalCode: 'apiKey.notFound' },
    })
  }
  t.match(
    await ask('POST', `${V1}/apis/${api}/subscriptions/${id}/apikeys/_renew?customApiKey=x`),
    {
      status: 400,
      body: 'You are not allowed to provide a custom API Key',
    },
  )
})

t.test('keys of all of an application', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const { at, app, api } = await subscribed(scene)
  const second = await startedApi(scene, '/b', planBody('API_KEY'))
  const other = (await ask('POST', `${V2}/apis/${second.api}/subscriptions`, {
    applicationId: app,
    planId: second.plan,
  })).body.id
  const keys = `${V1}/applications/${app}/apikeys`
  const all = (await ask('GET', keys)).body
  t.equal(all.length, 2)
  const message = `Invalid operation for API Key mode [EXCLUSIVE] of application [${app}]`
  const refused = {
    status: 400,
    body: { message, technicalCode: 'application.apiKeyMode.invalid' },
  }
  t.match(await ask('POST', `${keys}/_renew`), refused)
  t.match(await ask('DELETE', `${keys}/${all[0].id}`), refused)
  t.equal((await ask('DELETE', `${keys}/none`)).status, 404)
  const [{ id: key }] =
    (await ask('GET', `${V1}/apis/${second.api}/subscriptions/${other}/apikeys`))
      .body
  const mine = `${V1}/apis/${api}/subscriptions/${at.split('/').at(-1)}/apikeys/${key}`
  t.match(await ask('DELETE', mine), { status: 404, body: { technicalCode: 'apiKey.notFound' } })
  t.match(await ask('DELETE', mine.replace(`apis/${api}`, `applications/${app}`)), {
    status: 400,
    body: "'key' parameter does not correspond to the subscription",
  })
  t.match(await ask('POST', `${mine}/_reactivate`), {
    status: 400,
    body: 'API Key in path does not correspond to the subscription',
  })
  t.match((await ask('GET', `${V1}/apis/${api}/subscribers`)).body, [{ id: app }])
  t.match((await ask('GET', `${V1}/applications/${app}/subscribed`)).body, [
    { name: 'API /b' },
    { name: 'API /keys' },
  ])
})

t.test('subscriptions as a table, by API key, and keys that are free', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const { at, api, app } = await subscribed(scene)
  const all = `${V2}/apis/${api}/subscriptions`
  const [{ key }] = (await ask('GET', `${at}/api-keys`)).body.data
  t.equal((await ask('GET', `${all}?apiKey=${key}`)).body.data.length, 1)
  t.equal((await ask('GET', `${all}?apiKey=other`)).body.data.length, 0)
  const verify = async (applicationId: string, apiKey: string): Promise<unknown> =>
    (await ask('POST', `${all}/_verify`, { applicationId, apiKey })).body
  t.same(await verify(app, key), { ok: false })
  t.same(await verify(app, 'fresh'), { ok: true })
  const table = await scene.text('GET', `${all}/_export`)
  t.match(table.headers.get('content-type'), /^text\/csv/)
  t.match(table.headers.get('content-disposition'), /^attachment;filename=subscriptions-.*\.csv$/)
  const [head, row] = table.text.split('\n')
  t.equal(head, 'Plan;Application;Creation date;Process date;Start date;End date date;Status')
  t.match(row, /^API_KEY plan;acme;\d{4}-.*Z;.*Z;.*Z;;ACCEPTED$/)
})

t.test('lists of the v1 API', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const { app, plan, api } = await subscribed(scene)
  const all = `${V1}/applications/${app}/subscriptions`
  const { body } = await ask('GET', `${all}?expand=keys&expand=security`)
  t.match(body.data, [{ api, plan, application: app, security: 'API_KEY', keys: [String] }])
  t.match(body.metadata, { [plan]: { securityType: 'API_KEY' } })
  t.equal((await ask('GET', `${all}?security_types=MTLS`)).body.data.length, 0)
  t.equal((await ask('GET', `${all}?api=${api}`)).body.data.length, 1)
  t.equal((await ask('GET', `${all}?api=other`)).body.data.length, 0)
})

t.test('a plan may ask why someone subscribes', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const { plan } = await startedApi(scene, '/why', planBody('API_KEY', { commentRequired: true }))
  const app = await application(scene, 'acme')
  const at = `${V1}/applications/${app}/subscriptions?plan=${plan}`
  t.match(await ask('POST', at, {}), {
    status: 400,
    body: 'Plan requires a consumer comment when subscribing',
  })
  t.match(await ask('POST', at, { request: 'because' }), {
    status: 201,
    body: { status: 'PENDING', request: 'because' },
  })
})
