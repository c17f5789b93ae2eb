/**
 * How long it takes to find the subscription that a client certificate lets in by, among 100 applications and among
 * 100,000, which came as documents of the Management API; answers are checked before anything is timed.
 *
 *     node --import=tsx test/bench/gravitee/lookup.ts
 *     node_modules/.bin/deno run -A test/bench/gravitee/lookup.ts
 */
import process from 'node:process'
import { compile, type Snapshot } from '../../../core/decide/mod.ts'
import { Catalogue } from '../../../core/dialect/gravitee/catalogue.ts'
import { GraviteeTranslator } from '../../../core/dialect/gravitee/translate/translator.ts'
import { mergeParts } from '../../../core/dialect/mod.ts'
import { findSubscription, type PlanOfApi } from '../../../core/plan/mod.ts'
import type { Change, Json } from '../../../core/store/mod.ts'
import * as scene from '../../core/decide/scene.ts'

const SIZES = [100, 100_000]
const ROUNDS = 9
/** Look-ups of one round, each of another certificate, so that little of it is in the processor's caches. */
const LOOKUPS = 200_000
const LIMIT_NS = 1000
const DAY = 86_400_000

const TIMES = { createdAt: scene.NOW, updatedAt: scene.NOW }

/** A started API with one plan. */
const API_DOCUMENTS: Record<string, Json> = {
  '/gravitee/apis/api': {
    ...{ id: 'api', name: 'api', apiVersion: '1', description: '', type: 'PROXY', owner: 'admin' },
    ...{ state: 'STARTED', lifecycleState: 'CREATED', visibility: 'PRIVATE', deployments: [] },
    listeners: [{ type: 'HTTP', paths: [{ path: '/api' }] }],
    endpointGroups: [{
      ...{ name: 'group', type: 'http-proxy' },
      endpoints: [{ name: 'e', type: 'http-proxy', configuration: { target: 'http://127.0.0.1' } }],
    }],
    ...{ extra: {}, ...TIMES },
  },
  '/gravitee/plans/plan': {
    ...{ id: 'plan', apiId: 'api', name: 'plan', description: '', validation: 'AUTO', order: 1 },
    security: { type: 'MTLS', configuration: {} },
    ...{ status: 'PUBLISHED', characteristics: [], flows: [], extra: {}, ...TIMES },
  },
}

/** What a certificate is known by; random bytes to the eye. */
function fingerprint(number: number): string {
  let text = ''
  for (let word = 0; word < 8; word++) {
    const mixed = Math.imul((number + 1) * 8 + word, 0x9e3779b1) ^
      Math.imul(number ^ word, 0x85ebca6b)
    text += (mixed >>> 0).toString(16).padStart(8, '0')
  }
  return text
}

function documentsOf(number: number): Record<string, Json> {
  const [app, certificate, subscription] = [`app-${number}`, `cert-${number}`, `sub-${number}`]
  return {
    [`/gravitee/applications/${app}`]: {
      ...{ id: app, name: app, description: 'x', type: 'SIMPLE', status: 'ACTIVE' },
      ...{ settings: {}, owner: 'admin', extra: {}, ...TIMES },
    },
    [`/gravitee/certificates/${app}/${certificate}`]: {
      ...{ id: certificate, crossId: certificate, applicationId: app, name: app, certificate: '' },
      ...{ certificateStart: scene.NOW - DAY, certificateExpiration: scene.NOW + 365 * DAY },
      ...{ subject: `CN=${app}`, issuer: 'CN=CA', sha256: fingerprint(number), ...TIMES },
    },
    [`/gravitee/subscriptions/${subscription}`]: {
      ...{ id: subscription, apiId: 'api', planId: 'plan', applicationId: app },
      ...{ status: 'ACCEPTED', subscribedBy: 'admin', ...TIMES },
    },
  }
}

/** As a store reads it. */
function read<T extends Json>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T
}

async function snapshotOf(count: number): Promise<Snapshot> {
  const changes: Change[] = []
  const add = (documents: Record<string, Json>): void => {
    for (const [key, value] of Object.entries(documents)) {
      const document = { key, value: read(value), createRevision: 1, modifyRevision: 1, version: 1 }
      changes.push({ key, document })
    }
  }
  add(API_DOCUMENTS)
  for (let number = 0; number < count; number++) {
    add(documentsOf(number))
  }
  const translator = new GraviteeTranslator(new Catalogue(), { verbose: false })
  translator.take(changes)
  const parts = [{ name: 'gravitee' as const, parts: translator.parts() }]
  const { snapshot } = await compile(mergeParts(scene.configuration(), parts), scene.options())
  if (snapshot === undefined) throw new Error('There is no snapshot')
  return snapshot
}

/** The subscription that a certificate lets in by. */
function lookUp({ applications }: Snapshot, sha256: string, asked: PlanOfApi): string | undefined {
  const found = applications.byCertificate(sha256)
  if (found === undefined) return undefined
  const subscription = findSubscription(found.application, asked, scene.NOW)
  return 'code' in subscription ? undefined : subscription.id
}

/** The plan of the API, as a request has it once its route is known. */
function askedOf({ configuration }: Snapshot): PlanOfApi {
  const [api] = configuration.apis
  const [plan] = api?.plans ?? []
  if (api?.subscribedAs === undefined || plan === undefined) throw new Error('There is no API')
  return { api: api.subscribedAs, plan }
}

/** Nanoseconds of one look-up, the median of some rounds. */
function time(snapshot: Snapshot, asked: readonly string[]): number {
  const plan = askedOf(snapshot)
  const rounds = Array.from({ length: ROUNDS }, () => {
    const from = performance.now()
    let found = 0
    for (const each of asked) if (lookUp(snapshot, each, plan) !== undefined) found++
    if (found !== asked.length) throw new Error(`${asked.length - found} were not found`)
    return (performance.now() - from) / asked.length * 1e6
  })
  return rounds.sort((a, b) => a - b)[ROUNDS >> 1] as number
}

let slow = false
for (const size of SIZES) {
  const snapshot = await snapshotOf(size)
  const plan = askedOf(snapshot)
  for (const number of [0, size >> 1, size - 1]) {
    const found = lookUp(snapshot, fingerprint(number), plan)
    if (found !== `sub-${number}`) throw new Error(`Certificate ${number} has ${found}`)
  }
  if (lookUp(snapshot, fingerprint(size), plan) !== undefined) {
    throw new Error('A stranger comes in')
  }
  // Texts of their own, as a handshake makes them; far apart from one to the next.
  const asked = Array.from({ length: LOOKUPS }, (_, at) => read(fingerprint(at * 7919 % size)))
  const took = time(snapshot, asked)
  slow ||= took > LIMIT_NS
  console.log(`${String(size).padStart(7)} applications: ${took.toFixed(0)} ns a look-up`)
}
process.exit(slow ? 1 : 0)
