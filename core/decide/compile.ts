import { listDifference } from '../snapshot/mod.ts'
import type { ApplicationConfig, Configuration, Problem } from '../snapshot/types.ts'
import {
  compileApplication,
  compileApplications,
  reportClashes,
  warnOfExpiries,
} from './compile-applications.ts'
import { fail, warn } from './compile-context.ts'
import type { CompileContext, CompileOptions } from './compile-context.ts'
import { compileListeners } from './compile-listeners.ts'
import { compileAllRoutes, compileOwnFilters } from './compile-routes.ts'
import { compileUpstreams } from './compile-upstreams.ts'
import type { Snapshot } from './compiled.ts'
import { contentId, deriveBytes } from './content-id.ts'
import { forwardedNames } from './forward-certificate.ts'
import { headerNameTest, IDENTITY_HEADERS } from './identity-headers.ts'
import { Keeper } from './keeper.ts'
import { inTurns } from '../route/mod.ts'
import { warnOfUnknownVariables } from './unknown-variables.ts'

/** A snapshot, or no snapshot and the errors that stood in its way; warnings come with both. */
export interface CompileResult {
  readonly snapshot?: Snapshot
  readonly problems: readonly Problem[]
}

/**
 * Compiles a configuration into a snapshot, beside the one in use: reads all certificates, keys and CRLs, and
 * prepares whatever a decision needs. One error is enough for there to be no snapshot. Never rejects.
 */
export async function compile(
  configuration: Configuration,
  options: CompileOptions,
): Promise<CompileResult> {
  const context = await createContext(configuration, options)
  const listeners = await compileListeners(context, configuration.listeners)
  const upstreams = await compileUpstreams(context, configuration.upstreams)
  const applications = await compileApplications(context, configuration.applications)
  const routes = await compileAllRoutes(context, configuration, upstreams)
  const every = { name: '', filters: configuration.filters, whose: 'The configuration' }
  warnOfUnknownVariables(context, every, ['filters'])
  warnOfUnasked(context, listeners, routes)
  checkStreams(context, configuration, upstreams)
  return finish(context, {
    basis: context.basis,
    keeper: context.keeper,
    configuration,
    limits: configuration.limits,
    listeners,
    upstreams,
    routes,
    applications,
    filters: compileOwnFilters(context, every, ['filters']),
    isIdentityHeader: identityTest(configuration, context.previous),
  })
}

/** The bytes of a connection must lead somewhere. */
function checkStreams(
  context: CompileContext,
  { listeners }: Configuration,
  upstreams: Snapshot['upstreams'],
): void {
  for (const [index, { name, stream }] of listeners.entries()) {
    if (stream === undefined || upstreams.has(stream.upstream)) continue
    const state = `there is no upstream "${stream.upstream}"`
    fail(
      context,
      ['listeners', index, 'stream'],
      `Could not set stream of listener "${name}": ${state}`,
    )
  }
}

/** Warns where routes want certificates that no listener asks for: they could let nobody in. */
function warnOfUnasked(
  context: CompileContext,
  listeners: Snapshot['listeners'],
  { routes }: Snapshot['routes'],
): void {
  // It was told of the whole.
  if (context.news === true) return
  const asks = [...listeners.values()].some(({ tls, clients }) =>
    clients.mode !== 'none' || tls.some(({ policy }) => policy.mode !== 'none')
  )
  if (asks || listeners.size === 0) return
  const [first, ...others] = routes.filter(({ requireCertificate, plans }) =>
    requireCertificate || plans?.plans.some(({ type }) => type === 'mtls')
  )
  if (first === undefined) return
  const wanting = others.length === 0
    ? `"${first.name}" wants them`
    : `"${first.name}" and ${others.length} more want them`
  warn(context, ['listeners'], `No listener asks clients for certificates, but ${wanting}`)
}

/** Applications to be added or replaced, and names of those to be removed. */
export interface ApplicationsChange {
  readonly put: readonly ApplicationConfig[]
  readonly remove: readonly string[]
}

/**
 * Changes applications alone: the rest of the snapshot is shared with the new one, and the cost follows the size
 * of the change. Paths of problems count within `put`. Never rejects.
 */
export async function changeApplications(
  snapshot: Snapshot,
  change: ApplicationsChange,
  options: CompileOptions,
): Promise<CompileResult> {
  const context = await createContext(snapshot.configuration, options)
  const places = new Map<string, number>()
  for (const [index, { name }] of change.put.entries()) {
    if (places.has(name)) {
      fail(context, ['put', index], `Could not change application "${name}": it comes twice`)
    }
    places.set(name, index)
  }
  const compiled = await Promise.all(
    change.put.map((config, index) => compileApplication(context, config, ['put', index])),
  )
  const steps = snapshot.applications.with({ put: compiled, remove: change.remove })
  const { index, clashes } = await inTurns(steps, context.breathe)
  const pathOf = (name: string): (string | number)[] => ['put', places.get(name) ?? 0]
  reportClashes(context, clashes, pathOf)
  warnOfExpiries(context, compiled, pathOf)
  const configuration = {
    ...snapshot.configuration,
    applications: changedConfigs(snapshot, change),
  }
  return finish(context, {
    ...snapshot,
    keeper: context.keeper,
    configuration,
    applications: index,
  })
}

/** The applications' configurations after a change, in their old order, newcomers last. */
function changedConfigs(snapshot: Snapshot, change: ApplicationsChange): ApplicationConfig[] {
  const known = (name: string): ApplicationConfig | undefined =>
    snapshot.applications.get(name)?.config
  const added = change.put.filter(({ name }) => known(name) === undefined)
  const configs = snapshot.configuration.applications.concat(added)
  // By identity: reading a hundred thousand names would cost more than all the rest.
  const place = (name: string): number => {
    const config = known(name)
    return config === undefined ? -1 : configs.indexOf(config)
  }
  for (const config of change.put) {
    const at = place(config.name)
    if (at >= 0) configs[at] = config
  }
  for (const name of change.remove) {
    const at = place(name)
    if (at >= 0) configs.splice(at, 1)
  }
  return configs
}

/** What stands for a secret; the same for each of the many times that something is compiled with it. */
const BASES = new WeakMap<Uint8Array, Promise<string>>()

function basisOf(secret: Uint8Array): Promise<string> {
  let basis = BASES.get(secret)
  if (basis === undefined) {
    basis = deriveBytes(secret, { purpose: 'basis', length: 32 })
      .then((bytes) => contentId('basis', [...bytes]))
    BASES.set(secret, basis)
  }
  return basis
}

async function createContext(
  configuration: Configuration,
  options: CompileOptions,
): Promise<CompileContext> {
  const basis = await basisOf(options.secret)
  const { previous } = options
  return {
    ...options,
    basis,
    reusable: previous?.basis === basis ? previous : undefined,
    limits: configuration.limits,
    keeper: Keeper.of(options.previous),
    problems: [],
    warned: new Set(),
    pairs: new Map(),
  }
}

function finish(context: CompileContext, snapshot: Snapshot): CompileResult {
  const { problems } = context
  const failed = problems.some((problem) => problem.severity === 'error')
  return failed ? { problems } : { snapshot: Object.freeze(snapshot), problems }
}

/** Of thousands of routes that are all as they were none is asked again. */
function identityTest(
  configuration: Configuration,
  previous: Snapshot | undefined,
): Snapshot['isIdentityHeader'] {
  const before = previous?.configuration
  const proxiesOf = ({ listeners }: Configuration) => listeners.map((each) => each.trustedProxies)
  const same = before !== undefined && isSame(before.apis, configuration.apis) &&
    isSame(before.routes, configuration.routes) &&
    isSame(proxiesOf(before), proxiesOf(configuration))
  return same && previous !== undefined
    ? previous.isIdentityHeader
    : headerNameTest(identityHeaders(configuration))
}

function isSame<T>(before: readonly T[], after: readonly T[]): boolean {
  return listDifference(before, after)?.length === 0
}

function* identityHeaders(configuration: Configuration): Iterable<string> {
  yield* IDENTITY_HEADERS
  for (const { trustedProxies } of configuration.listeners) {
    if (trustedProxies?.clientCertificateHeader !== undefined) {
      yield trustedProxies.clientCertificateHeader
    }
  }
  for (const routes of [configuration.apis, configuration.routes]) {
    // Of thousands few tell: what is asked of each must cost next to nothing.
    for (let at = 0; at < routes.length; at++) {
      const forward = routes[at]?.forwardCertificate
      if (forward !== undefined) yield* forwardedNames(forward)
    }
  }
}
