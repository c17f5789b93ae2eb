import { decodedOf } from './certificate.ts'
import type { CrlContent } from './crl.ts'
import { ALL_REASONS, coveredReasons, pointsOf } from './crl-scope.ts'
import { isSignedBy, possibleSigners } from './crl-signer.ts'
import { contentsOf, crlStatus, entryReason, isCurrent, REMOVED, whyUnknown } from './crl-status.ts'
import type { DecodedCertificate } from './decode.ts'
import { type Finding, label, refuse } from './finding.ts'
import type { CheckContext } from './leaf-check.ts'
import { Inquiry, locationsOf, type Told } from './online.ts'
import { searchPaths } from './path-search.ts'
import { type Budget, validatePath } from './path-validation.ts'
import type { Certificate, RevocationMaterial, RevocationSource, Truststore } from './types.ts'

/** What revocation is asked of. */
export interface RevocationInput {
  readonly truststore: Truststore
  /** Certificates that may have signed CRLs, besides those of the path. */
  readonly pool: readonly Certificate[]
  readonly context: CheckContext
  readonly budget: Budget
  /** What was fetched so far, where anything was. */
  readonly material: RevocationMaterial | undefined
}

/** What was found; it holds from `from` until `until`, epoch milliseconds. */
export interface RevocationResult {
  readonly finding: Finding | undefined
  readonly warning: string | undefined
  readonly from: number
  readonly until: number
  /** What would have told more. */
  readonly lacks: readonly RevocationSource[]
}

const FOREVER = 8.64e15
/** A CRL's signer may be checked against CRLs in turn, so far. */
const MAX_DEPTH = 3

/**
 * Asks CRLs and OCSP responses about the certificates of a path (RFC 5280 section 6.3, RFC 6960). A truststore that
 * has no CRLs and wants nothing to be fetched has nothing to say; else each certificate that `crlDepth` names must be
 * known not to be revoked, or the policy decides.
 */
export async function checkRevocation(
  path: readonly Certificate[],
  input: RevocationInput,
): Promise<RevocationResult> {
  const { crls = [], online } = input.truststore
  if (crls.length === 0 && online === undefined) {
    return { finding: undefined, warning: undefined, from: -FOREVER, until: FOREVER, lacks: [] }
  }
  return await new RevocationCheck(input).result(path)
}

/**
 * Asks about a certificate that no path leads to, by issuer and serial number alone: a peer that keeps its
 * intermediates back does not get round a CRL. No signature is checked, so a CRL can only refuse here. Nothing is
 * fetched: nobody vouches for the addresses in it, and a peer must not get round them either.
 */
export function checkListed(
  certificate: Certificate,
  truststore: Truststore,
  context: CheckContext,
): RevocationResult {
  const content = decodedOf(certificate)
  const crls = contentsOf(truststore.crls ?? [])
  const rest = { ...spanOf(crls.flatMap(datesOf), context.now), lacks: [] }
  const reason = crls.map((crl) => entryReason(content, crl)).find((r) =>
    r !== undefined && r !== REMOVED
  )
  if (reason !== undefined) {
    const state = `it is revoked (reason ${reason}) by a CRL that names its issuer`
    return { finding: refuse('revoked', content, state), warning: undefined, ...rest }
  }
  const newest = crls
    .filter((crl) => crl.baseNumber === undefined && crl.issuer.key === content.issuer.key)
    .sort((a, b) => b.thisUpdate - a.thisUpdate)[0]
  if (newest !== undefined && isCurrent(newest, context.now)) {
    return { finding: undefined, warning: undefined, ...rest }
  }
  const named = locationsOf(content, truststore.online).length > 0
  if (newest === undefined && !named) return { finding: undefined, warning: undefined, ...rest }
  const state = newest === undefined
    ? 'no path to a CA vouches for the addresses in it, so nobody is asked'
    : 'the CRL of its issuer is out of date'
  return { ...unknown(content, truststore, state), ...rest }
}

function datesOf(crl: CrlContent): number[] {
  return [crl.thisUpdate, (crl.nextUpdate ?? FOREVER) + 1000]
}

/** Between which dates a finding stands. */
function spanOf(dates: readonly number[], now: number): { from: number; until: number } {
  return {
    from: Math.max(-FOREVER, ...dates.filter((date) => date <= now)),
    until: Math.min(FOREVER, ...dates.filter((date) => date > now)),
  }
}

interface Outcome {
  readonly finding: Finding | undefined
  readonly warning: string | undefined
}

/** What it means that nobody knows: of the sources that are configured, the strictest says. */
function unknown(content: DecodedCertificate, truststore: Truststore, state: string): Outcome {
  const { crls = [], rules, online } = truststore
  const policies = [
    crls.length > 0 ? rules?.crlPolicy ?? 'hard' : 'off',
    online?.crlFetch,
    online?.ocsp,
  ]
  if (policies.includes('hard')) {
    return { finding: refuse('revocation-unknown', content, state), warning: undefined }
  }
  const warning = `revocation of ${label(content)} is not known: ${state}`
  return { finding: undefined, warning }
}

class RevocationCheck {
  readonly #crls: readonly CrlContent[]
  readonly #input: RevocationInput
  readonly #trusted = new Map<string, Promise<boolean>>()
  readonly #inquiry: Inquiry
  readonly #dates: number[]

  constructor(input: RevocationInput) {
    this.#crls = newestFirst(contentsOf(input.truststore.crls ?? []))
    this.#input = input
    this.#dates = this.#crls.flatMap(datesOf)
    this.#inquiry = new Inquiry(input.truststore.online, input.material)
  }

  async result(path: readonly Certificate[]): Promise<RevocationResult> {
    const outcome = await this.#path(path, [])
    return {
      ...outcome,
      ...spanOf(this.#dates, this.#input.context.now),
      lacks: this.#inquiry.lacks,
    }
  }

  /** Checks each certificate but the anchor, or the first. `visiting` are signers whose own check is under way. */
  async #path(path: readonly Certificate[], visiting: readonly string[]): Promise<Outcome> {
    const leafOnly = this.#input.context.rules.crlDepth === 'leaf'
    let warning: string | undefined
    for (let i = leafOnly ? Math.min(0, path.length - 2) : path.length - 2; i >= 0; i--) {
      const outcome = await this.#certificate(path.slice(i), visiting)
      if (outcome.finding !== undefined) return outcome
      warning = outcome.warning ?? warning
    }
    return { finding: undefined, warning }
  }

  /** Checks the first certificate of a path whose others are in order. */
  async #certificate(path: readonly Certificate[], visiting: readonly string[]): Promise<Outcome> {
    const content = decodedOf(path[0] as Certificate)
    const given = await this.#byCrls(path, visiting, this.#crls)
    const told = [given, ...given.status === 'revoked' ? [] : await this.#online(path, visiting)]
    const revoked = told.find(({ status }) => status === 'revoked')
    if (revoked !== undefined) {
      return { finding: refuse('revoked', content, revoked.state), warning: undefined }
    }
    if (told.some(({ status }) => status === 'good')) {
      return { finding: undefined, warning: undefined }
    }
    const states = told.filter(({ state }) => state !== '').map(({ state }) => state)
    return unknown(content, this.#input.truststore, states.join('; '))
  }

  /** What CRLs say that were given or fetched. */
  async #byCrls(
    path: readonly Certificate[],
    visiting: readonly string[],
    crls: readonly CrlContent[],
  ): Promise<Told> {
    if (crls.length === 0) return { status: 'none', state: '' }
    const content = decodedOf(path[0] as Certificate)
    const { now, rules } = this.#input.context
    const view = { now, strict: rules.profile !== 'compatible' }
    const usable = await this.#authentic(path, visiting, crls)
    const { covered, revoked } = crlStatus(content, usable, view)
    if (revoked !== undefined) return { status: 'revoked', state: revoked }
    if (covered === ALL_REASONS) return { status: 'good', state: '' }
    const named = crls.some((crl) => crl.issuer.key === content.issuer.key)
    const absent = named
      ? 'no CRL of its issuer can be used for it'
      : 'there is no CRL of its issuer'
    return { status: 'none', state: whyUnknown(usable, view) ?? absent }
  }

  /** What was fetched: OCSP responses, and CRLs where no responder answers. */
  async #online(path: readonly Certificate[], visiting: readonly string[]): Promise<Told[]> {
    const [certificate, issuer] = path as [Certificate, Certificate]
    const subject = {
      certificate,
      issuer,
      context: this.#input.context,
      isRevoked: async (responder: Certificate) => {
        const told = await this.#byCrls([responder, ...path.slice(1)], visiting, this.#crls)
        return told.status === 'revoked'
      },
    }
    const ocsp = await this.#inquiry.ocsp(subject)
    if (ocsp?.until !== undefined) this.#dates.push(ocsp.until)
    if (ocsp?.status === 'good' || ocsp?.status === 'revoked') return [ocsp]
    const fetched = this.#inquiry.crls(certificate)
    const crls = newestFirst(contentsOf(fetched.found))
    this.#dates.push(...crls.flatMap(datesOf))
    const told = await this.#byCrls(path, visiting, crls)
    return [...ocsp === undefined ? [] : [ocsp], told, ...fetched.told]
  }

  /** The CRLs that speak about a certificate and are signed by whom they should be. */
  async #authentic(
    path: readonly Certificate[],
    visiting: readonly string[],
    crls: readonly CrlContent[],
  ): Promise<CrlContent[]> {
    const content = decodedOf(path[0] as Certificate)
    const points = pointsOf(content)
    const authentic: CrlContent[] = []
    for (const crl of crls) {
      const speaks = points.some((point) => coveredReasons(content, point, crl) !== 0)
      // RFC 5280 section 5.2: a CRL with critical extensions that are not processed is of no use.
      if (!speaks || crl.unknownCritical.length > 0) continue
      if (crl.thisUpdate > this.#input.context.now) continue
      if (await this.#isAuthentic(crl, path, visiting)) authentic.push(crl)
    }
    return authentic
  }

  async #isAuthentic(
    crl: CrlContent,
    path: readonly Certificate[],
    visiting: readonly string[],
  ): Promise<boolean> {
    for (const signer of possibleSigners(crl, path.slice(1))) {
      if (await isSignedBy(crl, signer)) return true
    }
    const anchor = path[path.length - 1] as Certificate
    const others = [...this.#input.pool, ...this.#input.truststore.anchors]
      .filter((certificate) => !path.slice(1).includes(certificate))
    for (const signer of possibleSigners(crl, others)) {
      if (!await this.#isTrustedSigner(signer, anchor, visiting)) continue
      if (await isSignedBy(crl, signer)) return true
    }
    return false
  }

  /** RFC 5280 section 6.3.3 (f): a CRL issuer's path ends at the same anchor and is validated itself. */
  #isTrustedSigner(
    signer: Certificate,
    anchor: Certificate,
    visiting: readonly string[],
  ): Promise<boolean> {
    if (visiting.includes(signer.sha256)) return Promise.resolve(true)
    if (visiting.length >= MAX_DEPTH) return Promise.resolve(false)
    const key = `${signer.sha256} ${visiting.join(' ')}`
    let outcome = this.#trusted.get(key)
    if (outcome === undefined) {
      outcome = this.#findSignerPath(signer, anchor, [...visiting, signer.sha256])
      this.#trusted.set(key, outcome)
    }
    return outcome
  }

  async #findSignerPath(
    signer: Certificate,
    anchor: Certificate,
    visiting: readonly string[],
  ): Promise<boolean> {
    const { truststore, pool, context, budget } = this.#input
    const anchors = { ...truststore, anchors: [anchor], id: '' }
    const paths = searchPaths({
      leaf: signer,
      intermediates: pool.filter((certificate) => certificate !== signer),
      truststore: anchors,
      context: { ...context, usage: undefined },
      depth: Infinity,
    })
    for (const path of paths) {
      if (await validatePath(path, context.rules, budget) !== undefined) continue
      if ((await this.#path(path, visiting)).finding === undefined) return true
    }
    return false
  }
}

/** The newest says most; older ones matter for reasons that it leaves out. */
function newestFirst(crls: readonly CrlContent[]): CrlContent[] {
  return [...crls].sort((a, b) => b.thisUpdate - a.thisUpdate)
}
