import t from 'tap'
import { apiBody, application, gravitee, planBody, type Scene, startedApi, V2 } from './scene.ts'

type Made = (type: string, more?: Record<string, unknown>) => Promise<string>

async function plans(scene: Scene): Promise<{ api: string; at: string; make: Made }> {
  const api = (await scene.ask('POST', `${V2}/apis`, apiBody('/plans'))).body.id as string
  const at = `${V2}/apis/${api}/plans`
  const make: Made = async (type, more = {}) =>
    (await scene.ask('POST', at, planBody(type, { name: `${type} plan`, ...more }))).body.id
  return { api, at, make }
}

async function orders({ ask }: Scene, at: string): Promise<Record<string, number>> {
  const { data } = (await ask('GET', `${at}?statuses=PUBLISHED`)).body
  return Object.fromEntries(
    data.map((each: { id: string; order: number }) => [each.id, each.order]),
  )
}

t.test('published plans have an order from 1 without gaps', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const { at, make } = await plans(scene)
  const [a = '', b = '', c = ''] = [
    await make('MTLS'),
    await make('API_KEY'),
    await make('API_KEY'),
  ]
  t.equal((await ask('GET', `${at}/${a}`)).body.order, 0, 'a plan that is not published has none')
  for (const id of [a, b, c]) await ask('POST', `${at}/${id}/_publish`)
  t.same(await orders(scene, at), { [a]: 1, [b]: 2, [c]: 3 })
  const moved = await ask('PUT', `${at}/${c}`, planBody('API_KEY', { name: 'c', order: 1 }))
  t.match(moved, { status: 200, body: { id: c, order: 1 } })
  t.same(await orders(scene, at), { [c]: 1, [a]: 2, [b]: 3 })
  t.equal((await ask('PUT', `${at}/${c}`, planBody('API_KEY', { order: 99 }))).body.order, 3)
  t.same(await orders(scene, at), { [a]: 1, [b]: 2, [c]: 3 })
  await ask('POST', `${at}/${a}/_close`)
  t.same(await orders(scene, at), { [b]: 1, [c]: 2 })
  t.equal((await ask('DELETE', `${at}/${b}`)).status, 204)
  t.same(await orders(scene, at), { [c]: 1 })
})

t.test('one keyless plan is published at most, and it asks nobody', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const { at, make } = await plans(scene)
  const [first, second] = [await make('KEY_LESS'), await make('KEY_LESS')]
  t.match((await ask('GET', `${at}/${first}`)).body, { validation: 'AUTO', commentRequired: false })
  await ask('POST', `${at}/${first}/_publish`)
  const refused = {
    status: 400,
    body: {
      message: 'A key-less plan is already published (or has been deprecated)!',
      technicalCode: 'plan.keyless.exists',
      parameters: { plan: second },
    },
  }
  t.match(await ask('POST', `${at}/${second}/_publish`), refused)
  await ask('POST', `${at}/${first}/_deprecate`)
  t.match(await ask('POST', `${at}/${second}/_publish`), refused)
  await ask('POST', `${at}/${first}/_close`)
  t.equal((await ask('POST', `${at}/${second}/_publish`)).status, 200)
})

t.test('steps of the life of a plan that cannot be taken', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const { at, make } = await plans(scene)
  const id = await make('API_KEY')
  const refused = async (step: string, technicalCode: string, message: string): Promise<void> => {
    const expected = { technicalCode, message, parameters: { plan: id }, httpStatus: 400 }
    t.match(await ask('POST', `${at}/${id}/${step}`), { status: 400, body: expected })
  }
  await refused('_deprecate', 'plan.notPublished', `Plan ${id} is not yet published !`)
  t.match((await ask('POST', `${at}/${id}/_publish`)).body, { status: 'PUBLISHED' })
  await refused('_publish', 'plan.published', `Plan ${id} is already published !`)
  t.match((await ask('POST', `${at}/${id}/_deprecate`)).body, { status: 'DEPRECATED' })
  await refused('_deprecate', 'plan.deprecated', `Plan ${id} is already deprecated !`)
  await refused('_publish', 'plan.deprecated', `Plan ${id} is already deprecated !`)
  t.match((await ask('POST', `${at}/${id}/_close`)).body, { status: 'CLOSED' })
  for (const step of ['_close', '_publish', '_deprecate']) {
    await refused(step, 'plan.closed', `Plan ${id} is already closed !`)
  }
  t.match(await ask('POST', at, planBody('MTLS', { mode: 'PUSH' })), {
    status: 400,
    body: { message: "Security type is forbidden for plan with 'Push' mode" },
  })
  t.match(await ask('GET', `${at}/none`), {
    status: 404,
    body: { technicalCode: 'plan.notFound', message: 'Plan [none] cannot be found.' },
  })
})

t.test('a published plan that someone has is not deleted', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const { api, plan } = await startedApi(scene, '/keys', planBody('API_KEY'))
  const app = await application(scene, 'acme')
  const at = `${V2}/apis/${api}`
  const order = { applicationId: app, planId: plan }
  const { id } = (await ask('POST', `${at}/subscriptions`, order)).body
  const refused = {
    status: 400,
    body: {
      technicalCode: 'plan.notDeletable',
      message: "You can't delete a plan with existing subscriptions. Please close it instead.",
    },
  }
  t.match(await ask('DELETE', `${at}/plans/${plan}`), refused)
  await ask('POST', `${at}/subscriptions/${id}/_close`)
  t.match(await ask('DELETE', `${at}/plans/${plan}`), refused, 'nor one that someone had')
  await ask('POST', `${at}/plans/${plan}/_close`)
  t.equal((await ask('DELETE', `${at}/plans/${plan}`)).status, 204)
})

t.test('context paths: one above or below another, and those that are none', async (t) => {
  const { ask } = gravitee(t)
  const paths = (...some: string[]): Record<string, unknown> => ({
    listeners: [{
      type: 'HTTP',
      paths: some.map((path) => ({ path })),
      entrypoints: [{ type: 'http-proxy' }],
    }],
  })
  const refused = async (body: Record<string, unknown>, message: string): Promise<void> => {
    t.match(await ask('POST', `${V2}/apis`, body), { status: 400, body: { message } })
  }
  await ask('POST', `${V2}/apis`, apiBody('/shop/orders'))
  await refused(apiBody('/shop'), 'Path [/shop/orders/] already exists')
  await refused(apiBody('/shop/orders/late'), 'Path [/shop/orders/] already exists')
  await refused(apiBody('/a b'), 'Path [/a b] is invalid')
  await refused(apiBody('', paths('/two', 'two/')), 'Path [/two/] is duplicated')
  t.equal((await ask('POST', `${V2}/apis`, apiBody('/shop/orders2'))).status, 201)
  const verify = async (path: string): Promise<unknown> => {
    const { status, body } = await ask('POST', `${V2}/apis/_verify/paths`, { paths: [{ path }] })
    return { status, ...body }
  }
  t.same(await verify('/other'), { status: 202, ok: true })
  t.same(await verify('/shop'), {
    status: 202,
    ok: false,
    reason: 'Path [/shop/orders/] already exists',
  })
  t.match(await verify('/a b'), { status: 202, ok: false, reason: 'Path [/a b] is invalid' })
})

t.test('a definition is imported as a whole, or not at all', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const definition = {
    api: apiBody('/imported'),
    plans: [
      planBody('MTLS', { status: 'PUBLISHED' }),
      planBody('JWT', { status: 'PUBLISHED' }),
    ],
  }
  const at = `${V2}/apis/_import/definition`
  t.equal((await ask('POST', at, definition)).status, 400, 'the JWT plan has no key')
  t.same((await ask('GET', `${V2}/apis`)).body.data, [])
  const [plan] = definition.plans
  const made = await ask('POST', at, { ...definition, plans: [plan] })
  t.match(made, { status: 201, body: { state: 'STOPPED' } })
  t.equal(made.headers.get('location'), `http://gateway${V2}/apis/${made.body.id}`)
  const plans = (await ask('GET', `${V2}/apis/${made.body.id}/plans`)).body.data
  t.match(plans, [{ status: 'PUBLISHED', security: { type: 'MTLS' } }])
  t.match(await ask('POST', at, { ...definition, plans: [] }), {
    status: 400,
    body: {
      message: 'Cannot import API with invalid paths (Path [/imported/] already exists)',
      technicalCode: 'path.invalid',
    },
  })
  t.equal((await ask('POST', `${V2}/apis/${made.body.id}/_start`)).status, 204)
  const exported = await scene.text('GET', `${V2}/apis/${made.body.id}/_export/definition`)
  t.match(exported.headers.get('content-disposition'), /^attachment;filename=.*\.json$/)
})
