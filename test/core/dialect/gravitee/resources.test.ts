import { readFileSync } from 'node:fs'
import t from 'tap'
import { translateResources } from '../../../../core/dialect/gravitee/config/resources.ts'
import { Pki } from '../../../support/pki.ts'

const pki = new Pki(t)
const one = readFileSync((await pki.issue('one', { use: 'clientAuth' })).certFile, 'utf8')
const ca = readFileSync((await pki.authority('Some CA')).certFile, 'utf8')

// deno-lint-ignore no-explicit-any
type Resource = any

const meta = (kind: string, name: string): Resource => ({
  apiVersion: 'gravitee.io/v1alpha1',
  kind,
  metadata: { name },
})

function api(name: string, path: string, plans: Resource = {}): Resource {
  return {
    ...meta('ApiV4Definition', name),
    spec: {
      name,
      version: '1',
      type: 'PROXY',
      listeners: [{ type: 'HTTP', paths: [{ path }], entrypoints: [{ type: 'http-proxy' }] }],
      endpointGroups: [{
        name: 'default',
        type: 'http-proxy',
        endpoints: [{
          name: 'one',
          type: 'http-proxy',
          configuration: { target: 'http://127.0.0.1:8080' },
        }],
      }],
      plans,
    },
  }
}

function application(name: string, tls: Resource): Resource {
  return { ...meta('Application', name), spec: { name, description: 'x', settings: { tls } } }
}

function subscription(name: string, plan: string, more: Resource = {}): Resource {
  const spec = { api: { name: 'orders' }, application: { name: 'partner' }, plan, ...more }
  return { ...meta('Subscription', name), spec }
}

const plans = {
  mtls: { name: 'mtls', security: { type: 'MTLS' } },
  open: { name: 'open', security: { type: 'KEY_LESS' } },
}
const certificates = (...some: Resource[]): Resource => ({ clientCertificates: some })

async function problems(...resources: Resource[]): Promise<string[]> {
  const found = await translateResources(resources, { verbose: false })
  return found.problems.map(({ key, message }) => `${key}: ${message}`)
}

t.test('what resources ask for', async (t) => {
  const certificate = { name: 'c', content: one, startsAt: '2020-01-01T00:00:00Z' }
  const found = await translateResources([
    api('orders', '/orders', plans),
    application('partner', certificates(certificate)),
    subscription('s', 'mtls', { endingAt: '2099-01-01T00:00:00+02:00' }),
  ], { verbose: false })
  t.same(found.problems, [])
  const [partner] = [...found.parts.applications.values()]
  t.match(partner, {
    certificates: [{ from: Date.parse('2020-01-01T00:00:00Z') }],
    subscriptions: [{ plan: 'default.orders/mtls', until: Date.parse('2098-12-31T22:00:00Z') }],
  })
})

t.test('certificates of an application that are wrong', async (t) => {
  const wrong = async (certificate: Resource, message: string): Promise<void> => {
    t.same(await problems(application('a', certificates(certificate))), [
      `Application default/a: ${message}`,
    ])
  }
  const ref = { kind: 'secrets', name: 'tls' }
  await wrong({ content: one, ref }, 'Certificate 1 has both content and ref: one is to be written')
  await wrong({ ref }, 'Certificate 1 has no content, and what its ref names is not here')
  await wrong({ content: 'x' }, 'No certificate can be extracted')
  await wrong({ content: one, encoded: true }, 'A certificate that should be base64 is not')
  await wrong(
    { content: ca },
    'Certificate Authorities are not supported, requires a client certificate',
  )
  await wrong({ content: one, endsAt: '2030-01-01' }, 'endsAt is no RFC 3339 date: "2030-01-01"')
  const at = '2030-01-01T00:00:00Z'
  await wrong({ content: one, startsAt: at, endsAt: at }, 'Start date must be before end date')
  t.same(await problems(application('a', { clientCertificate: one, ...certificates({}) })), [
    'Application default/a: It has both clientCertificate and clientCertificates: one is to be written',
  ])
  t.same(await problems(application('a', { clientCertificate: one })), [])
  t.same(await problems(application('a', certificates({ content: btoa(one), encoded: true }))), [])
})

t.test('APIs and subscriptions that do not fit together', async (t) => {
  t.same(await problems(api('orders', '/orders'), api('late', '/orders/late')), [
    'ApiV4Definition default/late: Path [/orders/] already exists',
  ])
  const partner = application('partner', {})
  t.same(await problems(api('orders', '/orders', plans), partner, subscription('s', 'mtls')), [
    'Subscription default/s: You cannot subscribe to a mTLS plan without a client_certificate configured at application level',
  ])
  t.same(await problems(api('orders', '/orders', plans), partner, subscription('s', 'open')), [
    'Subscription default/s: A keyless plan is not subscribable!',
  ])
  t.same(await problems(api('orders', '/orders', plans), partner, subscription('s', 'none')), [
    'Subscription default/s: There is no plan "default.orders/none" in these files',
  ])
})

t.test("the operator's templates, references and further fields", async (t) => {
  const secret = (name: string, data: Record<string, string>): Resource => (
    { apiVersion: 'v1', kind: 'Secret', metadata: { name }, data }
  )
  const documented = api('orders', '/orders', {
    MTLS: { name: 'mtls', security: { type: 'mtls' } },
    Free: { name: 'free', security: { type: 'key_less' }, flows: [{ name: 'x', enabled: true }] },
    Tokens: {
      name: 'tokens',
      security: { type: 'OAUTH2', configuration: { oauthResource: 'id' } },
    },
  })
  Object.assign(documented.spec, {
    ...{ contextRef: { name: 'dev-ctx' }, definitionContext: { syncFrom: 'MANAGEMENT' } },
    ...{ state: 'STARTED', lifecycleState: 'PUBLISHED', notifyMembers: false, groups: ['a'] },
    ...{ flowExecution: { mode: 'DEFAULT' }, analytics: { enabled: true }, pages: {} },
    resources: [{ ref: { name: 'id-server' } }],
  })
  const found = await translateResources([
    { ...meta('ManagementContext', 'dev-ctx'), spec: { baseUrl: 'http://apim' } },
    {
      ...meta('ApiResource', 'id-server'),
      spec: {
        ...{ name: 'id', type: 'oauth2', enabled: true },
        configuration: {
          introspectionEndpoint: 'https://id.test/introspect',
          clientSecret: '[[ secret `id/secret` ]]',
        },
      },
    },
    secret('id', { secret: btoa('s3cret') }),
    secret('client-auth', { 'tls.crt': btoa(one) }),
    documented,
    application('partner', { clientCertificate: '[[ secret `client-auth/tls.crt` ]]' }),
    subscription('s', 'MTLS'),
    meta('SharedPolicyGroup', 'group'),
  ], { verbose: false })
  t.same(found.problems, [{
    key: 'SharedPolicyGroup default/group',
    severity: 'warning',
    message: 'Resources of this kind have no effect here',
  }])
  t.same(found.parts.problems, [])
  const [served] = found.parts.apis
  t.same(served?.plans.map(({ type }) => type).sort(), ['keyless', 'mtls', 'oauth2'])
  const tokens = served?.plans.find(({ type }) => type === 'oauth2')
  t.match(tokens?.introspection, { url: 'https://id.test/introspect', clientSecret: 's3cret' })
  t.equal([...found.parts.applications.values()][0]?.certificates.length, 1)
  const missing = { clientCertificate: '[[ configmap `nowhere/tls.crt` ]]' }
  t.same(await problems(application('a', missing)), [
    'Application default/a: Could not fill in "[[ configmap `nowhere/tls.crt` ]]": it is not in these files',
  ])
  documented.spec.resources = [{ ref: { name: 'lost' } }]
  t.same(await problems(documented), [
    'ApiV4Definition default/orders: There is no ApiResource "lost" in these files',
  ])
})

t.test('subscriptions with API keys of their own', async (t) => {
  const keyed = api('orders', '/orders', { KEYS: { name: 'k', security: { type: 'API_KEY' } } })
  const apiKeys = [
    { key: 'my-custom-api-key-1-at-least-32c', expireAt: '2040-12-25T09:12:28Z' },
    { key: 'my-custom-api-key-2-at-least-32c' },
  ]
  const found = await translateResources(
    [keyed, application('partner', {}), subscription('s', 'KEYS', { apiKeys })],
    { verbose: false },
  )
  t.same(found.problems, [])
  t.match([...found.parts.applications.values()][0]?.apiKeys, [
    { key: apiKeys[0]?.key, until: Date.parse('2040-12-25T09:12:28Z') },
    { key: apiKeys[1]?.key, only: { plan: 'default.orders/KEYS' } },
  ])
  const wrong = subscription('s', 'KEYS', { apiKeys: [{}] })
  t.same(await problems(keyed, application('partner', {}), wrong), [
    'Subscription default/s: API key 1 has no key',
  ])
})
