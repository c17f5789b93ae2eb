import type { CertificateToken, PlanRefusal } from '../plan/mod.ts'
import { decodePath } from '../vars/mod.ts'
import { certificateProblem } from './certificate.ts'
import type { CertificateContext } from './certificate.ts'
import type { ClientPolicy, CompiledListener, Snapshot } from './compiled.ts'
import { refusal } from './refusals.ts'
import type { Peer, Refusal } from './types.ts'

/**
 * The client policy that a peer's certificate is held against: that of its SNI, or that of the listener where a
 * trusted proxy speaks for its clients. Undefined where the listener has no policy for the SNI (any more).
 */
export function policyOf(listener: CompiledListener, peer: Peer): ClientPolicy | undefined {
  return speaksForOthers(listener, peer)
    ? listener.clients
    : listener.names.select(peer.sni)?.policy
}

/** Whether the peer's certificate is that of its clients, so that its own SNI does not matter. */
export function speaksForOthers(listener: CompiledListener, peer: Peer): boolean {
  if (!listener.secure) return true
  return peer.trustedProxy && listener.trustedProxies?.clientCertificateHeader !== undefined
}

/** The certificate that a peer brings under a policy, with why it does not count, if so. */
export function presentedCertificate(
  peer: Peer,
  context: CertificateContext,
): CertificateToken | undefined {
  const { certificate } = peer
  if (certificate === undefined || context.policy.mode === 'none') return undefined
  const problem = certificateProblem(certificate, context)
  const { fingerprint, verdict } = certificate
  return { fingerprint, problem, identity: verdict.certificate }
}

/** Why a policy turns a peer away that brings this certificate; undefined where it does not. */
export function admission(
  policy: ClientPolicy,
  token: CertificateToken | undefined,
): PlanRefusal | undefined {
  if (policy.mode !== 'require') return undefined
  if (token !== undefined) return token.problem
  return { code: 'CERTIFICATE_MISSING', detail: 'The client policy requires a certificate' }
}

/**
 * Why a policy turns a request away that comes with this certificate. Where some paths need none, each request is
 * asked for its own path: decoded, with its dots resolved.
 */
export function demand(
  policy: ClientPolicy,
  token: CertificateToken | undefined,
  path: string,
): PlanRefusal | undefined {
  const refused = admission(policy, token)
  if (refused === undefined || policy.skip.length === 0) return refused
  const decoded = decodePath(path)
  return policy.skip.some((pattern) => pattern.test(decoded)) ? undefined : refused
}

/**
 * Whether a peer may be served at all: a `require` policy wants a certificate that counts. Asked after the
 * handshake; {@linkcode decide} asks it again at each request, for the answer changes with time and configuration.
 *
 * @param now epoch milliseconds
 * @returns why not; undefined where it may
 */
export function admit(
  snapshot: Snapshot,
  { policy, peer }: { readonly policy: ClientPolicy; readonly peer: Peer },
  now: number,
): Refusal | undefined {
  // What depends on the path is asked of each request.
  if (policy.skip.length > 0) return undefined
  const { applications } = snapshot
  const refused = admission(policy, presentedCertificate(peer, { policy, applications, now }))
  return refused && refusal(refused.code, refused.detail, { status: 0 })
}
