import { type DecodedCertificate, isSelfIssued } from './decode.ts'
import { type Finding, refuse } from './finding.ts'

const ANY = '2.5.29.32.0'

/**
 * Policy nodes of one level of RFC 5280's tree, as RFC 9618 has it: policy to the policies expected below.
 * Whether the tree is empty shows at its last level, so the levels above need not be kept.
 */
type Level = Map<string, ReadonlySet<string>>

interface State {
  level: Level
  explicit: number
  mapping: number
  any: number
}

/** Checks certificate policies (RFC 5280 sections 6.1.3 (d) to (f), 6.1.4, 6.1.5); any policy is acceptable. */
export function checkPolicies(downwards: readonly DecodedCertificate[]): Finding | undefined {
  const [anchor, ...rest] = downwards
  const state: State = {
    level: new Map([[ANY, new Set([ANY])]]),
    explicit: Infinity,
    mapping: Infinity,
    any: Infinity,
  }
  // RFC 5937 section 3.2: an anchor's constraints hold for the whole path.
  if (anchor !== undefined) tighten(state, anchor)
  for (const [i, certificate] of rest.entries()) {
    const last = i === rest.length - 1
    state.level = nextLevel(state, certificate, last)
    const finding = last ? wrapUp(state, certificate) : prepareNext(state, certificate)
    if (finding !== undefined) return finding
  }
  return undefined
}

function nextLevel(state: State, certificate: DecodedCertificate, last: boolean): Level {
  const { policies } = certificate.extensions
  const next: Level = new Map()
  if (policies === undefined) return next
  const expected = new Set([...state.level.values()].flatMap((set) => [...set]))
  for (const policy of policies) {
    if (policy !== ANY && (expected.has(policy) || state.level.has(ANY))) {
      next.set(policy, new Set([policy]))
    }
  }
  const anyCounts = state.any > 0 || (!last && isSelfIssued(certificate))
  if (policies.includes(ANY) && anyCounts) {
    for (const policy of expected) if (!next.has(policy)) next.set(policy, new Set([policy]))
  }
  return next
}

function prepareNext(state: State, certificate: DecodedCertificate): Finding | undefined {
  if (state.explicit <= 0 && state.level.size === 0) return noPolicy(certificate)
  for (const [from, to] of certificate.extensions.policyMappings ?? []) {
    // RFC 5280 section 6.1.4 (a)
    if (from === ANY || to === ANY) {
      return refuse('policy', certificate, 'it maps from or to any policy')
    }
  }
  applyMappings(state, certificate)
  if (!isSelfIssued(certificate)) countDown(state)
  tighten(state, certificate)
  return undefined
}

function applyMappings(state: State, certificate: DecodedCertificate): void {
  const mapped = new Map<string, Set<string>>()
  for (const [from, to] of certificate.extensions.policyMappings ?? []) {
    const targets = mapped.get(from) ?? new Set()
    mapped.set(from, targets.add(to))
  }
  for (const [from, targets] of mapped) {
    if (state.mapping <= 0) state.level.delete(from)
    else if (state.level.has(from) || state.level.has(ANY)) state.level.set(from, targets)
  }
}

function countDown(state: State): void {
  state.explicit--
  state.mapping--
  state.any--
}

function tighten(state: State, certificate: DecodedCertificate): void {
  const { requireExplicitPolicy, inhibitPolicyMapping, inhibitAnyPolicy } = certificate.extensions
  state.explicit = Math.min(state.explicit, requireExplicitPolicy ?? Infinity)
  state.mapping = Math.min(state.mapping, inhibitPolicyMapping ?? Infinity)
  state.any = Math.min(state.any, inhibitAnyPolicy ?? Infinity)
}

function wrapUp(state: State, certificate: DecodedCertificate): Finding | undefined {
  // RFC 5280 section 6.1.5 (a) and (b); the self-issued last certificate counts as well.
  const explicit = certificate.extensions.requireExplicitPolicy === 0 || state.explicit - 1 <= 0
  return explicit && state.level.size === 0 ? noPolicy(certificate) : undefined
}

function noPolicy(certificate: DecodedCertificate): Finding {
  return refuse(
    'policy',
    certificate,
    'a certificate policy is required and none is valid for the path',
  )
}
