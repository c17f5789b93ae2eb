import t from 'tap'
import { apiBody, application, gravitee, V1, V2 } from './scene.ts'

t.test('pages of the v2 API, with links', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const at = `${V2}/applications`
  const none = (await ask('GET', at)).body
  t.same(none, { data: [], pagination: {} }, 'nothing has no links')
  for (const name of ['a', 'b', 'c']) await application(scene, name)
  t.same((await ask('GET', at)).body.links, { self: `http://gateway${at}` })
  const first = (await ask('GET', `${at}?perPage=1`)).body
  t.same(first.pagination, { page: 1, perPage: 1, pageCount: 3, pageItemsCount: 1, totalCount: 3 })
  t.same(first.links, {
    self: `http://gateway${at}?perPage=1`,
    first: `http://gateway${at}?perPage=1&page=1`,
    last: `http://gateway${at}?perPage=1&page=3`,
    next: `http://gateway${at}?perPage=1&page=2`,
  })
  const last = (await ask('GET', `${at}?page=3&perPage=1`)).body
  t.equal(last.links.previous, `http://gateway${at}?page=2&perPage=1`)
  t.notOk(last.links.next)
  t.notOk((await ask('GET', `${at}?page=9&perPage=1`)).body.links, 'a page that is not there')
  t.equal((await ask('GET', `${at}?perPage=9999`)).body.data.length, 3)
})

t.test('pages that are none', async (t) => {
  const { ask } = gravitee(t)
  t.match(await ask('GET', `${V2}/apis?page=0`), {
    status: 400,
    body: {
      httpStatus: 400,
      message: 'Validation error',
      details: [{
        location: 'page',
        message: 'Pagination page param must be >= 1',
        invalidValue: 0,
      }],
    },
  })
  t.match(await ask('GET', `${V2}/apis?perPage=some`), {
    status: 400,
    body: { message: 'Query parameter perPage does not have a valid format' },
  })
})

t.test('what an application must say, in the words of the v1 API', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const at = `${V1}/applications`
  t.match(await ask('POST', at, { description: 'x' }), {
    status: 400,
    body: { message: "Application's name must not be null", path: 'name', http_status: 400 },
  })
  t.match(await ask('POST', at, { name: '', description: 'x' }), {
    status: 400,
    body: { message: "Application's name must not be empty", invalid_value: '' },
  })
  t.match(await ask('POST', at, { name: 'x' }), {
    status: 400,
    body: { message: "Application's description must not be null" },
  })
  t.equal((await ask('POST', at, { name: 'x', description: '' })).status, 201)
  const id = await application(scene, 'acme')
  t.match(await ask('PUT', `${at}/${id}`, { name: 'x', description: 'x' }), {
    status: 400,
    body: { message: "Application's settings must not be null" },
  })
  const both = { app: {}, oauth: {} }
  for (const settings of [both, {}]) {
    t.match(await ask('PUT', `${at}/${id}`, { name: 'x', description: 'x', settings }), {
      status: 400,
      body: { technicalCode: 'application.invalid' },
    })
  }
  const found = (await ask('GET', at, undefined, 'paula')).body
  t.same(found, [])
  t.match(await ask('GET', `${at}/${id}`, undefined, 'paula'), {
    status: 403,
    body: { technicalCode: 'forbidden', http_status: 403 },
  })
})

t.test('the order of applications', async (t) => {
  const scene = gravitee(t)
  const { ask, setTime } = scene
  for (const [at, name] of ['b', 'c', 'a'].entries()) {
    setTime(1_000_000 + at)
    await application(scene, name)
  }
  const names = async (order: string): Promise<string[]> =>
    (await ask('GET', `${V1}/applications/_paged?order=${order}`)).body.data
      .map((each: { name: string }) => each.name)
  t.same(await names('name'), ['a', 'b', 'c'])
  t.same(await names('-name'), ['c', 'b', 'a'])
  t.same(await names('updated_at'), ['b', 'c', 'a'])
  t.same(await names('-updated_at'), ['a', 'c', 'b'])
})

t.test('where one is, and who', async (t) => {
  const { ask } = gravitee(t)
  const organization = '/management/organizations/DEFAULT'
  t.match((await ask('GET', organization)).body, { id: 'DEFAULT' })
  t.match((await ask('GET', `${organization}/environments`)).body, [{ id: 'DEFAULT' }])
  t.match((await ask('GET', V1)).body, { id: 'DEFAULT', organizationId: 'DEFAULT' })
  t.match((await ask('GET', V2)).body, { id: 'DEFAULT' })
  t.match((await ask('GET', '/management/v2/environments')).body, {
    data: [{ id: 'DEFAULT' }],
    pagination: { totalCount: 1 },
  })
  t.match((await ask('GET', `${organization}/user`, undefined, 'paula')).body, {
    id: 'paula',
    roles: [{}, { scope: 'ENVIRONMENT', name: 'API_PUBLISHER' }],
  })
  t.match(await ask('GET', '/management/v2/environments/OTHER'), {
    status: 404,
    body: { technicalCode: 'environment.notFound' },
  })
})

t.test('the order of APIs', async (t) => {
  const { ask } = gravitee(t)
  for (const path of ['/b', '/a', '/c']) await ask('POST', `${V2}/apis`, apiBody(path))
  const names = async (query = ''): Promise<string[]> =>
    (await ask('GET', `${V2}/apis${query}`)).body.data.map((each: { name: string }) => each.name)
  t.same(await names(), ['API /a', 'API /b', 'API /c'])
  t.same(await names('?sortBy=-name'), ['API /c', 'API /b', 'API /a'])
  t.same(await names('?sortBy=paths&perPage=1&page=2'), ['API /b'])
})
