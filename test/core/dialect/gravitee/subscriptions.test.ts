import { readFileSync } from 'node:fs'
import t from 'tap'
import { Pki } from '../../../support/pki.ts'
import { application, gravitee, planBody, type Scene, startedApi, V1, V2 } from './scene.ts'

const pki = new Pki(t)
const one = readFileSync((await pki.issue('one', { use: 'clientAuth' })).certFile, 'utf8')
const two = readFileSync((await pki.issue('two', { use: 'clientAuth' })).certFile, 'utf8')

async function subscribed(
  scene: Scene,
): Promise<{ api: string; plan: string; id: string; app: string }> {
  const { api, plan } = await startedApi(scene)
  const app = await application(scene, 'acme', one)
  const made = await scene.ask('POST', `${V1}/applications/${app}/subscriptions?plan=${plan}`, {
    request: 'please',
  })
  return { api, plan, app, id: made.body.id }
}

t.test('the whole life of a subscription', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const { api, plan, id, app } = await subscribed(scene)
  const at = `${V2}/apis/${api}/subscriptions/${id}`
  t.match((await ask('GET', at)).body, {
    id,
    status: 'PENDING',
    plan: { id: plan },
    application: { id: app },
    consumerMessage: 'please',
    subscribedBy: { id: 'admin' },
  })
  t.match(await ask('POST', `${at}/_pause`), {
    status: 400,
    body: { technicalCode: 'subscription.notPausable' },
  })
  const accepted = await ask('POST', `${at}/_accept`, {
    reason: 'welcome',
    endingAt: '2099-01-01T00:00:00Z',
  })
  t.match(accepted, {
    status: 200,
    body: { status: 'ACCEPTED', publisherMessage: 'welcome', endingAt: '2099-01-01T00:00:00.000Z' },
  })
  t.type(accepted.body.startingAt, 'string')
  t.match(await ask('POST', `${at}/_accept`, {}), {
    status: 400,
    body: {
      technicalCode: 'subscription.processed',
      message: 'This subscription has already been processed.',
    },
  })
  t.match(await ask('POST', `${at}/_resume`), {
    status: 400,
    body: { technicalCode: 'subscription.notPaused' },
  })
  t.match(await ask('POST', `${at}/_pause`), { status: 200, body: { status: 'PAUSED' } })
  t.match(await ask('POST', `${at}/_resume`), { status: 200, body: { status: 'ACCEPTED' } })
  t.match(await ask('PUT', at, { startingAt: '2030-01-01T00:00:00Z', metadata: { a: 'b' } }), {
    status: 200,
    body: { startingAt: '2030-01-01T00:00:00.000Z', metadata: { a: 'b' } },
  })
  t.match(await ask('POST', `${at}/_close`), { status: 200, body: { status: 'CLOSED' } })
  t.match(await ask('POST', `${at}/_close`), {
    status: 400,
    body: { technicalCode: 'subscription.closed' },
  })
  t.match(await ask('GET', `${V2}/apis/${api}/subscriptions/none`), {
    status: 404,
    body: {
      technicalCode: 'subscription.notFound',
      message: 'Subscription [none] cannot be found.',
    },
  })
})

t.test('publishers subscribe without waiting; plans may accept by themselves', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const { api, plan } = await startedApi(scene)
  const app = await application(scene, 'acme', one)
  const manual = await ask('POST', `${V2}/apis/${api}/subscriptions`, {
    applicationId: app,
    planId: plan,
  })
  t.match(manual, { status: 201, body: { status: 'ACCEPTED' } })
  const auto = await startedApi(scene, '/auto', planBody('MTLS', { validation: 'AUTO' }))
  const made = await ask('POST', `${V1}/applications/${app}/subscriptions?plan=${auto.plan}`)
  t.match(made, {
    status: 201,
    body: { status: 'ACCEPTED', plan: { id: auto.plan, security: 'MTLS' } },
  })
  t.type(made.body.starting_at, 'number')
})

t.test('what cannot be subscribed to', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const { api, plan } = await startedApi(scene)
  const app = await application(scene, 'acme', one)
  const bare = await application(scene, 'bare')
  const ask2 = (applicationId: string, planId: string): ReturnType<Scene['ask']> =>
    ask('POST', `${V2}/apis/${api}/subscriptions`, { applicationId, planId })
  const refused = async (applicationId: string, planId: string, body: unknown): Promise<void> => {
    t.match(await ask2(applicationId, planId), { status: 400, body })
  }
  await refused(bare, plan, {
    technicalCode: 'plan.notSubscribableWithoutClientCertificate',
    message:
      'You cannot subscribe to a mTLS plan without a client_certificate configured at application level',
  })
  t.equal((await ask2(app, plan)).status, 201)
  await refused(app, plan, {
    technicalCode: 'plan.subscribed',
    message: 'There is already a PENDING or ACCEPTED subscription for this plan.',
  })
  const other =
    (await ask('POST', `${V2}/apis/${api}/plans`, planBody('MTLS', { name: 'second' }))).body.id
  await refused(app, other, {
    technicalCode: 'plan.notPublished',
    message: `Plan ${other} is not yet published !`,
  })
  await ask('POST', `${V2}/apis/${api}/plans/${other}/_publish`)
  await refused(app, other, {
    technicalCode: 'plan.otherMtlsSubscribed',
    message: 'An other mTLS plan is already subscribed by the same application.',
  })
  await ask('POST', `${V2}/apis/${api}/plans/${other}/_deprecate`)
  await refused(bare, other, { technicalCode: 'plan.notSubscribable' })
  await ask('POST', `${V2}/apis/${api}/plans/${other}/_close`)
  await refused(bare, other, {
    technicalCode: 'plan.closed',
    message: `Plan ${other} is already closed !`,
  })
  const open = (await ask('POST', `${V2}/apis/${api}/plans`, planBody('KEY_LESS'))).body.id
  await ask('POST', `${V2}/apis/${api}/plans/${open}/_publish`)
  await refused(bare, open, {
    technicalCode: 'plan.notSubscribable',
    message: 'A keyless plan is not subscribable!',
  })
  t.equal((await ask2('none', plan)).body.technicalCode, 'application.notFound')
  t.equal((await ask2(app, 'none')).body.technicalCode, 'plan.notFound')
})

t.test('lists, by status, plan and application', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const { api, plan, id, app } = await subscribed(scene)
  const at = `${V2}/apis/${api}/subscriptions`
  t.equal((await ask('GET', at)).body.data.length, 0, 'ACCEPTED unless others are asked for')
  const pending = (await ask('GET', `${at}?statuses=PENDING&expands=plan,application,api`)).body
  t.match(pending, {
    data: [{
      id,
      plan: { name: 'MTLS plan' },
      application: { name: 'acme' },
      api: { name: 'API /mtls-api' },
    }],
    pagination: { totalCount: 1 },
  })
  await ask('POST', `${at}/${id}/_accept`, {})
  const second = await application(scene, 'second', two)
  await ask('POST', at, { applicationId: second, planId: plan })
  const page = (await ask('GET', `${at}?page=2&perPage=1`)).body
  t.match(page, {
    data: [{ id }],
    pagination: { page: 2, pageCount: 2, totalCount: 2, pageItemsCount: 1 },
  })
  t.ok(page.links.previous)
  t.equal((await ask('GET', `${at}?applicationIds=${second}`)).body.data[0].application.id, second)
  t.equal((await ask('GET', `${at}?planIds=none`)).body.data.length, 0)
  t.match((await ask('GET', `${V1}/applications/${app}/subscriptions`)).body, {
    data: [{ id, api, plan, status: 'ACCEPTED' }],
    page: { total_elements: 1 },
    metadata: { [plan]: { name: 'MTLS plan' } },
  })
})

t.test('the v1 API does the same', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const { api, id, app } = await subscribed(scene)
  const at = `${V1}/apis/${api}/subscriptions/${id}`
  t.match(await ask('POST', `${at}/_process`, { accepted: true }), {
    status: 200,
    body: { status: 'ACCEPTED' },
  })
  t.match(await ask('POST', `${at}/status?status=PAUSED`), {
    status: 200,
    body: { status: 'PAUSED' },
  })
  t.match(await ask('POST', `${at}/status?status=RESUMED`), {
    status: 200,
    body: { status: 'ACCEPTED' },
  })
  t.match(await ask('GET', `${V1}/applications/${app}/subscriptions/${id}`), { body: { id } })
  t.match(await ask('DELETE', `${V1}/applications/${app}/subscriptions/${id}`), {
    status: 200,
    body: { status: 'CLOSED' },
  })
})

t.test('closing a plan, or archiving an application, closes subscriptions', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const { api, plan, id } = await subscribed(scene)
  await ask('POST', `${V2}/apis/${api}/subscriptions/${id}/_accept`, {})
  await ask('POST', `${V2}/apis/${api}/plans/${plan}/_close`)
  t.equal((await ask('GET', `${V2}/apis/${api}/subscriptions/${id}`)).body.status, 'CLOSED')
  const other = await startedApi(scene, '/other')
  const app = await application(scene, 'second', two)
  const made = await ask('POST', `${V2}/apis/${other.api}/subscriptions`, {
    applicationId: app,
    planId: other.plan,
  })
  await ask('DELETE', `${V1}/applications/${app}`)
  t.equal(
    (await ask('GET', `${V2}/apis/${other.api}/subscriptions/${made.body.id}`)).body.status,
    'CLOSED',
  )
})

t.test('a subscription moves to another plan of its kind', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const { api, id } = await subscribed(scene)
  await ask('POST', `${V2}/apis/${api}/subscriptions/${id}/_accept`, {})
  const make = async (type: string): Promise<string> => {
    const { body } = await ask('POST', `${V2}/apis/${api}/plans`, planBody(type))
    await ask('POST', `${V2}/apis/${api}/plans/${body.id}/_publish`)
    return body.id
  }
  const at = `${V2}/apis/${api}/subscriptions/${id}/_transfer`
  t.match(await ask('POST', at, { planId: await make('API_KEY') }), {
    status: 400,
    body: { technicalCode: 'plan.transferNotAllowed' },
  })
  const next = await make('MTLS')
  t.match(await ask('POST', at, { planId: next }), { status: 200, body: { plan: { id: next } } })
})

t.test('API keys', async (t) => {
  const scene = gravitee(t)
  const { ask, store } = scene
  const { api, plan } = await startedApi(scene, '/keys', planBody('API_KEY'))
  const app = await application(scene, 'acme')
  const { id } =
    (await ask('POST', `${V2}/apis/${api}/subscriptions`, { applicationId: app, planId: plan }))
      .body
  const at = `${V2}/apis/${api}/subscriptions/${id}/api-keys`
  const [first] = (await ask('GET', at)).body.data
  t.match(first.key, /^[0-9a-f-]{36}$/)
  const renewed = await ask('POST', `${at}/_renew`, {})
  t.equal(renewed.status, 200)
  t.not(renewed.body.key, first.key)
  t.equal((await ask('POST', `${at}/${renewed.body.id}/_revoke`)).body.revoked, true)
  t.equal((await ask('POST', `${at}/${renewed.body.id}/_revoke`)).status, 200)
  t.match(
    (await ask('POST', `${V2}/apis/${api}/subscriptions`, {
      applicationId: app,
      planId: plan,
      customApiKey: 'mine',
    })).body,
    {
      message: 'You are not allowed to provide a custom API Key',
    },
  )
  t.notMatch(JSON.stringify(await store.list('/gravitee/audits/')), new RegExp(first.key))
})

t.test('who may change a subscription', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const { api, plan } = await startedApi(scene)
  const made = await ask('POST', `${V1}/applications`, {
    name: 'olgas',
    description: 'x',
    settings: { tls: { client_certificate: one } },
  }, 'olga')
  const at = `${V1}/applications/${made.body.id}/subscriptions`
  const own = await ask('POST', `${at}?plan=${plan}`, {}, 'olga')
  t.match(own, { status: 201, body: { status: 'PENDING' } })
  t.equal(
    (await ask('POST', `${V2}/apis/${api}/subscriptions/${own.body.id}/_accept`, {}, 'olga'))
      .status,
    403,
  )
  t.equal(
    (await ask('POST', `${V2}/apis/${api}/subscriptions/${own.body.id}/_accept`, {}, 'paula'))
      .status,
    403,
  )
  t.equal((await ask('DELETE', `${at}/${own.body.id}`, undefined, 'olga')).status, 200)
})

t.test('a change that traffic depends on waits until it is in force', async (t) => {
  const scene = gravitee(t)
  const { ask, waited } = scene
  const { api, id } = await subscribed(scene)
  const at = `${V2}/apis/${api}/subscriptions/${id}`
  for (const step of ['_accept', '_pause', '_resume', '_close']) {
    const before = waited.length
    await ask('POST', `${at}/${step}`, step === '_accept' ? {} : undefined)
    t.equal(waited.length, before + 1, step)
  }
})

t.test('of changes at once, each is made on what the one before left', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const { api, id } = await subscribed(scene)
  const at = `${V2}/apis/${api}/subscriptions/${id}`
  const answers = await Promise.all([1, 2, 3].map(() => ask('POST', `${at}/_accept`, {})))
  t.same(answers.map(({ status }) => status).sort(), [200, 400, 400])
})
