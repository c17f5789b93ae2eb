import type { CertificateToken, IdentityRule, PlanResult } from '../plan/mod.ts'
import type { LossReason } from '../route/mod.ts'
import type { Facts } from '../vars/mod.ts'
import { admit, demand, policyOf, presentedCertificate } from './admit.ts'
import type {
  ClientPolicy,
  CompiledListener,
  CompiledRoute,
  Snapshot,
  TlsName,
} from './compiled.ts'
import { checkRequirement, checkRoutePlans, decide, findPolicy, tokensOf } from './decide.ts'
import type { DecidedHead } from './decide.ts'
import { filterNotes } from './explain-filters.ts'
import { factsOf, nameRoute } from './facts-of.ts'
import { refusal, REFUSALS } from './refusals.ts'
import { printable } from './safe-text.ts'
import type { Decision, Grant, Peer, Refusal } from './types.ts'

/** The phases of a request that an explanation speaks of, in their order. */
export type Phase =
  | 'accept'
  | 'peek'
  | 'handshake'
  | 'identify'
  | 'read'
  | 'decide'
  | 'forward'

/** What is to be explained: the arguments of `decide`. */
export interface ExplainQuestion {
  readonly snapshot: Snapshot
  readonly listener: CompiledListener
  readonly head: DecidedHead
  readonly peer: Peer
  /** Epoch milliseconds. */
  readonly now: number
}

/** One step on the way to the answer. `stopped` is the last one. */
export interface ExplainStep {
  readonly phase: Phase
  readonly outcome: 'passed' | 'note' | 'stopped'
  readonly text: string
}

/** Why a request is let in or refused; plain values that JSON can hold. */
export interface Explanation {
  readonly answer: 'forward' | 'refuse'
  readonly steps: readonly ExplainStep[]
  readonly route: string | undefined
  readonly upstream: string | undefined
  readonly grant: Grant | undefined
  readonly refusal: Refusal | undefined
  /** What the operator can do about a refusal. */
  readonly advice: string | undefined
}

/**
 * Explains what `decide` would say and why. Each step is told by the function that decides it, so an
 * explanation cannot differ from what happens.
 */
export function explain(question: ExplainQuestion): Explanation {
  const steps: ExplainStep[] = []
  const told = { ...question, steps }
  const closed = explainConnection(told)
  if (closed !== undefined) {
    return conclude(told, { kind: 'refuse', refusal: closed, route: undefined })
  }
  const { snapshot, listener, head, peer, now } = question
  explainRequest(told)
  const decision = decide(snapshot, listener, head, peer, now)
  explainFilters(told, decision)
  if (decision.kind === 'forward') explainForward(told, decision)
  return conclude(told, decision)
}

interface Told extends ExplainQuestion {
  readonly steps: ExplainStep[]
}

type Outcome = ExplainStep['outcome']

function tell(told: Told, [phase, outcome]: readonly [Phase, Outcome], text: string): void {
  told.steps.push({ phase, outcome, text: printable(text) })
}

/** The connection's phases; a refusal where it would be closed before any request. */
function explainConnection(told: Told): Refusal | undefined {
  const { listener, peer } = told
  const { host, port } = listener.address
  const secure = listener.secure
  const kind = secure ? 'TLS' : 'plain'
  tell(told, ['accept', 'passed'], `Listener "${listener.name}" on ${host} port ${port}, ${kind}`)
  const proxy = peer.trustedProxy ? 'a trusted proxy' : 'no trusted proxy'
  tell(told, ['accept', 'note'], `The peer ${peer.address} is ${proxy}`)
  if (!secure) return undefined
  const entry = listener.names.select(peer.sni)
  const sni = peer.sni === '' ? 'No SNI' : `SNI "${peer.sni}"`
  if (entry === undefined) {
    tell(told, ['peek', 'stopped'], `${sni} selects no server certificate`)
    return refusal('SNI_UNKNOWN', `${sni} has no server certificate on listener "${listener.name}"`)
  }
  tell(told, ['peek', 'passed'], `${sni} selects server certificate ${subjectsOf(entry)}`)
  return explainHandshake(told, entry.policy)
}

function subjectsOf({ certificates }: TlsName): string {
  return certificates.map(({ subject }) => `"${subject}"`).join(' or ')
}

function explainHandshake(told: Told, policy: ClientPolicy): Refusal | undefined {
  const { snapshot, peer, now } = told
  const { mode } = policy
  const asked = { none: 'no', request: 'a', require: 'a required' }[mode]
  tell(
    told,
    ['handshake', 'passed'],
    `Client policy "${mode}": ${asked} client certificate is asked for`,
  )
  if (policyOf(told.listener, peer) !== policy) return undefined
  const refused = admit(snapshot, { policy, peer }, now)
  if (refused === undefined) return undefined
  const phase = peer.certificate === undefined ? 'handshake' : 'identify'
  tell(told, [phase, 'stopped'], `${refused.detail}; the connection is closed`)
  return refused
}

function explainRequest(told: Told): void {
  const { snapshot, listener, head, peer, now } = told
  const found = findPolicy(listener, head.host, peer)
  if (found.refusal !== undefined) {
    return tell(told, ['decide', 'stopped'], found.refusal.detail)
  }
  const { applications } = snapshot
  const token = presentedCertificate(peer, { policy: found.policy, applications, now })
  explainCertificate(told, token?.problem?.detail)
  explainIdentity(told, ['identify', found.policy.identity, token])
  const route = explainRoute(told, token)
  const refused = demand(found.policy, token, head.path) ?? checkRequirement(route, token)
  if (refused !== undefined) return tell(told, ['decide', 'stopped'], refused.detail)
  if (route === undefined) return
  if (route.requireCertificate) explainIdentity(told, ['decide', route.identity, token])
  const tokens = tokensOf(head.headers, token)
  const request = (): Facts => {
    const facts = factsOf(head, peer, { snapshot })
    nameRoute(facts, route)
    return facts
  }
  const plans = checkRoutePlans(route, { tokens, applications, now, request }, (plan, result) => {
    tell(told, ['decide', 'note'], `Plan "${plan.name}" (${plan.type}) ${planText(result)}`)
    if (result.kind === 'granted') explainIdentity(told, ['decide', plan.identity, token])
  })
  if (plans?.kind === 'refused') tell(told, ['decide', 'stopped'], plans.refusal.detail)
}

function planText(result: PlanResult): string {
  if (result.kind === 'pending') return 'has to check the token first'
  if (result.kind === 'denied') return `refuses for all: ${result.refusal.detail}`
  if (result.kind === 'unmatched') return `takes no such request: ${result.refusal.detail}`
  if (result.kind === 'refused') return `refuses: ${result.refusal.detail}`
  if (result.kind === 'no-token') return `finds no token: ${result.refusal.detail}`
  if (result.kind === 'skipped') return 'is passed over: an earlier plan found a token'
  const { application } = result
  return application === undefined ? 'lets in anyone' : `lets in application "${application}"`
}

function explainCertificate(told: Told, problem: string | undefined): void {
  const { peer, snapshot } = told
  if (peer.certificate === undefined) {
    return tell(told, ['identify', 'note'], 'No client certificate')
  }
  const { fingerprint, verdict } = peer.certificate
  const subject = verdict.certificate?.subject ?? 'unreadable'
  tell(told, ['identify', 'note'], `Client certificate "${subject}", SHA-256 ${fingerprint}`)
  const trust = verdict.path.map((each) => `"${each.subject}"`).join(' < ')
  const state = problem ?? `Trusted by ${trust}`
  tell(told, ['identify', problem === undefined ? 'passed' : 'note'], state)
  const owner = snapshot.applications.byCertificate(fingerprint)?.application.name
  const whose = owner === undefined ? 'no application' : `application "${owner}"`
  tell(told, ['identify', 'note'], `It belongs to ${whose}`)
}

/** Which condition a certificate meets; why it meets none is told with the refusal. */
function explainIdentity(
  told: Told,
  [phase, rule, token]: readonly [
    Phase,
    IdentityRule | undefined,
    CertificateToken | undefined,
  ],
): void {
  if (rule === undefined || token?.identity === undefined || token.problem !== undefined) return
  tell(told, [phase, 'passed'], rule.explain(token.identity))
}

const lossTexts: Readonly<Record<LossReason, string>> = {
  'method': 'does not take the method',
  'condition': 'its conditions do not hold',
  'priority': 'has a lower priority',
  'fit': 'fits less well by host or path',
  'any-method': 'names no methods',
  'unconditional': 'has no conditions',
  'order': 'others are asked first',
  'later': 'stands later in the configuration',
}

function explainRoute(
  told: Told,
  token: CertificateToken | undefined,
): CompiledRoute | undefined {
  const { host, path, method } = told.head
  const { scopes } = told.listener
  const facts = factsOf(told.head, told.peer, {
    snapshot: told.snapshot,
    problem: token?.problem?.code,
  })
  const question = { host, path, method }
  const { route, lost, further } = told.snapshot.routes.explain(scopes, question, () => facts)
  for (const { route: { name }, reason, detail } of lost) {
    const why = detail === undefined ? lossTexts[reason] : `${lossTexts[reason]}: ${detail}`
    tell(told, ['decide', 'note'], `Route "${name}" fits, but ${why}`)
  }
  if (further > 0) tell(told, ['decide', 'note'], `${further} more routes fit less`)
  const asked = `${method} ${path} on host "${host}"`
  if (route === undefined) tell(told, ['decide', 'stopped'], `No route takes ${asked}`)
  else {tell(
      told,
      ['decide', 'passed'],
      `${route.kind === 'api' ? 'API' : 'Route'} "${route.name}" takes ${asked}`,
    )}
  return route
}

/** Answers of filters come before a refusal, and their changes before the upstream. */
function explainFilters(told: Told, decision: Decision): void {
  if (!('filtering' in decision) || decision.filtering === undefined) return
  for (const note of filterNotes(decision.filtering)) tell(told, ['decide', 'note'], note)
}

function explainForward(told: Told, { upstream, added }: Decision & { kind: 'forward' }): void {
  const endpoints = upstream.endpoints.filter(({ weight }) => weight > 0)
  const list = endpoints.map(({ address }) => address).join(', ')
  const tls = endpoints[0]?.tls === undefined
    ? 'plain'
    : endpoints[0].verification === undefined
    ? 'TLS without verification'
    : 'verified TLS'
  tell(told, ['forward', 'passed'], `Upstream "${upstream.name}", ${tls}: ${list || 'no endpoint'}`)
  for (let index = 0; index + 1 < added.length; index += 2) {
    tell(told, ['forward', 'note'], `Adds ${added[index]}: ${added[index + 1]}`)
  }
}

function conclude(told: Told, decision: Decision): Explanation {
  const { steps } = told
  if (decision.kind === 'forward') {
    const { route, upstream, grant } = decision
    const names = { route: route.name, upstream: upstream.name }
    return { answer: 'forward', steps, ...names, grant, refusal: undefined, advice: undefined }
  }
  if (decision.kind === 'local') {
    const names = { route: decision.route?.name, upstream: `local:${decision.handler}` }
    const grant = undefined
    return { answer: 'forward', steps, ...names, grant, refusal: undefined, advice: undefined }
  }
  const refused = decision.kind === 'refuse'
    ? decision.refusal
    : refusal('TOKEN_UNCHECKED', 'The token has not been checked')
  return {
    answer: 'refuse',
    steps,
    route: decision.route?.name,
    upstream: undefined,
    grant: undefined,
    refusal: refused,
    advice: REFUSALS[refused.code].advice,
  }
}

/** Renders an explanation for people, a line a step, or as JSON for programs. */
export function formatExplanation(
  explanation: Explanation,
  form: 'text' | 'json' = 'text',
): string {
  if (form === 'json') return JSON.stringify(explanation, undefined, 2)
  const marks = { passed: 'ok  ', note: '    ', stopped: 'STOP' }
  const lines = explanation.steps.map(({ phase, outcome, text }) =>
    `${phase.padEnd(10)}${marks[outcome]} ${text}`
  )
  return [...lines, ...conclusion(explanation)].join('\n')
}

function conclusion({ route, upstream, grant, refusal, advice }: Explanation): string[] {
  if (refusal !== undefined) {
    const how = refusal.status === 0 ? 'closes the connection' : `answers ${refusal.status}`
    return [`Refused: ${how}, ${refusal.code}`, `To do: ${advice}`]
  }
  const by = grant === undefined ? '' : ` by plan "${grant.plan}"`
  const whom = grant?.application === undefined ? '' : ` for application "${grant.application}"`
  return [printable(`Let in${by}${whom}: route "${route}" to upstream "${upstream}"`)]
}
