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
