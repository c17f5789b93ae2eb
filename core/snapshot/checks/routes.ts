import type { Path } from '../types.ts'
import { isMap, type Problems, valueAt } from '../problems.ts'
import type { Item, Sections } from '../sections.ts'
import { pathText, quote, suggest } from '../text.ts'
import type { WrittenApi, WrittenRoute } from '../schema/routes.ts'
import { UniqueNames, type WrittenItem, writtenItems } from './names.ts'

/** The name of a route: its own, or its place in the list. */
export function routeName(name: string | undefined, path: Path): string {
  return name ?? `route-${Number(path.at(-1)) + 1}`
}

/** Checks APIs and routes: names, plans, upstreams, and requests that two of them claim. */
export function checkRoutes(problems: Problems, { apis, routes }: Sections): void {
  checkNames(problems)
  const claims = new Claims(problems)
  for (const item of [...apis, ...routes]) {
    if (item.partial === true) continue
    claims.add(item, item.path[0] === 'apis')
    checkAnswered(problems, item)
    checkAllow(problems, item)
  }
  apis.forEach((api) => checkPlans(problems, api))
}

/** Names and upstreams are looked up as they are written, so that other errors do not hide them. */
function checkNames(problems: Problems): void {
  const names = new UniqueNames(problems, 'name of an API or route')
  const raw = valueAt(problems.document, ['upstreams'])
  const upstreams = new Set(isMap(raw) ? Object.keys(raw) : [])
  for (
    const { path, value } of [
      ...writtenItems(problems, 'apis'),
      ...writtenItems(problems, 'routes'),
    ]
  ) {
    const own = typeof value['name'] === 'string' ? value['name'] : undefined
    const name = own ?? (path[0] === 'routes' ? routeName(undefined, path) : undefined)
    if (name !== undefined) names.take(name, [...path, 'name'])
    checkUpstreamName(problems, { path, value }, { name, upstreams })
  }
}

interface Known {
  readonly name: string | undefined
  readonly upstreams: ReadonlySet<string>
}

function checkUpstreamName(
  problems: Problems,
  item: WrittenItem,
  { name, upstreams }: Known,
): void {
  const path = [...item.path, 'upstream']
  const upstream = item.value['upstream']
  if (isMap(upstream) && name !== undefined && upstreams.has(name)) {
    const message = `Cannot name the inline upstream ${
      quote(name)
    }: upstreams has that name already`
    problems.error(path, message)
  }
  if (typeof upstream !== 'string' || upstream === '' || upstreams.has(upstream)) return
  const hint = suggest(upstream, [...upstreams])
  problems.error(path, `Unknown upstream ${quote(upstream)}: ${hint}`)
}

/** Without an upstream, a filter must answer. */
function checkAnswered(problems: Problems, { path, value }: Item<WrittenRoute>): void {
  const answers = value.filters.some(({ type }) => type === 'redirect' || type === 'respond')
  if (value.upstream !== undefined || answers) return
  const where = `Missing key "upstream" in ${pathText(path)}`
  problems.error([...path, 'upstream'], `${where}: expected the name of an upstream, or a map`)
}

/** Conditions on a certificate that may be missing would let in whoever shows none. */
function checkAllow(problems: Problems, { path, value }: Item<WrittenRoute>): void {
  if (value.allow.length === 0 || value.requireCertificate) return
  const message = 'Cannot use allow here: it needs requireCertificate, or belongs to an mtls plan'
  problems.error([...path, 'allow'], message, 'key')
}

function checkPlans(problems: Problems, { path, value }: Item<WrittenApi>): void {
  const names = new UniqueNames(problems, 'plan name')
  for (const [index, plan] of value.plans.entries()) {
    const at = [...path, 'plans', index]
    names.take(plan.name, [...at, 'name'])
    if (plan.header !== undefined && plan.type !== 'api-key') {
      const message = `Unknown key "header" in a plan of type ${plan.type}: it belongs to api-key`
      problems.error([...at, 'header'], message, 'key')
    }
    if (plan.allow.length > 0 && plan.type !== 'mtls') {
      const message = `Unknown key "allow" in a plan of type ${plan.type}: it belongs to mtls`
      problems.error([...at, 'allow'], message, 'key')
    }
  }
}

interface Claim {
  readonly path: Path
  readonly methods: readonly string[]
  readonly api: boolean
}

/** Which requests are claimed by whom, by priority, host and path. */
class Claims {
  readonly #problems: Problems
  readonly #byKey = new Map<string, Claim[]>()

  constructor(problems: Problems) {
    this.#problems = problems
  }

  /** Takes the claims of a route, and says so where another has one of them already. */
  add({ path, value }: Item<WrittenRoute>, api: boolean): void {
    const { addresses, conditions, order } = value.match
    // What is asked besides may tell them apart.
    if (addresses.length + conditions.length > 0) return
    const claim = { path, methods: value.match.methods, api }
    const rivals = new Map<Claim, string>()
    for (const host of orAny(value.match.hosts)) {
      for (const taken of orAny(value.match.paths)) {
        const rival = this.#claim(`${order} ${value.priority} ${host} ${taken}`, claim)
        if (rival !== undefined) rivals.set(rival, `host ${host}, path ${taken}`)
      }
    }
    for (const [rival, what] of rivals) this.#clash(claim, rival, what)
  }

  #claim(key: string, claim: Claim): Claim | undefined {
    const others = this.#byKey.get(key)
    if (others === undefined) this.#byKey.set(key, [claim])
    else if (others.at(-1) !== claim) {
      const rival = others.find((other) => other !== claim && overlap(other.methods, claim.methods))
      others.push(claim)
      return rival
    }
    return undefined
  }

  #clash(claim: Claim, rival: Claim, what: string): void {
    const message = `Same requests as ${pathText(rival.path)} at the same priority: ${what}`
    const at = [...claim.path, 'match']
    // Between two APIs, or an API and a route, it would be chance which plans are asked for.
    if (claim.api || rival.api) this.#problems.error(at, message)
    else this.#problems.warn(at, message)
  }
}

function orAny(patterns: readonly string[]): Iterable<string> {
  return patterns.length === 0 ? ['any'] : new Set(patterns)
}

/** Whether the same method is named on both sides, or none on either. */
function overlap(a: readonly string[], b: readonly string[]): boolean {
  if (a.length === 0 || b.length === 0) return a.length === b.length
  return a.some((method) => b.includes(method))
}
