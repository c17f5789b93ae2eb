import { readFileSync } from 'node:fs'
import t from 'tap'
import { Pki } from '../../../support/pki.ts'
import { application, gravitee, planBody, startedApi, V1, V2 } from './scene.ts'

const pki = new Pki(t)
const authority = await pki.authority('Partners CA')
const pemOf = (file: string): string => readFileSync(file, 'utf8')
const [one, two, three] = await Promise.all(
  ['one', 'two', 'three'].map(async (name) =>
    pemOf((await pki.issue(name, { ca: authority, use: 'clientAuth' })).certFile)
  ),
) as [string, string, string]
const fingerprint = /^[A-Za-z0-9_-]{43}$/

t.test('an application with its certificate, as it always was', async (t) => {
  const { ask } = gravitee(t)
  const made = await ask('POST', `${V1}/applications`, {
    name: 'acme',
    description: 'Acme',
    settings: { app: { type: 'web', client_id: 'acme-client' }, tls: { client_certificate: one } },
  })
  t.equal(made.status, 201)
  const { id } = made.body
  t.match(made.headers.get('location'), new RegExp(`${id}$`))
  t.match(made.body, {
    name: 'acme',
    status: 'ACTIVE',
    type: 'SIMPLE',
    owner: { id: 'admin' },
    settings: { app: { type: 'web', client_id: 'acme-client' }, tls: { certificate_count: 1 } },
  })
  t.equal(made.body.settings.tls.client_certificate, one)
  t.type(made.body.created_at, 'number')
  const list = await ask('GET', `${V1}/applications`)
  t.equal(list.body[0].settings.tls.client_certificate, one)
  t.equal(list.body[0].settings.tls.certificate_count, 0)
  t.match(await ask('GET', `${V1}/applications/nothing`), {
    status: 404,
    body: {
      http_status: 404,
      technicalCode: 'application.notFound',
      message: 'Application [nothing] cannot be found.',
    },
  })
  const changed = await ask('PUT', `${V1}/applications/${id}`, {
    name: 'acme 2',
    description: 'Acme',
    settings: { app: { type: 'web' }, tls: { client_certificate: two } },
  })
  t.match(changed, { status: 200, body: { name: 'acme 2' } })
  const certificates = (await ask('GET', `${V1}/applications/${id}/certificates`)).body
  t.match(certificates, {
    data: [{
      name: 'acme',
      status: 'ACTIVE',
      fingerprint,
      subject: 'CN=one',
      issuer: 'CN=Partners CA',
    }],
    page: { current: 1, per_page: 20, size: 1, total_pages: 1, total_elements: 1 },
  })
})

t.test("wrong certificates are refused in Gravitee's words", async (t) => {
  const { ask } = gravitee(t)
  const id = await application({ ask } as never, 'acme')
  const refused = async (body: unknown, technicalCode: string): Promise<void> => {
    const answer = await ask('POST', `${V1}/applications/${id}/certificates`, body)
    t.match(answer, { status: 400, body: { technicalCode, http_status: 400 } }, technicalCode)
  }
  const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'
  await refused({ name: 'x', certificate: broken }, 'application.certificate.invalid')
  await refused({ name: 'x', certificate: 'no PEM' }, 'application.certificate.empty')
  await refused({ name: 'x', certificate: btoa(one) }, 'application.certificate.empty')
  await refused({ name: 'x', certificate: pemOf(authority.certFile) }, 'application.certificate.ca')
  const at = '2030-01-01T00:00:00Z'
  await refused(
    { name: 'x', certificate: one, startsAt: at, endsAt: at },
    'application.certificate.dates',
  )
  for (const name of [undefined, 'x'.repeat(256)]) {
    t.match(
      await ask('POST', `${V1}/applications/${id}/certificates`, { name, certificate: one }),
      {
        status: 400,
        body: { path: 'name', http_status: 400 },
      },
    )
  }
  t.match(await ask('GET', `${V1}/applications/${id}/certificates/none`), {
    status: 404,
    body: {
      technicalCode: 'application.certificate.notFound',
      message: 'Client certificate [none] cannot be found.',
    },
  })
  t.equal((await ask('GET', `${V1}/applications/${id}/certificates?size=201`)).status, 400)
  const valid = await ask('POST', `${V1}/applications/${id}/certificates/_validate`, {
    certificate: one,
  })
  t.match(valid, { status: 200, body: { subject: 'CN=one', issuer: 'CN=Partners CA' } })
})

t.test('a certificate belongs to one application', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const first = await application(scene, 'first', one)
  const taken = await ask('POST', `${V1}/applications`, {
    name: 'second',
    description: 'x',
    settings: { tls: { client_certificate: one } },
  })
  t.match(taken, {
    status: 400,
    body: {
      technicalCode: 'application.certificate.alreadyUsed',
      message:
        /^Client certificate with fingerprint \[[\w-]{43}\] is already used by another active application\.$/,
    },
  })
  t.equal((await ask('GET', `${V1}/applications`)).body.length, 1, 'nothing was made by halves')
  const again = await ask('POST', `${V1}/applications/${first}/certificates`, {
    name: 'again',
    certificate: one,
  })
  t.match(again.body, { technicalCode: 'application.certificate.alreadyUsed' })
  t.equal((await ask('DELETE', `${V1}/applications/${first}`)).status, 204)
  t.equal((await ask('GET', `${V1}/applications`)).body.length, 0)
  const second = await application(scene, 'second', one)
  t.ok(second, 'an archived application lets go of it')
  const settings = { app: {} }
  t.match(
    await ask('PUT', `${V1}/applications/${first}`, { name: 'x', description: 'x', settings }),
    {
      status: 400,
      body: { technicalCode: 'application.archived' },
    },
  )
  t.equal((await ask('POST', `${V1}/applications/${first}/_restore`)).status, 200)
  const restored = (await ask('GET', `${V1}/applications/${first}/certificates`)).body.data
  t.equal(restored[0].status, 'REVOKED', "which is another one's now")
  t.match(await ask('POST', `${V1}/applications/${first}/_restore`), {
    status: 400,
    body: { technicalCode: 'application.active' },
  })
})

t.test('of many who want a certificate at once, one gets it', async (t) => {
  const scene = gravitee(t)
  const { ask, store } = scene
  const names = Array.from({ length: 12 }, (_, at) => `racer ${at}`)
  const made = await Promise.all(names.map((name) =>
    ask('POST', `${V1}/applications`, {
      name,
      description: 'x',
      settings: { tls: { client_certificates: [{ name: 'c', certificate: two }] } },
    })
  ))
  t.equal(made.filter(({ status }) => status === 201).length, 1)
  t.equal(
    made.filter(({ body }) => body.technicalCode === 'application.certificate.alreadyUsed').length,
    11,
  )
  const others = await Promise.all(['a', 'b', 'c', 'd'].map((name) => application(scene, name)))
  const added = await Promise.all(
    others.map((id) =>
      ask('POST', `${V1}/applications/${id}/certificates`, { name: 'late', certificate: three })
    ),
  )
  t.same(added.map(({ status }) => status).sort(), [201, 400, 400, 400])
  const claims = await store.list('/gravitee/claims/')
  t.equal('documents' in claims && claims.documents.length, 2)
})

t.test('certificates overlap, end, and are taken over', async (t) => {
  const scene = gravitee(t)
  const { ask, setTime } = scene
  const start = Date.parse('2031-01-01T00:00:00Z')
  setTime(start)
  const id = await application(scene, 'acme', one)
  const old = (await ask('GET', `${V1}/applications/${id}/certificates`)).body.data[0]
  const at = `${V1}/applications/${id}/certificates`
  const added = await ask('POST', at, {
    name: 'next',
    certificate: two,
    startsAt: new Date(start + 1000).toISOString(),
  })
  t.match(added, { status: 201, body: { status: 'SCHEDULED', startsAt: start + 1000 } })
  const ends = new Date(start + 5000).toISOString()
  t.match(await ask('PUT', `${at}/${old.id}`, { name: 'old', endsAt: ends }), {
    status: 200,
    body: { status: 'ACTIVE_WITH_END', name: 'old', endsAt: start + 5000 },
  })
  setTime(start + 2000)
  t.equal((await ask('GET', `${at}/${added.body.id}`)).body.status, 'ACTIVE', 'by the clock')
  const whole = (await ask('GET', `${V1}/applications/${id}`)).body.settings.tls
  t.match(whole, { certificate_count: 2, client_certificates: [{ name: 'old' }, { name: 'next' }] })
  setTime(start + 5000)
  t.equal((await ask('GET', `${at}/${old.id}`)).body.status, 'REVOKED', 'no job is waited for')
  const other = await application(scene, 'other', one)
  t.ok(other, 'what is revoked is free')
  t.match(await ask('PUT', `${at}/${old.id}`, { name: 'old' }), {
    status: 400,
    body: { technicalCode: 'application.certificate.alreadyUsed' },
  })
  t.equal((await ask('DELETE', `${at}/${old.id}`)).status, 204)
  t.equal((await ask('GET', `${at}?page=1&size=1`)).body.page.total_elements, 1)
})

t.test('the last certificate stays while subscriptions need it', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const { api, plan } = await startedApi(scene)
  const id = await application(scene, 'acme', one)
  const subscribed = await ask('POST', `${V2}/apis/${api}/subscriptions`, {
    applicationId: id,
    planId: plan,
  })
  t.equal(subscribed.status, 201)
  const at = `${V1}/applications/${id}/certificates`
  const { id: certificate } = (await ask('GET', at)).body.data[0]
  t.match(await ask('DELETE', `${at}/${certificate}`), {
    status: 400,
    body: {
      technicalCode: 'application.certificate.remove.last',
      message:
        `Client certificate cannot be revoked for application '${id}': active subscriptions exist, and this is the last certificate.`,
    },
  })
  await ask('POST', at, { name: 'next', certificate: two })
  t.equal((await ask('DELETE', `${at}/${certificate}`)).status, 204)
})

t.test('the portal and the automation API', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const id = await application(scene, 'acme', one)
  const portal = `/portal/environments/DEFAULT/applications/${id}/certificates`
  const listed = (await ask('GET', portal)).body
  t.match(listed, {
    data: [{ name: 'acme', status: 'ACTIVE', createdAt: /^\d{4}-\d\d-\d\dT/ }],
    metadata: {
      data: { total: 1 },
      pagination: { current_page: 1, size: 10, first: 1, last: 1, total: 1, total_pages: 1 },
      paginateMetaData: { totalElements: 1 },
    },
    links: { self: `http://gateway${portal}` },
  })
  t.match((await ask('GET', `${portal}/none`)).body, {
    errors: [{
      status: '404',
      message: 'Client certificate [none] cannot be found.',
      code: 'errors.application.certificate.notFound',
      parameters: { certificate: 'none' },
    }],
  })
  const at = '/automation/organizations/DEFAULT/environments/DEFAULT/applications'
  const body = (...clientCertificates: unknown[]): unknown => ({
    hrid: 'billing',
    name: 'Billing',
    description: 'x',
    settings: { tls: { clientCertificates } },
  })
  t.equal((await ask('PUT', at, body({ name: 'a', content: two }))).status, 200)
  const certificates = `${V1}/applications/hrid-billing/certificates`
  const [before] = (await ask('GET', certificates)).body.data
  t.equal(
    (await ask(
      'PUT',
      at,
      body({ name: 'b', content: two }, { name: 'c', content: btoa(three), encoded: true }),
    )).status,
    200,
  )
  const after = (await ask('GET', certificates)).body.data
  t.same(after.map((each: { name: string }) => each.name), ['b', 'c'])
  t.equal(after[0].id, before.id, 'the same certificate stays')
  t.equal((await ask('PUT', at, body({ name: 'c', content: three }))).status, 200)
  t.equal((await ask('GET', certificates)).body.data.length, 1)
  t.ok(await application(scene, 'other', two), 'what is gone is free')
})

t.test('lists are paged, and owners see their own', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  for (const name of ['b', 'C', 'a']) await application(scene, name)
  await ask('POST', `${V1}/applications`, { name: 'olgas', description: 'x' }, 'olga')
  const page = (await ask('GET', `${V1}/applications/_paged?page=1&size=2`)).body
  t.same(page.data.map((each: { name: string }) => each.name), ['a', 'b'])
  t.match(page.page, { current: 1, per_page: 2, size: 2, total_pages: 2, total_elements: 4 })
  const own = (await ask('GET', `${V1}/applications`, undefined, 'olga')).body
  t.same(own.map((each: { name: string }) => each.name), ['olgas'])
  const v2 = (await ask('GET', `${V2}/applications?page=2&perPage=3`)).body
  t.match(v2, { data: [{ name: 'olgas' }], pagination: { page: 2, pageCount: 2, totalCount: 4 } })
  t.equal(
    (await ask('GET', `${V1}/applications/${page.data[0].id}`, undefined, 'olga')).status,
    403,
  )
})

t.test('a client id belongs to one application', async (t) => {
  const { ask } = gravitee(t)
  const body = { name: 'x', description: 'x', settings: { app: { client_id: 'mine' } } }
  t.equal((await ask('POST', `${V1}/applications`, body)).status, 201)
  t.match(await ask('POST', `${V1}/applications`, body), {
    status: 400,
    body: {
      technicalCode: 'application.clientId.exists',
      message: 'An application already exists with client_id [mine]',
      parameters: { clientId: 'mine' },
    },
  })
})

t.test('who did what is told', async (t) => {
  const scene = gravitee(t)
  const { ask, store } = scene
  const { api, plan } = await startedApi(scene)
  const id = await application(scene, 'acme', one)
  const made = await ask('POST', `${V1}/applications/${id}/subscriptions?plan=${plan}`, {})
  await ask('POST', `${V2}/apis/${api}/subscriptions/${made.body.id}/_accept`, {}, 'admin')
  const { content } = (await ask('GET', `${V1}/audit?application=${id}`)).body
  t.match(content.map((each: { event: string }) => each.event), [
    'SUBSCRIPTION_ACCEPTED',
    'SUBSCRIPTION_CREATED',
    'APPLICATION_CREATED',
  ])
  t.match(content[0], {
    user: 'admin',
    before: { status: 'PENDING' },
    after: { status: 'ACCEPTED' },
  })
  t.match(content[0].patch, /"op":"replace","path":"\/status","value":"ACCEPTED"/)
  const v2 = (await ask('GET', `${V2}/apis/${api}/audits?perPage=50`)).body
  t.ok(v2.data.some((each: { event: string }) => each.event === 'API_STARTED'))
  const kept = await store.list('/gravitee/audits/')
  t.notMatch(JSON.stringify(kept), /BEGIN CERTIFICATE/)
  const only = (await ask('GET', `${V2}/audits?events=PLAN_PUBLISHED`)).body
  t.equal(only.pagination.totalCount, 1)
})

t.test('certificates that end soon are warned of', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const id = await application(scene, 'acme')
  const endsAt = new Date(Date.now() + 3 * 86_400_000 + 60_000).toISOString()
  const added = await ask('POST', `${V1}/applications/${id}/certificates`, {
    name: 'c',
    certificate: one,
    endsAt,
  })
  t.match(added.body.warning, /^Its time in the application ends in 3 days, at 20/)
  await application(scene, 'other', two)
  t.match((await ask('GET', `${V2}/certificates/expiring`)).body, {
    data: [{ applicationName: 'acme', name: 'c', status: 'ACTIVE_WITH_END', warning: /3 days/ }],
    pagination: { totalCount: 1 },
  })
})

t.test('plans say what they need of an application', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const { plan } = await startedApi(
    scene,
    '/jwt',
    planBody('JWT', {
      security: {
        type: 'JWT',
        configuration: {
          signature: 'RSA_RS256',
          publicKeyResolver: 'JWKS_URL',
          resolverParameter: 'http://127.0.0.1:1/jwks',
        },
      },
    }),
  )
  const id = await application(scene, 'acme')
  t.match(await ask('POST', `${V1}/applications/${id}/subscriptions?plan=${plan}`, {}), {
    status: 400,
    body: { message: 'A client_id is required to subscribe to an OAuth2 or JWT plan.' },
  })
})

t.test('each subscription has a key of its own', async (t) => {
  const scene = gravitee(t)
  const { ask } = scene
  const code = 'application.apiKeyMode.invalid'
  const body = { name: 'acme', description: '', settings: { app: {} } }
  t.match(await ask('POST', `${V1}/applications`, { ...body, api_key_mode: 'SHARED' }), {
    status: 400,
    body: {
      message:
        "Can't create application with SHARED api key mode cause environment setting is disabled",
      technicalCode: code,
    },
  })
  const { body: { id, api_key_mode: mode } } = await ask('POST', `${V1}/applications`, body)
  t.equal(mode, 'UNSPECIFIED')
  const at = `${V1}/applications/${id}`
  t.match(await ask('PUT', at, { ...body, api_key_mode: 'SHARED' }), {
    status: 400,
    body: {
      message:
        `Can't update application ${id} Api key mode to SHARED cause environment setting is disabled`,
      technicalCode: code,
    },
  })
  const modes: unknown[] = []
  for (const path of ['/one', '/two', '/three']) {
    const { api, plan } = await startedApi(scene, path, planBody('API_KEY'))
    const order = { applicationId: id, planId: plan }
    t.equal((await ask('POST', `${V2}/apis/${api}/subscriptions`, order)).status, 201)
    modes.push((await ask('GET', at)).body.api_key_mode)
  }
  t.same(modes, ['UNSPECIFIED', 'EXCLUSIVE', 'EXCLUSIVE'])
  t.match(await ask('PUT', at, body), { status: 200, body: { api_key_mode: 'EXCLUSIVE' } })
  t.match(await ask('PUT', at, { ...body, api_key_mode: 'UNSPECIFIED' }), {
    status: 400,
    body: {
      message:
        `Can't update application ${id} Api key mode cause current Api Key Mode EXCLUSIVE is not updatable`,
    },
  })
  const { body: other } = await ask('POST', `${V1}/applications`, { ...body, name: 'other' })
  const { api, plan } = await startedApi(scene, '/four', planBody('API_KEY'))
  const order = { applicationId: other.id, planId: plan, apiKeyMode: 'EXCLUSIVE' }
  await ask('POST', `${V2}/apis/${api}/subscriptions`, order)
  const list = await ask('GET', `${V2}/apis/${api}/subscriptions?expands=application`)
  t.match(list.body.data, [{ application: { apiKeyMode: 'EXCLUSIVE' } }])
})
