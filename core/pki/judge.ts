import { certificateOf, decodedOf } from './certificate.ts'
import { DerFault } from './der.ts'
import { type Finding, refuse, refuseChain } from './finding.ts'
import { speaksFor } from './host-name.ts'
import { intermediateOf, rememberPath } from './known-cas.ts'
import { type CheckContext, checkLeaf, Usage } from './leaf-check.ts'
import { type SearchInput, searchPaths } from './path-search.ts'
import { type Budget, freshBudget, validatePath } from './path-validation.ts'
import { PkiFault } from './problem.ts'
import { checkListed, checkRevocation, type RevocationResult } from './revocation.ts'
import {
  type Certificate,
  DEFAULT_RULES,
  type Presentation,
  type RevocationMaterial,
  type RevocationSource,
  type Truststore,
  type Verdict,
} from './types.ts'

/** What may be asked differently. */
export interface JudgeOptions {
  /** The extended key usage that is wanted, instead of the purpose's own: an OID, or `any` for whichever. */
  readonly extendedKeyUsage?: string
  /** What was fetched about revocation; what a verdict lacks of it, it says. */
  readonly material?: RevocationMaterial
}

/** Bounds on what a peer may make us read. */
const MAX_CERTIFICATES = 40
const MAX_CHAIN_SIZE = 131_072
/** The end of time, as `Date` has it. */
const FOREVER = 8.64e15

/**
 * Says whether a presented chain is to be trusted: path building, then validation after RFC 5280 section 6, the
 * usages of TLS, names after RFC 9525 and revocation. Never throws; the work is bounded whatever is presented.
 * @param now epoch milliseconds
 */
export async function judge(
  presentation: Presentation,
  truststore: Truststore,
  now: number,
  options: JudgeOptions = {},
): Promise<Verdict> {
  try {
    return await new Judgement(presentation, truststore, { now, options }).run()
  } catch (error) {
    const reason = error instanceof DerFault || error instanceof PkiFault
      ? error.message
      : String(error)
    return refusal(refuseChain('malformed', reason), undefined, [now, now])
  }
}

interface Accepted {
  readonly path: readonly Certificate[]
  readonly note: string
  readonly from: number
  readonly until: number
}

class Judgement {
  readonly #presentation: Presentation
  readonly #truststore: Truststore
  readonly #context: CheckContext
  readonly #budget: Budget = freshBudget()
  #seen: readonly Certificate[] = []
  #crlUntil = FOREVER
  readonly #lacks: RevocationSource[] = []
  readonly #material: RevocationMaterial | undefined

  constructor(
    presentation: Presentation,
    truststore: Truststore,
    { now, options }: { now: number; options: JudgeOptions },
  ) {
    this.#presentation = presentation
    this.#truststore = truststore
    this.#material = options.material
    const wanted = options.extendedKeyUsage ?? Usage[presentation.purpose]
    this.#context = {
      now: Math.floor(now / 1000) * 1000,
      rules: truststore.rules ?? DEFAULT_RULES,
      usage: wanted === 'any' ? undefined : wanted,
    }
  }

  async run(): Promise<Verdict> {
    const { chain } = this.#presentation
    const size = chain.reduce((sum, der) => sum + der.length, 0)
    if (chain.length > MAX_CERTIFICATES || size > MAX_CHAIN_SIZE) {
      return this.#refuse(
        refuseChain('too-complex', `it has ${chain.length} certificates of ${size} bytes`),
      )
    }
    const leaf = await this.#readLeaf()
    if (!('sha256' in leaf)) return this.#refuse(leaf)
    const intermediates = await readOthers(leaf, chain.slice(1))
    this.#seen = [leaf, ...intermediates]
    const outcome = await this.#trust(leaf, intermediates)
    const verdict = 'path' in outcome ? this.#accept(leaf, outcome) : this.#refuse(outcome, leaf)
    return this.#lacks.length === 0 ? verdict : { ...verdict, lacks: this.#lacks }
  }

  async #readLeaf(): Promise<Certificate | Finding> {
    const [der] = this.#presentation.chain
    if (der === undefined) return refuseChain('malformed', 'it is empty')
    try {
      return await certificateOf(der)
    } catch (error) {
      const reason = error instanceof DerFault || error instanceof PkiFault
        ? error.message
        : 'it is damaged'
      return {
        code: 'malformed',
        detail: `Could not read the certificate that was shown: ${reason}`,
      }
    }
  }

  async #trust(
    leaf: Certificate,
    intermediates: readonly Certificate[],
  ): Promise<Accepted | Finding> {
    const outcome = await this.#findPath(leaf, intermediates)
    const settled = 'path' in outcome || outcome.code.startsWith('revo')
    if (!this.#truststore.acceptsAnyLeaf || settled) return outcome
    const finding = this.#checkLeaf(leaf)
    if (finding !== undefined) return finding
    // Without a path nobody vouches for a CRL, but what the operator gave may still refuse.
    const revocation = checkListed(leaf, this.#truststore, this.#context)
    this.#crlUntil = Math.min(this.#crlUntil, revocation.until)
    if (revocation.finding !== undefined) return revocation.finding
    const { warning, from, until } = revocation
    return { path: [leaf], note: warning ?? 'it is judged on its own', from, until }
  }

  async #findPath(
    leaf: Certificate,
    intermediates: readonly Certificate[],
  ): Promise<Accepted | Finding> {
    const input: SearchInput = {
      leaf,
      intermediates,
      truststore: this.#truststore,
      context: this.#context,
      depth: this.#presentation.depth,
    }
    const paths = searchPaths(input)
    let first: Finding | undefined
    for (let step = paths.next();; step = paths.next()) {
      if (step.done === true) return first ?? step.value
      const outcome = await this.#tryPath(leaf, step.value)
      if ('path' in outcome || outcome.code === 'too-complex') return outcome
      first = preferred(first, outcome)
    }
  }

  async #tryPath(leaf: Certificate, path: readonly Certificate[]): Promise<Accepted | Finding> {
    const finding = await validatePath(path, this.#context.rules, this.#budget) ??
      this.#checkLeaf(leaf)
    if (finding !== undefined) return finding
    const revocation: RevocationResult = await checkRevocation(path, {
      truststore: this.#truststore,
      pool: this.#seen,
      context: this.#context,
      budget: this.#budget,
      material: this.#material,
    })
    this.#lacks.push(...revocation.lacks)
    this.#crlUntil = Math.min(this.#crlUntil, revocation.until)
    if (revocation.finding !== undefined) return revocation.finding
    const { warning, from, until } = revocation
    return { path, note: warning ?? 'it is trusted', from, until }
  }

  #checkLeaf(leaf: Certificate): Finding | undefined {
    const content = decodedOf(leaf)
    const finding = checkLeaf(content, this.#context)
    const { name } = this.#presentation
    if (finding !== undefined || name === undefined || speaksFor(content, name)) return finding
    const names = leaf.names.dns.length + leaf.names.ip.length
    const state = names === 0
      ? 'has no alternative name'
      : `does not speak for "${name.slice(0, 255)}"`
    return refuse('name-mismatch', content, `it ${state}`)
  }

  #accept(leaf: Certificate, { path, note, from, until }: Accepted): Verdict {
    rememberPath(path)
    return {
      ok: true,
      code: 'trusted',
      detail: `Accepted certificate "${leaf.subject.slice(0, 120)}": ${note}`,
      certificate: leaf,
      path,
      validFrom: Math.max(from, ...path.map((c) => c.notBefore)),
      validUntil: Math.min(until, ...path.map((c) => c.notAfter + 1000)),
    }
  }

  #refuse(finding: Finding, leaf?: Certificate): Verdict {
    // A refusal may turn when any date of any certificate that could be part of a path passes.
    const { now } = this.#context
    const dates = [...this.#seen, ...this.#anchorsInReach()].flatMap((
      c,
    ) => [c.notBefore, c.notAfter + 1000])
    const from = Math.max(-FOREVER, ...dates.filter((date) => date <= now))
    const until = Math.min(this.#crlUntil, FOREVER, ...dates.filter((date) => date > now))
    return refusal(finding, leaf, [this.#crlUntil < FOREVER ? now : from, until])
  }

  #anchorsInReach(): Certificate[] {
    const issuers = new Set(this.#seen.map((c) => decodedOf(c).issuer.key))
    return this.#truststore.anchors.filter((anchor) => issuers.has(decodedOf(anchor).subject.key))
  }
}

function refusal(
  finding: Finding,
  leaf: Certificate | undefined,
  [validFrom, validUntil]: readonly [number, number],
): Verdict {
  return { ok: false, ...finding, certificate: leaf, path: [], validFrom, validUntil }
}

/** What a path found about revocation says more than that another one was not signed. */
function preferred(first: Finding | undefined, next: Finding): Finding {
  if (first === undefined || next.code === 'revoked') return next
  return first.code === 'bad-signature' ? next : first
}

/** The other certificates; what cannot be read is no candidate, and the leaf is none either. */
async function readOthers(leaf: Certificate, chain: readonly Uint8Array[]): Promise<Certificate[]> {
  const read = await Promise.all(chain.map((der) => intermediateOf(der).catch(() => undefined)))
  const others = new Map<string, Certificate>()
  for (const certificate of read) {
    if (certificate !== undefined && certificate.sha256 !== leaf.sha256) {
      others.set(certificate.sha256, certificate)
    }
  }
  return [...others.values()]
}
