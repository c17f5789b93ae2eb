import { signatureAlgorithm } from './algorithms.ts'
import { decodedOf } from './certificate.ts'
import { type DecodedCertificate, isSelfIssued } from './decode.ts'
import { type Finding, refuse, refuseChain } from './finding.ts'
import { isKnownIssue, noteIssue } from './known-cas.ts'
import { checkSignatureKind } from './leaf-check.ts'
import { checkNameConstraints } from './name-constraints.ts'
import type { CandidatePath } from './path-search.ts'
import { checkPolicies } from './policy.ts'
import { checkProfile } from './profile.ts'
import { verifySignature } from './signature.ts'
import type { TrustRules } from './types.ts'

/** Work that one judgement may still do; counted down. */
export interface Budget {
  signatures: number
  /** Comparisons of names with name constraints. */
  comparisons: number
  /** Whole paths that are tried. */
  paths: number
  /** Signatures that were checked already: certificate and issuer to outcome. */
  readonly known: Map<string, boolean>
}

/** What one judgement may cost: some tens of milliseconds at the very most. */
export function freshBudget(): Budget {
  return { signatures: 16, comparisons: 150_000, paths: 24, known: new Map() }
}

/** Checks a path after RFC 5280 section 6.1. The cheap questions come first, the signatures last. */
export async function validatePath(
  path: CandidatePath,
  rules: TrustRules,
  budget: Budget,
): Promise<Finding | undefined> {
  const downwards = path.map(decodedOf).reverse()
  // Paths straight to an anchor are as many as the operator has anchors of a name: a peer cannot add to them.
  if (path.length > 2 && --budget.paths < 0) {
    return refuseChain('too-complex', 'it has too many possible paths')
  }
  return checkProfile(downwards, rules) ?? await checkAnchor(downwards, rules) ??
    checkPathLength(downwards) ?? checkPolicies(downwards) ??
    checkNameConstraints(downwards, { rules, budget }) ?? await checkSignatures(path, budget)
}

const selfSigned = new WeakMap<DecodedCertificate, Promise<boolean>>()

/** RFC 5280 section 4.2.1.1: only a certificate that its own key signed may do without authority key identifier. */
async function checkAnchor(
  [anchor]: readonly DecodedCertificate[],
  rules: TrustRules,
): Promise<Finding | undefined> {
  if (rules.profile === 'compatible' || anchor === undefined || anchor.version !== 3) {
    return undefined
  }
  if (anchor.extensions.authorityKeyId !== undefined || isSelfIssued(anchor)) return undefined
  let known = selfSigned.get(anchor)
  if (known === undefined) selfSigned.set(anchor, known = isIssuedBy(anchor, anchor))
  return await known
    ? undefined
    : refuse('malformed', anchor, 'another CA signed it and it has no authority key identifier')
}

/** RFC 5280 section 6.1.4 (l) and (m); an anchor's own path length counts as well. */
function checkPathLength(downwards: readonly DecodedCertificate[]): Finding | undefined {
  let left = Infinity
  for (const [i, certificate] of downwards.slice(0, -1).entries()) {
    if (i > 0 && !isSelfIssued(certificate)) {
      if (left <= 0) {
        return refuse('path-too-long', certificate, 'a CA above it allows no further CA')
      }
      left--
    }
    left = Math.min(left, certificate.extensions.basicConstraints?.pathLength ?? Infinity)
  }
  return undefined
}

async function checkSignatures(path: CandidatePath, budget: Budget): Promise<Finding | undefined> {
  for (let i = path.length - 1; i > 0; i--) {
    const [certificate, issuer] = [path[i - 1], path[i]]
    if (certificate === undefined || issuer === undefined) continue
    const content = decodedOf(certificate)
    const weak = checkSignatureKind(content)
    if (weak !== undefined) return weak
    const edge = `${certificate.sha256} ${issuer.sha256}`
    const known = budget.known.get(edge) ?? (isKnownIssue(certificate, issuer) || undefined)
    if (known === undefined && path.length > 2 && --budget.signatures < 0) {
      return refuseChain('too-complex', 'it takes too many signatures')
    }
    const good = known ?? await isIssuedBy(content, decodedOf(issuer))
    budget.known.set(edge, good)
    // Leafs are many, and seen again in verdicts that are kept.
    if (good && i > 1) noteIssue(certificate, issuer)
    if (!good) {
      return refuse('bad-signature', content, `it is not signed by "${content.issuer.text}"`)
    }
  }
  return undefined
}

/** Whether the issuer's key made the certificate's signature, with an algorithm that is trusted. */
export async function isIssuedBy(
  content: DecodedCertificate,
  issuer: DecodedCertificate,
): Promise<boolean> {
  const algorithm = signatureAlgorithm(content.algorithm)
  return algorithm !== undefined &&
    await verifySignature(issuer.key, {
      content: content.tbs,
      signature: content.signature,
      algorithm,
    })
}
