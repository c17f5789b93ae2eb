import { compileFilters } from '../filter/mod.ts'
import type { CompiledFilter } from '../filter/mod.ts'
import { compilePlans } from '../plan/mod.ts'
import type { CompiledPlans } from '../plan/mod.ts'
import type {
  ApiConfig,
  ApplicationConfig,
  ConditionConfig,
  Configuration,
  FilterConfig,
  Path,
  PlanConfig,
  RouteConfig,
} from '../snapshot/types.ts'
import { inTurns, type Steps } from '../route/mod.ts'
import { PersistentMap } from '../snapshot/mod.ts'
import { compileConditions, type Condition, type Facts } from '../vars/mod.ts'
import type { CompiledRoute, CompiledUpstream } from './compiled.ts'
import { fail, warn } from './compile-context.ts'
import type { CompileContext } from './compile-context.ts'
import { compileForward } from './forward-certificate.ts'
import { compileIdentities } from './identity.ts'
import { graviteeRank } from './look-gravitee.ts'
import { reusable } from './reusable.ts'
import { ScopedRoutes } from './scoped-routes.ts'
import { warnOfUnknownVariables } from './unknown-variables.ts'

type Upstreams = ReadonlyMap<string, CompiledUpstream>

/**
 * Compiles APIs and routes into one matcher. What is equal in the snapshot in use is taken over: single routes,
 * hosts all of whose routes are, or the whole.
 */
export async function compileAllRoutes(
  context: CompileContext,
  { apis, routes }: Configuration,
  upstreams: Upstreams,
): Promise<ScopedRoutes> {
  const previous = context.previous?.routes
  const lost = lostUpstreams(context.previous?.upstreams, upstreams)
  const before = context.previous?.configuration
  const same = before?.apis === apis && before.routes === routes
  if (previous !== undefined && same && lost?.size === 0) return previous
  const all: CompiledRoute[] = []
  for (const kind of ['api', 'route'] as const) {
    const configs: readonly AnyConfig[] = kind === 'api' ? apis : routes
    const known = await inTurns(knownRoutes(context, kind, configs), context.breathe)
    for (let index = 0; index < configs.length; index++) {
      const before = known[index]
      // Nothing is made or asked for what is as it was: there may be thousands, and one has changed.
      if (before !== undefined && lost?.size === 0) {
        all.push(before)
        continue
      }
      const config = configs[index] as AnyConfig
      const leads = before !== undefined && lost !== undefined
        ? !lost.has(config.upstream)
        : leadsSomewhere(config, upstreams)
      const route = leads
        ? before ?? compileRoute(context, config, { kind, path: [`${kind}s`, index] })
        : fail(context, [`${kind}s`, index, 'upstream'], leadsNowhere(config))
      if (route !== undefined) all.push(route)
    }
  }
  checkApis(context, apis)
  const scoped = await inTurns(ScopedRoutes.compile(all, previous), context.breathe)
  if (scoped === previous) return previous
  for (const { route, by } of await inTurns(scoped.shadowed(), context.breathe)) {
    const message = `Route "${route.name}" is never reached: "${by.name}" takes its requests`
    const configs: readonly AnyConfig[] = route.kind === 'api' ? apis : routes
    warn(context, [`${route.kind}s`, configs.indexOf(route.config)], message)
  }
  return scoped
}

type AnyConfig = RouteConfig | ApiConfig

function leadsSomewhere({ upstream }: AnyConfig, upstreams: Upstreams): boolean {
  return upstream === '' || upstreams.has(upstream)
}

/** Names of upstreams that were there before; undefined where only a comparison of all could tell. */
function lostUpstreams(
  before: Upstreams | undefined,
  after: Upstreams,
): ReadonlySet<string> | undefined {
  const changed = before && PersistentMap.between(before, after)
  return changed && new Set([...changed].filter((name) => !after.has(name)))
}

function leadsNowhere({ name, upstream }: AnyConfig): string {
  return `Could not route "${name}" to upstream "${upstream}": there is none`
}

/** What each configuration was compiled to before; equal ones of a configuration that was read anew count. */
function* knownRoutes(
  { previous }: CompileContext,
  kind: CompiledRoute['kind'],
  configs: readonly AnyConfig[],
): Steps<readonly (CompiledRoute | undefined)[]> {
  if (previous === undefined) return []
  const { configuration: { apis, routes }, routes: { routes: compiled } } = previous
  const [earlier, first] = kind === 'api' ? [apis, 0] : [routes, apis.length]
  const before = compiled.slice(first, first + earlier.length)
  const own = { configs: earlier, compiled: before }
  return yield* reusable<AnyConfig, CompiledRoute>(own, configs, ({ name }) => name)
}

interface RoutePlace {
  readonly kind: CompiledRoute['kind']
  readonly path: Path
}

function compileRoute(
  context: CompileContext,
  config: AnyConfig,
  { kind, path }: RoutePlace,
): CompiledRoute | undefined {
  const { name, match, scope, priority, local, style } = config
  const { requireCertificate, forwardCertificate } = config
  const isApi = 'plans' in config
  return {
    kind,
    name,
    match,
    condition: compileMatchConditions(context, config, path),
    scope,
    priority,
    upstream: config.upstream,
    local,
    style,
    requireCertificate,
    identity: compileIdentities(context, config.allow, {
      path: [...path, 'allow'],
      whose: `${isApi ? 'API' : 'Route'} "${name}"`,
    }),
    forward: forwardCertificate && compileForward(forwardCertificate),
    plans: isApi ? compileApiPlans(context, config, path) : undefined,
    verbose: isApi && config.verbose,
    filters: compileOwnFilters(context, config, [...path, 'filters']),
    config,
  }
}

/** What `match` asks for besides host, path and method. */
function compileMatchConditions(
  context: CompileContext,
  config: RouteConfig,
  path: Path,
): Condition | undefined {
  const { name, match: { addresses, conditions } } = config
  const { filters, variables } = config
  const whose = `Route "${name}"`
  warnOfUnknownVariables(context, { conditions, filters, variables, whose }, path)
  const all: ConditionConfig[] = [...conditions]
  if (addresses.length > 0) {
    all.unshift({ variable: 'remote_addr', operator: 'within', value: addresses })
  }
  const compiled = compileConditions(all)
  if (compiled === undefined || !('problem' in compiled)) return compiled
  return fail(context, [...path, 'match'], `Could not match "${name}": ${compiled.problem}`)
}

/** Compiles filters, and notes what is wrong with them. */
export function compileOwnFilters(
  context: CompileContext,
  { name, filters = [] }: { readonly name: string } & Pick<ApplicationConfig, 'filters'>,
  path: Path,
): readonly CompiledFilter[] {
  if (filters.length === 0) return NO_FILTERS
  const refuse = (at: Path, message: string): void => void fail(context, at, message)
  return compileFilters(filters as readonly FilterConfig[], { name, path, fail: refuse })
}

const NO_FILTERS: readonly CompiledFilter[] = []

function compileApiPlans(context: CompileContext, config: ApiConfig, path: Path): CompiledPlans {
  const { name, plans, subscribedAs = name, style } = config
  const rules = new Map(plans.map((plan, index) => {
    const place = { path: [...path, 'plans', index, 'allow'], whose: `Plan "${plan.name}"` }
    return [plan, compileIdentities(context, plan.allow, place)]
  }))
  const compiled = compilePlans(subscribedAs, plans, (plan) => ({
    identity: rules.get(plan),
    tokens: context.tokenChecker?.(plan),
    holds: compileHolds(context, plan, [...path, 'plans']),
  }))
  return style === 'gravitee' ? { ...compiled, rank: graviteeRank } : compiled
}

/** What a plan's conditions say of a request. A condition that cannot be read holds of none. */
function compileHolds(
  context: CompileContext,
  { name, conditions = [] }: PlanConfig,
  path: Path,
): ((request: unknown) => boolean) | undefined {
  const compiled = compileConditions(conditions)
  if (compiled === undefined) return undefined
  if (!('problem' in compiled)) return (request) => compiled.holds(request as Facts)
  fail(context, path, `Could not use the conditions of plan "${name}": ${compiled.problem}`)
  return () => false
}

function checkApis(context: CompileContext, apis: readonly ApiConfig[]): void {
  const names = new Set<string>()
  for (const [index, config] of apis.entries()) {
    const path = ['apis', index]
    if (names.has(config.name)) {
      fail(context, path, `Could not add API "${config.name}": the name is taken`)
    }
    names.add(config.name)
  }
}
