import { equalBytes } from './bytes.ts'
import { decodedOf } from './certificate.ts'
import type { DecodedCertificate } from './decode.ts'
import { type Finding, refuse, refuseChain } from './finding.ts'
import { type CheckContext, checkIssuer } from './leaf-check.ts'
import { type AnchorIndex, anchorIndex } from './truststore.ts'
import type { Certificate, Truststore } from './types.ts'

/** What paths are sought from and to. */
export interface SearchInput {
  readonly leaf: Certificate
  readonly intermediates: readonly Certificate[]
  readonly truststore: Truststore
  readonly context: CheckContext
  /** How many intermediates a path may have; self-issued ones do not count (RFC 5280 section 6.1.4 (l)). */
  readonly depth: number
}

/** A way from leaf to anchor by names; nothing is verified yet. */
export type CandidatePath = readonly Certificate[]

const MAX_STEPS = 500
const MAX_LENGTH = 32

/**
 * Gives candidate paths, likely ones first: short, and with matching key identifiers. Returns the finding that
 * says best why there are no more. Costs no signature; the work is bounded whatever the certificates say.
 */
export function* searchPaths(input: SearchInput): Generator<CandidatePath, Finding> {
  const search = new PathSearch(input)
  yield* search.from([input.leaf], 0)
  return search.finding
}

class PathSearch {
  readonly #input: SearchInput
  readonly #anchors: AnchorIndex
  readonly #bySubject = new Map<string, Certificate[]>()
  /** How many certificates at least lie between a name and an anchor. */
  readonly #distance: ReadonlyMap<string, number>
  readonly #issuers = new Map<Certificate, readonly Certificate[]>()
  #steps = 0
  #finding: Finding | undefined

  constructor(input: SearchInput) {
    this.#input = input
    this.#anchors = anchorIndex(input.truststore)
    for (const certificate of input.intermediates) {
      const { key } = decodedOf(certificate).subject
      this.#bySubject.set(key, [...this.#bySubject.get(key) ?? [], certificate])
    }
    this.#distance = distances(input.intermediates, this.#anchors.bySubject)
  }

  get finding(): Finding {
    const { issuer } = decodedOf(this.#input.leaf)
    return this.#finding ??
      refuse(
        'unknown-issuer',
        decodedOf(this.#input.leaf),
        `no trusted path leads to its issuer "${issuer.text}"`,
      )
  }

  *from(path: readonly Certificate[], intermediates: number): Generator<CandidatePath, void> {
    const last = path[path.length - 1] as Certificate
    const { issuer } = decodedOf(last)
    if (this.#anchors.fingerprints.has(last.sha256)) yield path
    if (!this.#distance.has(issuer.key)) return
    for (
      const anchor of byIdentifier(decodedOf(last), this.#anchors.bySubject.get(issuer.key) ?? [])
    ) {
      if (anchor.sha256 === last.sha256) continue
      if (this.#admits(anchor, true)) yield [...path, anchor]
    }
    if (path.length >= MAX_LENGTH) return this.#note(refuseChain('too-complex', 'it is too long'))
    for (const next of this.#issuersOf(last)) {
      if (++this.#steps > MAX_STEPS) {
        return this.#note(refuseChain('too-complex', 'it has too many possible paths'))
      }
      if (this.#repeats(path, next) || !this.#admits(next, false)) continue
      const content = decodedOf(next)
      const count = intermediates + (content.subject.key === content.issuer.key ? 0 : 1)
      if (count > this.#input.depth) {
        this.#note(
          refuseChain('depth-exceeded', `it has more than ${this.#input.depth} intermediates`),
        )
      } else yield* this.from([...path, next], count)
    }
  }

  #issuersOf(certificate: Certificate): readonly Certificate[] {
    const known = this.#issuers.get(certificate)
    if (known !== undefined) return known
    const issuers = this.#sortIssuers(certificate)
    this.#issuers.set(certificate, issuers)
    return issuers
  }

  #sortIssuers(certificate: Certificate): Certificate[] {
    const content = decodedOf(certificate)
    const far = (c: Certificate) => this.#distance.get(decodedOf(c).issuer.key) ?? Infinity
    return byIdentifier(content, this.#bySubject.get(content.issuer.key) ?? [])
      .filter((c) => far(c) < Infinity)
      .sort((a, b) => rank(content, a) - rank(content, b) || far(a) - far(b))
  }

  #admits(certificate: Certificate, anchor: boolean): boolean {
    const finding = checkIssuer(decodedOf(certificate), this.#input.context, anchor)
    if (finding !== undefined) this.#note(finding)
    return finding === undefined
  }

  /** RFC 4158 section 2.4.2: a path does not come back to the same name with the same key. */
  #repeats(path: readonly Certificate[], next: Certificate): boolean {
    const b = decodedOf(next)
    return path.some((certificate) => {
      const a = decodedOf(certificate)
      return certificate.sha256 === next.sha256 ||
        (a !== decodedOf(this.#input.leaf) && a.subject.key === b.subject.key &&
          equalBytes(a.key.spki, b.key.spki))
    })
  }

  #note(finding: Finding): void {
    if (this.#finding === undefined || finding.code === 'too-complex') this.#finding = finding
  }
}

function byIdentifier(content: DecodedCertificate, issuers: readonly Certificate[]): Certificate[] {
  return issuers.length < 2
    ? [...issuers]
    : [...issuers].sort((a, b) => rank(content, a) - rank(content, b))
}

/** Key identifiers order the search but decide nothing (RFC 5280 section 4.2.1.1). */
function rank(content: DecodedCertificate, issuer: Certificate): number {
  const wanted = content.extensions.authorityKeyId
  const found = decodedOf(issuer).extensions.subjectKeyId
  if (typeof wanted !== 'string' || found === undefined) return 1
  return wanted === found ? 0 : 2
}

function distances(
  intermediates: readonly Certificate[],
  anchors: ReadonlyMap<string, readonly Certificate[]>,
): ReadonlyMap<string, number> {
  const byIssuer = new Map<string, string[]>()
  for (const certificate of intermediates) {
    const { issuer, subject } = decodedOf(certificate)
    byIssuer.set(issuer.key, [...byIssuer.get(issuer.key) ?? [], subject.key])
  }
  const distance = new Map<string, number>([...anchors.keys()].map((key) => [key, 0]))
  const queue = [...byIssuer.keys()].filter((key) => distance.has(key))
  for (const key of queue) {
    for (const subject of byIssuer.get(key) ?? []) {
      if (distance.has(subject)) continue
      distance.set(subject, (distance.get(key) as number) + 1)
      queue.push(subject)
    }
  }
  return distance
}
