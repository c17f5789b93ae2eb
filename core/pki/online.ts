import { decodedOf } from './certificate.ts'
import type { DecodedCertificate } from './decode.ts'
import { NameForm } from './general-name.ts'
import { ocspFinding, type OcspSubject } from './ocsp.ts'
import type {
  Certificate,
  Crl,
  OnlineRules,
  RevocationMaterial,
  RevocationSource,
} from './types.ts'

/** What one source says about a certificate; `state` is empty where there is nothing to add. */
export interface Told {
  readonly status: 'good' | 'revoked' | 'none'
  readonly state: string
  readonly until?: number | undefined
}

/** What was fetched for a certificate, and what to say about the rest. */
export interface FetchedCrls {
  readonly found: readonly Crl[]
  readonly told: readonly Told[]
}

/** Locations of one kind that are looked at, of those in a certificate. */
const MAX_LOCATIONS = 4

/** Asks what was fetched about certificates, and notes what was not. */
export class Inquiry {
  readonly #rules: OnlineRules | undefined
  readonly #material: RevocationMaterial | undefined
  readonly #lacks = new Map<string, RevocationSource>()

  constructor(rules: OnlineRules | undefined, material: RevocationMaterial | undefined) {
    this.#rules = rules
    this.#material = material
  }

  /** What is to be fetched, the first of several locations that serve the same. */
  get lacks(): readonly RevocationSource[] {
    return [...this.#lacks.values()]
  }

  /** What OCSP responders say; undefined where none is to be asked. */
  async ocsp(subject: OcspSubject): Promise<Told | undefined> {
    if (this.#rules === undefined || this.#rules.ocsp === 'off') return undefined
    const { certificate, issuer } = subject
    const locations = ocspLocations(decodedOf(certificate))
    let state = 'it names no OCSP responder'
    for (const url of locations) {
      const source = { kind: 'ocsp', url, certificate, issuer } as const
      const fetched = this.#material?.ocsp(source)
      if (fetched === undefined) return this.#lack(source)
      if ('failed' in fetched) {
        state = `OCSP responder ${url}: ${fetched.failed}`
        continue
      }
      const finding = await ocspFinding(fetched, subject)
      if (finding.status === 'none') {
        state = `OCSP response of ${url}: ${finding.state}`
        continue
      }
      const { status, reason, until } = finding
      const revoked = status === 'revoked'
      return { status, state: revoked ? revokedState(url, reason) : '', until }
    }
    return { status: 'none', state }
  }

  /** The CRLs of a certificate's distribution points. */
  crls(certificate: Certificate): FetchedCrls {
    if (this.#rules === undefined || this.#rules.crlFetch === 'off') return { found: [], told: [] }
    const points = crlLocations(decodedOf(certificate))
    const told: Told[] = []
    if (points.length === 0) told.push({ status: 'none', state: 'it says of no CRL where it is' })
    const found: Crl[] = []
    for (const point of points) {
      for (const url of point) {
        const source = { kind: 'crl', url } as const
        const fetched = this.#material?.crl(source)
        if (fetched === undefined) {
          told.push(this.#lack(source))
          break
        }
        if (!('failed' in fetched)) {
          found.push(fetched)
          break
        }
        told.push({ status: 'none', state: `CRL ${url}: ${fetched.failed}` })
      }
    }
    return { found, told }
  }

  #lack(source: RevocationSource): Told {
    const { kind, url } = source
    const whom = kind === 'ocsp' ? ` ${source.certificate.sha256}` : ''
    this.#lacks.set(`${kind} ${url}${whom}`, source)
    const what = kind === 'ocsp' ? 'OCSP responder' : 'CRL'
    return { status: 'none', state: `${what} ${url}: no answer yet` }
  }
}

/** All that a certificate names of what is to be asked. */
export function locationsOf(
  content: DecodedCertificate,
  rules: OnlineRules | undefined,
): readonly string[] {
  if (rules === undefined) return []
  return [
    ...rules.ocsp === 'off' ? [] : ocspLocations(content),
    ...rules.crlFetch === 'off' ? [] : crlLocations(content).flat(),
  ]
}

function ocspLocations(content: DecodedCertificate): readonly string[] {
  return (content.extensions.ocspLocations ?? []).filter(isHttp).slice(0, MAX_LOCATIONS)
}

/** By distribution point: the locations of one point serve the same list (RFC 5280 section 4.2.1.13). */
function crlLocations(content: DecodedCertificate): readonly (readonly string[])[] {
  return (content.extensions.distributionPoints ?? [])
    .map(({ name }) =>
      (name?.full ?? []).filter(({ form, text }) => form === NameForm.uri && isHttp(text))
        .map(({ text }) => text).slice(0, MAX_LOCATIONS)
    )
    .filter((urls) => urls.length > 0).slice(0, MAX_LOCATIONS)
}

/** With https, revocation of the server's own certificate would have to be asked first (RFC 5280 section 8). */
function isHttp(url: string): boolean {
  return /^http:\/\//i.test(url) && url.length <= 2048
}

function revokedState(url: string, reason: number): string {
  return `it is revoked (reason ${reason}), says OCSP responder ${url}`
}
