import type {
  ApplicationConfig,
  CertificateSummary,
  Path,
  SubscriptionConfig,
} from '../snapshot/types.ts'
import { inTurns } from '../route/mod.ts'
import { listDifference } from '../snapshot/mod.ts'
import { ApplicationIndex } from './application-index.ts'
import type { ApplicationCertificate, Clash, CompiledApplication } from './application-index.ts'
import { compileOwnFilters } from './compile-routes.ts'
import { fail, isProblem, stateOf, warn } from './compile-context.ts'
import type { CompileContext } from './compile-context.ts'
import { deriveBytes } from './content-id.ts'
import { equal } from './equal.ts'
import { expiringCertificate, expiryText } from './expiry.ts'

/** Applications read at the same time, so that hashing is busy and memory is not. */
const AT_ONCE = 64
/** Expiry warnings told one by one. */
const WARNINGS = 100

/** Compiles all applications; those equal to the snapshot in use are taken over, and only the change is indexed. */
export async function compileApplications(
  context: CompileContext,
  configs: readonly ApplicationConfig[],
): Promise<ApplicationIndex> {
  const before = context.previous?.applications
  const earlier = context.previous?.configuration.applications ?? []
  const told = context.news === true
  if (told && before !== undefined && listDifference(earlier, configs)?.length === 0) return before
  const places = new Map<string, number>()
  const put: CompiledApplication[] = []
  const changed: number[] = []
  for (const [index, config] of configs.entries()) {
    if (places.has(config.name)) {
      fail(
        context,
        ['applications', index],
        `Could not add application "${config.name}": the name is taken`,
      )
      continue
    }
    places.set(config.name, index)
    if (equal(before?.get(config.name)?.config, config)) continue
    const known = compileKnown(config)
    if (known === undefined) changed.push(index)
    else put.push(known)
  }
  for (let at = 0; at < changed.length; at += AT_ONCE) {
    const batch = changed.slice(at, at + AT_ONCE)
    const compiled = await Promise.all(
      batch.map((index) => {
        const config = configs[index] as ApplicationConfig
        return compileApplication(context, config, ['applications', index])
      }),
    )
    put.push(...compiled)
    await context.breathe?.()
  }
  const remove = before === undefined
    ? []
    : [...before].map((each) => each.name).filter((name) => !places.has(name))
  const steps = before === undefined
    ? ApplicationIndex.create(put, await indexSeed(context.secret))
    : before.with({ put, remove })
  const { index, clashes } = before !== undefined && put.length + remove.length === 0
    ? { index: before, clashes: [] }
    : await inTurns(steps, context.breathe)
  reportClashes(context, clashes, (name) => ['applications', places.get(name) ?? 0])
  warnOfExpiries(
    context,
    told ? put : index,
    (name) => ['applications', places.get(name) ?? 0],
  )
  return index
}

async function indexSeed(secret: Uint8Array): Promise<number> {
  const bytes = await deriveBytes(secret, { purpose: 'api keys', length: 4 })
  return new DataView(bytes.buffer).getInt32(0)
}

/** An application all of whose certificates were read before: nothing is left to wait for. */
function compileKnown(config: ApplicationConfig): CompiledApplication | undefined {
  if (config.certificates.some(({ read }) => read === undefined)) return undefined
  if (config.filters !== undefined && config.filters.length > 0) return undefined
  // Made with its length: what grows has room for more, and there may be very many.
  const certificates = new Array<ApplicationCertificate>(config.certificates.length)
  const { name, apiKeys } = config
  const application = { name, config, certificates, apiKeys, subscriptions: byApi(config) }
  for (const [index, { read, from, until }] of config.certificates.entries()) {
    const certificate = read as CertificateSummary
    certificates[index] = { application, certificate, from, until }
  }
  return application
}

/** Reads one application. What cannot be read is noted and left out. */
export async function compileApplication(
  context: CompileContext,
  config: ApplicationConfig,
  path: Path,
): Promise<CompiledApplication> {
  const known = compileKnown(config)
  if (known !== undefined) return known
  const certificates: ApplicationCertificate[] = []
  const { name, apiKeys } = config
  const filters = config.filters === undefined || config.filters.length === 0
    ? undefined
    : compileOwnFilters(context, config, [...path, 'filters'])
  const application = {
    name,
    config,
    certificates,
    apiKeys,
    subscriptions: byApi(config),
    // Nearly none has any, and there may be very many applications.
    ...(filters === undefined ? {} : { filters }),
  }
  const seen = new Set<string>()
  for (const [index, { cert, from, until }] of config.certificates.entries()) {
    const at = [...path, 'certificates', index, 'cert']
    const what = `certificate "${cert.from}" of application "${name}"`
    const found = await context.pki.readCertificates(cert.data)
    const certificate = isProblem(found) ? undefined : found[0]
    if (certificate === undefined) {
      const state = isProblem(found) ? stateOf(found) : 'it holds none'
      fail(context, at, `Could not read ${what}: ${state}`)
    } else if (seen.has(certificate.sha256)) {
      fail(context, at, `Could not add ${what}: the application has it already`)
    } else {
      seen.add(certificate.sha256)
      certificates.push({ application, certificate, from, until })
    }
  }
  return application
}

/** Beyond so many subscriptions they are looked up by their API. */
const FEW = 8

function byApi(config: ApplicationConfig): CompiledApplication['subscriptions'] {
  if (config.subscriptions.length <= FEW) return config.subscriptions
  const subscriptions = new Map<string, SubscriptionConfig[]>()
  for (const subscription of config.subscriptions) {
    const list = subscriptions.get(subscription.api)
    if (list === undefined) subscriptions.set(subscription.api, [subscription])
    else list.push(subscription)
  }
  return subscriptions
}

/** Notes tokens that two applications claim. */
export function reportClashes(
  context: CompileContext,
  clashes: readonly Clash[],
  pathOf: (application: string) => Path,
): void {
  for (const { kind, fingerprint, application, other } of clashes) {
    const both = `both "${other.name}" and "${application.name}" claim it`
    if (kind === 'api-key') {
      const path = [...pathOf(application.name), 'apiKeys']
      fail(context, path, `Could not add an API key of application "${application.name}": ${both}`)
      continue
    }
    const index = application.certificates
      .findIndex((each) => each.certificate.sha256 === fingerprint)
    const from = application.config.certificates[index]?.cert.from ?? ''
    const message = `Could not add certificate "${from}" (SHA-256 ${fingerprint}): ${both}`
    fail(context, [...pathOf(application.name), 'certificates', index, 'cert'], message)
  }
}

/** Warns of certificates that have expired or soon will; beyond a hundred, only of how many there are. */
export function warnOfExpiries(
  context: CompileContext,
  applications: Iterable<CompiledApplication>,
  pathOf: (application: string) => Path,
): void {
  let found = 0
  for (const { name, certificates } of applications) {
    for (const [index, { certificate }] of certificates.entries()) {
      const text = expiryText(expiringCertificate('application', name, certificate), context.now)
      if (text === undefined || ++found > WARNINGS) continue
      const path = [...pathOf(name), 'certificates', index]
      warn(context, path, `Certificate of application "${name}", "${certificate.subject}", ${text}`)
    }
  }
  if (found > WARNINGS) {
    const more = `${found - WARNINGS} more certificates of applications have expired or soon will`
    warn(context, ['applications'], more)
  }
}
