import { checkIdentity, checkPlans } from '../plan/mod.ts'
import type { CertificateToken, PlanRefusal, PlansResult, Tokens } from '../plan/mod.ts'
import type { Certificate } from '../pki/mod.ts'
import type { Facts } from '../vars/mod.ts'
import type { HeaderList } from '../wire/types.ts'
import { demand, policyOf, presentedCertificate, speaksForOthers } from './admit.ts'
import type { ClientPolicy, CompiledListener, CompiledRoute, Snapshot } from './compiled.ts'
import { type DecidedHead, type FactsAbout, factsOf, nameRoute } from './facts-of.ts'
import { refusal } from './refusals.ts'
import type { Decision, Filtering, Grant, Peer, Refusal, Refuse } from './types.ts'

export type { DecidedHead } from './facts-of.ts'

/**
 * Decides a request: synchronous, without I/O, from its arguments alone.
 *
 * @param snapshot the current one, not the one the connection began with
 * @param listener of the same snapshot
 * @param now epoch milliseconds
 */
export function decide(
  snapshot: Snapshot,
  listener: CompiledListener,
  head: DecidedHead,
  peer: Peer,
  now: number,
): Decision {
  const found = findPolicy(listener, head.host, peer)
  if (found.refusal !== undefined) {
    return { kind: 'refuse', refusal: found.refusal, route: undefined }
  }
  const { policy } = found
  const { applications, routes } = snapshot
  const token = presentedCertificate(peer, { policy, applications, now })
  const about: FactsAbout = { snapshot, problem: token?.problem?.code }
  const facts = routes.conditional ? factsOf(head, peer, about) : undefined
  const route = listener.local === undefined
    ? routes.match(listener.scopes, head, facts && (() => facts))
    : undefined
  const refused = demand(policy, token, head.path) ?? checkRequirement(route, token)
  if (refused !== undefined) return turnAway(route, refused)
  const handler = listener.local ?? route?.local
  if (handler !== undefined) {
    const certificate = counts(token) ? peer.certificate : undefined
    return { kind: 'local', route, handler, certificate }
  }
  const tokens = tokensOf(head.headers, token)
  let named: Facts | undefined
  const request = (): Facts => {
    if (named !== undefined) return named
    named = facts ?? factsOf(head, peer, about)
    nameRoute(named, route)
    return named
  }
  const plans = route && checkRoutePlans(route, { tokens, applications, now, request })
  if (route !== undefined && plans?.kind === 'refused') {
    return { ...turnAway(route, plans.refusal), filtering: filteringOfRefused(route, request) }
  }
  if (route !== undefined && plans?.kind === 'pending') {
    return { kind: 'pending', route, ...plans.pending }
  }
  const grant = grantOf(plans)
  const filtering = hasFilters(snapshot, route)
    ? filteringOf(snapshot, request(), { route, grant })
    : undefined
  const upstream = route && snapshot.upstreams.get(route.upstream)
  if (route === undefined || upstream === undefined) {
    return { kind: 'refuse', refusal: nowhere(route, head.method), route, filtering }
  }
  const certificate = counts(token) ? peer.certificate?.verdict.certificate : undefined
  return {
    kind: 'forward',
    route,
    upstream,
    grant,
    added: addedHeaders(route, certificate),
    owned: route.forward?.names ?? none,
    filtering,
  }
}

function nowhere(route: CompiledRoute | undefined, method: string): Refusal {
  return route === undefined
    ? refusal('ROUTE_NOT_FOUND', `No route takes ${method} for this host and path`)
    : refusal('NO_ENDPOINT', `Route "${route.name}" has no upstream`)
}

function hasFilters(snapshot: Snapshot, route: CompiledRoute | undefined): boolean {
  return snapshot.filters.length > 0 || route !== undefined && route.filters.length > 0
}

function filteringOf(
  { filters }: Snapshot,
  facts: Facts,
  { route, grant }: {
    readonly route: CompiledRoute | undefined
    readonly grant?: Grant | undefined
  },
): Filtering {
  if (grant?.application !== undefined) facts.named.set('consumer_name', grant.application)
  if (grant !== undefined) {
    facts.named.set('subscription_id', grant.subscription ?? '')
    facts.named.set('plan_name', grant.plan)
  }
  return { chain: { global: filters, route: route?.filters ?? [] }, facts }
}

/** Gravitee's preflights come before plans, and what is turned away is told its ids and who may read it. */
function filteringOfRefused(route: CompiledRoute, request: () => Facts): Filtering | undefined {
  if (route.config.style !== 'gravitee' || route.filters.length === 0) return undefined
  const facts = request()
  return { chain: { global: [], route: route.filters }, facts }
}

const none: string[] = []

function counts(token: CertificateToken | undefined): boolean {
  return token !== undefined && token.problem === undefined
}

function addedHeaders(route: CompiledRoute, certificate: Certificate | undefined): HeaderList {
  if (route.forward === undefined || certificate === undefined) return none
  return route.forward.headers(certificate)
}

/** The policy of a request, or why it has none. */
export type FoundPolicy =
  | { readonly policy: ClientPolicy; readonly refusal?: undefined }
  | { readonly refusal: Refusal }

/**
 * The client policy that counts for a request. A host that belongs to another policy than the connection's SNI is
 * misdirected (RFC 9110 section 15.5.20): its policy was never applied to this connection.
 */
export function findPolicy(listener: CompiledListener, host: string, peer: Peer): FoundPolicy {
  const policy = policyOf(listener, peer)
  if (policy === undefined) {
    const detail = `SNI "${peer.sni}" has no server certificate on listener "${listener.name}"`
    return { refusal: refusal('HOST_MISDIRECTED', detail) }
  }
  if (host === peer.sni || speaksForOthers(listener, peer)) return { policy }
  const hosts = listener.names.select(host)?.policy
  if (hosts === undefined || !isMisdirected(listener, { policy, hosts })) return { policy }
  const detail = `Host "${host}" belongs to another client policy than SNI "${peer.sni}"`
  return { refusal: refusal('HOST_MISDIRECTED', detail) }
}

/** Where APISIX's rules are in force, whoever asks for a host that wants certificates must have said so by SNI. */
function isMisdirected(
  { style }: CompiledListener,
  { policy, hosts }: { readonly policy: ClientPolicy; readonly hosts: ClientPolicy },
): boolean {
  return style === 'apisix' ? hosts.mode !== 'none' : hosts.id !== policy.id
}

/** Why a route that requires a certificate turns a request away; undefined where it does not. */
export function checkRequirement(
  route: CompiledRoute | undefined,
  token: CertificateToken | undefined,
): PlanRefusal | undefined {
  if (route === undefined || !route.requireCertificate) return undefined
  if (token !== undefined) return token.problem ?? checkIdentity(route.identity, token)
  const detail = `Route "${route.name}" requires a client certificate: none was presented`
  return { code: 'CERTIFICATE_MISSING', detail }
}

/** What plans are checked against. */
export interface PlansQuestion {
  readonly tokens: Tokens
  readonly applications: Snapshot['applications']
  readonly now: number
  /** The request, for the conditions of plans. */
  readonly request?: (() => Facts) | undefined
}

/** What a route's plans say; undefined for a route without plans. */
export function checkRoutePlans(
  route: CompiledRoute,
  { tokens, applications, now, request }: PlansQuestion,
  told?: Parameters<typeof checkPlans>[2],
): PlansResult | undefined {
  if (route.plans === undefined) return undefined
  return checkPlans(route.plans, { tokens, credentials: applications, now, request }, told)
}

/** What a request brings along to prove itself. */
export function tokensOf(headers: HeaderList, certificate: CertificateToken | undefined): Tokens {
  return { certificate, header: (name) => headerValue(headers, name) }
}

/** A header's value by its name in lower case. One that comes twice is none: which one counts is unclear. */
function headerValue(headers: HeaderList, name: string): string | undefined {
  let found: string | undefined
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const each = headers[index] as string
    if (each.length !== name.length || each.toLowerCase() !== name) continue
    if (found !== undefined) return undefined
    found = headers[index + 1]
  }
  return found
}

function grantOf(plans: PlansResult | undefined): Grant | undefined {
  if (plans?.kind !== 'granted') return undefined
  const { plan, application, subscription } = plans
  return { plan: plan.name, planType: plan.type, application, subscription }
}

/** Codes whose status does not depend on the kind of route. */
const STATUSES: Readonly<Partial<Record<PlanRefusal['code'], number>>> = {
  CERTIFICATE_NOT_ALLOWED: 403,
  TOKEN_UNCHECKED: 503,
}

/**
 * Routes without plans answer 400 where a certificate is wanted, those with plans 401. Who is known, but not
 * allowed, is told so by 403 on either (RFC 9110 section 15.5.4).
 */
function turnAway(route: CompiledRoute | undefined, refused: PlanRefusal): Refuse {
  const wanted = route?.plans === undefined ? 400 : 401
  const status = STATUSES[refused.code] ?? wanted
  const verbose = route?.verbose ?? false
  const { chosen } = refused
  const found = refusal(refused.code, refused.detail, {
    ...{ status, verbose },
    ...(chosen === undefined ? {} : { chosen }),
  })
  return { kind: 'refuse', refusal: found, route }
}
