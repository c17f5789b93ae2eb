import { signatureAlgorithm } from './algorithms.ts'
import { equalBytes, toHex } from './bytes.ts'
import { certificateOf, decodedOf } from './certificate.ts'
import { KeyUsage } from './extensions.ts'
import { checkAlone, type CheckContext } from './leaf-check.ts'
import { digest, issuerHashes } from './ocsp-request.ts'
import { type OcspAnswer, type OcspContent, ocspContentOf } from './ocsp-response.ts'
import { isIssuedBy } from './path-validation.ts'
import { verifySignature } from './signature.ts'
import type { Certificate, OcspResponse } from './types.ts'

/** Whom a response is asked about. */
export interface OcspSubject {
  readonly certificate: Certificate
  /** The next one of the path, by which the certificate was verified. */
  readonly issuer: Certificate
  readonly context: CheckContext
  /** Whether a delegated responder's own certificate is revoked, as far as is known. */
  readonly isRevoked: (responder: Certificate) => Promise<boolean>
}

/** What a response says; `state` goes on where "revocation is not known: " ends. */
export type OcspFinding =
  | { readonly status: 'good' | 'revoked'; readonly reason: number; readonly until: number }
  | { readonly status: 'none'; readonly state: string }

const OCSP_SIGNING = '1.3.6.1.5.5.7.3.9'
const NO_CHECK = '1.3.6.1.5.5.7.48.1.5'
/** How far a responder's clock may be ahead. */
const SKEW_MS = 300_000

/** What an OCSP response says about a certificate, where it may say anything (RFC 6960 section 3.2). */
export async function ocspFinding(
  response: OcspResponse,
  subject: OcspSubject,
): Promise<OcspFinding> {
  const content = ocspContentOf(response)
  const answer = content && await answerFor(content, subject)
  if (content === undefined || answer === undefined) return none('it is about another certificate')
  if (!await isAuthentic(content, subject)) {
    return none('it is not signed by the issuer or by whom the issuer lets answer')
  }
  const { now } = subject.context
  if (answer.thisUpdate > now + SKEW_MS) return none('it is from the future')
  const { status, reason, until } = answer
  if (status === 'unknown') return none('the responder does not know the certificate')
  // An old answer may have missed a revocation, but does not take one back.
  if (status === 'good' && now >= until) return none('it is out of date')
  return { status, reason, until }
}

function none(state: string): OcspFinding {
  return { status: 'none', state }
}

/** The newest answer whose CertID names the certificate. */
async function answerFor(
  content: OcspContent,
  { certificate, issuer }: OcspSubject,
): Promise<OcspAnswer | undefined> {
  const { serial } = decodedOf(certificate)
  const matching: OcspAnswer[] = []
  for (const answer of content.answers) {
    if (answer.hash === '' || !equalBytes(answer.serial, serial)) continue
    const { nameHash, keyHash } = await issuerHashes(certificate, issuer, answer.hash)
    if (equalBytes(nameHash, answer.nameHash) && equalBytes(keyHash, answer.keyHash)) {
      matching.push(answer)
    }
  }
  return matching.sort((a, b) => b.thisUpdate - a.thisUpdate)[0]
}

/** RFC 6960 section 4.2.2.2: signed by the issuer itself, or by a responder to whom it delegated. */
async function isAuthentic(content: OcspContent, subject: OcspSubject): Promise<boolean> {
  if (await isSignedBy(content, subject.issuer)) return true
  for (const der of content.certificates) {
    const responder = await certificateOf(der).catch(() => undefined)
    if (responder === undefined || !await isResponder(content, responder)) continue
    if (await isDelegate(responder, subject) && await isSignedBy(content, responder)) return true
  }
  return false
}

async function isDelegate(responder: Certificate, subject: OcspSubject): Promise<boolean> {
  const { issuer, context, isRevoked } = subject
  const content = decodedOf(responder)
  const { keyUsage, extendedKeyUsage, present } = content.extensions
  if (content.issuer.key !== decodedOf(issuer).subject.key) return false
  if (extendedKeyUsage?.includes(OCSP_SIGNING) !== true) return false
  if (keyUsage !== undefined && (keyUsage & KeyUsage.digitalSignature) === 0) return false
  if (checkAlone(content, { ...context, usage: undefined }) !== undefined) return false
  if (!await isIssuedBy(content, decodedOf(issuer)).catch(() => false)) return false
  // RFC 6960 section 4.2.2.2.1
  return present.has(NO_CHECK) || !await isRevoked(responder)
}

async function isResponder({ responder }: OcspContent, certificate: Certificate): Promise<boolean> {
  const { subject, key } = decodedOf(certificate)
  if ('name' in responder) return responder.name === subject.key
  return responder.keyHash === toHex(await digest('SHA-1', key.key))
}

async function isSignedBy(content: OcspContent, certificate: Certificate): Promise<boolean> {
  if (!await isResponder(content, certificate)) return false
  const { tbs, signature } = content
  try {
    const algorithm = signatureAlgorithm(content.algorithm)
    if (algorithm === undefined) return false
    const signed = { content: tbs, signature, algorithm }
    return await verifySignature(decodedOf(certificate).key, signed)
  } catch {
    return false
  }
}
