import t from 'tap'
import { checkPlans, compilePlans } from '../../../core/plan/mod.ts'
import type {
  Application,
  CertificateToken,
  Credential,
  CredentialLookup,
  PlanResult,
  PlansResult,
  Tokens,
} from '../../../core/plan/mod.ts'
import type {
  PlanConfig,
  PlanType,
  Span,
  SubscriptionConfig,
} from '../../../core/snapshot/types.ts'

const NOW = Date.UTC(2026, 5, 1)
const open: Span = { from: undefined, until: undefined }

function plan(type: PlanType, name: string = type): PlanConfig {
  return { name, type, header: 'x-api-key', allow: [] }
}

function subscription(plan: string, more: Partial<SubscriptionConfig> = {}): SubscriptionConfig {
  return { api: 'orders', plan, status: 'accepted', ...open, ...more }
}

function application(...subscriptions: SubscriptionConfig[]): Application {
  return { name: 'acme', subscriptions: new Map([['orders', subscriptions]]) }
}

/** All that one case needs; the certificate and the key are those of `owner`. */
interface Case {
  readonly plans: readonly PlanConfig[]
  readonly owner?: Application
  readonly span?: Span
  readonly certificate?: CertificateToken
  readonly key?: string
}

const nameless = { problem: undefined, identity: undefined }
const known: CertificateToken = { ...nameless, fingerprint: 'ab' }
const stranger: CertificateToken = { ...nameless, fingerprint: 'cd' }

function check(
  { plans, owner, span = open, certificate, key }: Case,
  told?: (plan: PlanConfig, result: PlanResult) => void,
): PlansResult {
  const credential: Credential | undefined = owner && { application: owner, ...span }
  const credentials: CredentialLookup = {
    byCertificate: (fingerprint) => fingerprint === 'ab' ? credential : undefined,
    byApiKey: (each) => each === 'secret' ? credential : undefined,
    byClientId: (id) => id === 'acme-client' ? owner : undefined,
  }
  const tokens: Tokens = {
    certificate,
    header: (name) => name === 'x-api-key' ? key : undefined,
  }
  return checkPlans(compilePlans('orders', plans), { tokens, credentials, now: NOW }, told)
}

/** The plan's name, or the refusal's code. */
function answer(each: Case): string {
  const result = check(each)
  if (result.kind === 'pending') return 'pending'
  return result.kind === 'granted' ? result.plan.name : result.refusal.code
}

t.test('plans are tried in order: mtls, jwt, oauth2, api-key, keyless', (t) => {
  const types: PlanType[] = ['keyless', 'api-key', 'oauth2', 'jwt', 'mtls']
  const { plans } = compilePlans('orders', types.map((type) => plan(type)))
  t.same(plans.map(({ type }) => type), ['mtls', 'jwt', 'oauth2', 'api-key', 'keyless'])
  t.end()
})

t.test('mtls: a certificate of an application with an accepted subscription is let in', (t) => {
  const owner = application(subscription('mtls'))
  const result = check({ plans: [plan('mtls')], owner, certificate: known })
  t.match(result, { kind: 'granted', plan: { name: 'mtls' }, application: 'acme' })
  t.end()
})

t.test('mtls: no certificate, an unknown one, a refused one', (t) => {
  const owner = application(subscription('mtls'))
  const plans = [plan('mtls')]
  t.equal(answer({ plans, owner }), 'CERTIFICATE_MISSING')
  t.equal(answer({ plans, owner, certificate: stranger }), 'CERTIFICATE_UNKNOWN')
  const problem = { code: 'CERTIFICATE_REVOKED', detail: 'It is on a CRL' } as const
  t.equal(
    answer({ plans, owner, certificate: { ...known, problem } }),
    'CERTIFICATE_REVOKED',
  )
  t.end()
})

t.test('mtls: the certificate counts from its start until before its end', (t) => {
  const owner = application(subscription('mtls'))
  const at = (from: number | undefined, until: number | undefined): string =>
    answer({ plans: [plan('mtls')], owner, certificate: known, span: { from, until } })
  t.equal(at(NOW, NOW + 1), 'mtls')
  t.equal(at(NOW + 1, undefined), 'CERTIFICATE_NOT_YET_VALID')
  t.equal(at(undefined, NOW), 'CERTIFICATE_EXPIRED')
  t.end()
})

t.test('a subscription must be accepted, for this plan, and now', (t) => {
  const at = (...subscriptions: SubscriptionConfig[]): string =>
    answer({ plans: [plan('mtls')], owner: application(...subscriptions), certificate: known })
  t.equal(at(), 'SUBSCRIPTION_MISSING')
  t.equal(at(subscription('other')), 'SUBSCRIPTION_MISSING')
  t.equal(at(subscription('mtls', { status: 'pending' })), 'SUBSCRIPTION_PENDING')
  t.equal(at(subscription('mtls', { status: 'paused' })), 'SUBSCRIPTION_PAUSED')
  t.equal(at(subscription('mtls', { status: 'closed' })), 'SUBSCRIPTION_CLOSED')
  t.equal(at(subscription('mtls', { from: NOW + 1 })), 'SUBSCRIPTION_NOT_STARTED')
  t.equal(at(subscription('mtls', { from: NOW })), 'mtls')
  t.equal(at(subscription('mtls', { until: NOW })), 'SUBSCRIPTION_EXPIRED', 'ends are exclusive')
  t.equal(at(subscription('mtls', { until: NOW + 1 })), 'mtls')
  t.end()
})

t.test('of several subscriptions one that holds is enough, else the most telling counts', (t) => {
  const closed = subscription('mtls', { status: 'closed' })
  const paused = subscription('mtls', { status: 'paused' })
  const at = (...subscriptions: SubscriptionConfig[]): string =>
    answer({ plans: [plan('mtls')], owner: application(...subscriptions), certificate: known })
  t.equal(at(closed, subscription('mtls')), 'mtls')
  t.equal(at(closed, paused), 'SUBSCRIPTION_PAUSED')
  t.equal(at(paused, closed), 'SUBSCRIPTION_PAUSED')
  t.end()
})

t.test('keyless runs only where no plan before it found any token', (t) => {
  const plans = [plan('keyless'), plan('mtls'), plan('api-key')]
  t.equal(answer({ plans }), 'keyless')
  t.equal(answer({ plans, certificate: stranger }), 'CERTIFICATE_UNKNOWN')
  t.equal(answer({ plans, owner: application(), certificate: known }), 'SUBSCRIPTION_MISSING')
  t.equal(answer({ plans, key: 'guess' }), 'API_KEY_UNKNOWN')
  const problem = { code: 'CERTIFICATE_UNTRUSTED', detail: 'No path' } as const
  t.equal(
    answer({ plans, certificate: { ...known, problem } }),
    'CERTIFICATE_UNTRUSTED',
    'a refused certificate is a token all the same',
  )
  t.equal(answer({ plans: [plan('keyless')], certificate: stranger }), 'keyless')
  t.end()
})

t.test('a token without a valid subscription leads to the next plan', (t) => {
  const plans = [plan('mtls'), plan('api-key')]
  const owner = application(subscription('api-key'))
  t.equal(answer({ plans, owner, certificate: known, key: 'secret' }), 'api-key')
  t.equal(answer({ plans, owner, certificate: stranger, key: 'secret' }), 'api-key')
  t.equal(answer({ plans, owner, certificate: known }), 'SUBSCRIPTION_MISSING')
  t.end()
})

t.test('a second plan of the same type may let in where the first does not', (t) => {
  const plans = [plan('mtls', 'gold'), plan('mtls', 'silver')]
  const owner = application(subscription('gold', { status: 'closed' }), subscription('silver'))
  t.equal(answer({ plans, owner, certificate: known }), 'silver')
  t.end()
})

t.test('api-key: the key of an application with an accepted subscription is let in', (t) => {
  const plans = [plan('api-key')]
  const owner = application(subscription('api-key'))
  t.equal(answer({ plans, owner, key: 'secret' }), 'api-key')
  t.equal(answer({ plans, owner }), 'API_KEY_MISSING')
  t.equal(answer({ plans, owner, key: '' }), 'API_KEY_MISSING')
  t.equal(answer({ plans, owner, key: 'Secret' }), 'API_KEY_UNKNOWN')
  t.equal(
    answer({ plans, owner, key: 'secret', span: { from: undefined, until: NOW } }),
    'API_KEY_UNKNOWN',
  )
  t.equal(answer({ plans, owner, key: 'secret', span: { from: NOW, until: undefined } }), 'api-key')
  t.end()
})

t.test('the refusal is the most telling one', (t) => {
  const plans = [plan('mtls'), plan('api-key')]
  t.equal(answer({ plans }), 'CERTIFICATE_MISSING')
  t.equal(answer({ plans, key: 'guess' }), 'API_KEY_UNKNOWN')
  t.equal(
    answer({
      plans,
      owner: application(subscription('api-key', { status: 'paused' })),
      certificate: stranger,
      key: 'secret',
    }),
    'SUBSCRIPTION_PAUSED',
  )
  t.equal(answer({ plans: [] }), 'SUBSCRIPTION_MISSING', 'an API without plans lets nobody in')
  t.equal(
    answer({ plans: [plan('jwt')] }),
    'TOKEN_MISSING',
    'what cannot be checked never lets in',
  )
  t.end()
})

t.test('no detail ever holds an API key', (t) => {
  const plans = [plan('mtls'), plan('api-key')]
  const span = { from: NOW + 1, until: undefined }
  for (
    const each of [{ plans, key: 's3cr3t' }, { plans, owner: application(), key: 'secret', span }]
  ) {
    const result = check(each)
    t.equal(result.kind, 'refused')
    t.notMatch(JSON.stringify(result), /s3cr3t|"secret"/)
  }
  t.end()
})

t.test('checkPlans tells what each plan said', (t) => {
  const said: string[] = []
  const plans = [plan('mtls'), plan('api-key'), plan('keyless')]
  check({ plans, key: 'guess' }, ({ name }, result) => said.push(`${name} ${result.kind}`))
  t.same(said, ['mtls no-token', 'api-key refused', 'keyless skipped'])
  t.end()
})

t.test('a token that is no good ends it where its plan decides, and only there', (t) => {
  const owner = application(subscription('jwt'), subscription('api-key'))
  const verdict = { ok: false, code: 'TOKEN_INVALID', detail: 'forged', clientIds: ['acme-client'] }
  const asked = (decisive: boolean, clientIds: readonly string[]): PlansResult => {
    const tokens = { known: () => ({ ...verdict, clientIds }) as never, check: async () => {} }
    const plans = compilePlans(
      'orders',
      [{ ...plan('jwt'), decisive }, plan('api-key'), plan('keyless')],
      ({ type }) => ({ identity: undefined, ...(type === 'jwt' ? { tokens } : {}) }),
    )
    return checkPlans(plans, {
      now: NOW,
      tokens: {
        certificate: undefined,
        header: (name) => name === 'authorization' ? 'Bearer a.b.c' : 'secret',
      },
      credentials: {
        byCertificate: () => undefined,
        byApiKey: () => ({ application: owner, ...open }),
        byClientId: (id) => id === 'acme-client' ? owner : undefined,
      },
    })
  }
  t.match(asked(true, ['acme-client']), {
    kind: 'refused',
    refusal: { code: 'TOKEN_INVALID', chosen: { type: 'jwt' } },
  })
  t.match(asked(true, ['nobody']), { kind: 'granted', plan: { name: 'api-key' } })
  t.match(asked(true, []), { kind: 'granted', plan: { name: 'api-key' } })
  t.match(asked(false, ['acme-client']), { kind: 'granted', plan: { name: 'api-key' } })
  t.end()
})

t.test('a token of a plan that does not take the request leaves the way open to keyless', (t) => {
  const owner = application(subscription('api-key'))
  const never = { identity: undefined, holds: () => false }
  const rules = ({ type }: PlanConfig): typeof never | { identity: undefined } =>
    type === 'api-key' ? never : { identity: undefined }
  const plans = compilePlans('orders', [plan('api-key'), plan('keyless')], rules)
  const result = checkPlans(plans, {
    now: NOW,
    tokens: { certificate: undefined, header: () => 'secret' },
    credentials: {
      byCertificate: () => undefined,
      byApiKey: () => ({ application: owner, ...open }),
      byClientId: () => undefined,
    },
  })
  t.match(result, { kind: 'granted', plan: { name: 'keyless' } })
  t.end()
})

t.test('a key whose time is over ends it where its plan decides, and only there', (t) => {
  const owner = application(subscription('api-key'))
  const asked = (decisive: boolean, until: number): PlansResult =>
    check({
      plans: [{ ...plan('api-key'), decisive }, plan('mtls')],
      owner,
      key: 'secret',
      span: { from: undefined, until },
    })
  t.match(asked(true, NOW), { kind: 'refused', refusal: { chosen: { type: 'api-key' } } })
  const plain = asked(false, NOW)
  t.match(plain, { kind: 'refused', refusal: { code: 'API_KEY_UNKNOWN' } })
  t.notMatch(plain, { refusal: { chosen: {} } })
  t.match(asked(true, NOW + 1), { kind: 'granted' })
  t.end()
})
