import { type Certificate, type Crl, isIssuerOf, keyFits, readPem } from '../../core/pki/mod.ts'
import type { PkiContent } from './pki-content.ts'

/** How the certificates of one file build on one another. */
export interface ChainFinding {
  /** `set`: several that do not build on one another, such as a file of trust anchors. */
  readonly order: 'single' | 'in order' | 'out of order' | 'set'
  /** Whether a self-signed certificate is reached, in this file or another one that is inspected. */
  readonly complete: boolean
  /** The subject of whoever issued the last certificate that was reached; undefined where complete. */
  readonly missingIssuer: string | undefined
}

/** A private key, and where it belongs. */
export interface KeyFinding {
  readonly place: string
  /** Such as `EC P-256` or `RSA 2048`. */
  readonly type: string
  /** Places of the certificates that it is the key of. */
  readonly fits: readonly string[]
}

/** What was found about files. */
export interface Findings {
  readonly chains: ReadonlyMap<string, ChainFinding>
  readonly keys: readonly KeyFinding[]
  /** One sentence for each thing that is wrong. */
  readonly problems: readonly string[]
}

/** A certificate with the words for where it stands. */
interface Placed {
  readonly place: string
  readonly file: string
  readonly certificate: Certificate
}

/**
 * Looks at files as a whole: dates, whether chains are in order, whether keys fit.
 * @param now epoch milliseconds
 */
export async function findAbout(contents: readonly PkiContent[], now: number): Promise<Findings> {
  const problems: string[] = []
  const placed = contents.flatMap(placesOf)
  for (const { file, items } of contents) {
    if (items.length === 0) problems.push(`${file}: there is nothing in it`)
    for (const item of items) {
      if (item.kind === 'problem') problems.push(`${file}: ${item.message}`)
      if (item.kind === 'crl') problems.push(...crlProblems(item.crl, now).map(at(file)))
    }
  }
  for (const { place, certificate } of placed) {
    problems.push(...dateProblems(certificate, now).map(at(place)))
  }
  const chains = new Map<string, ChainFinding>()
  for (const file of new Set(placed.map((each) => each.file))) {
    const found = await findChain(placed.filter((each) => each.file === file), placed)
    chains.set(file, found.chain)
    if (found.problem !== undefined) problems.push(`${file}: ${found.problem}`)
  }
  const keys = await findKeys(contents, placed)
  if (placed.length > 0) {
    for (const { place, fits } of keys) {
      if (fits.length === 0) problems.push(`${place}: it fits none of the certificates`)
    }
  }
  return { chains, keys, problems }
}

function placesOf({ file, items }: PkiContent): Placed[] {
  const all = items.flatMap((item) => item.kind === 'certificate' ? [item.certificate] : [])
  return all.map((certificate, index) => {
    const place = all.length === 1 ? file : `${file}, certificate ${index + 1}`
    return { place, file, certificate }
  })
}

function at(place: string): (problem: string) => string {
  return (problem) => `${place}: ${problem}`
}

function dateProblems({ notBefore, notAfter }: Certificate, now: number): string[] {
  if (now < notBefore) return [`it is not valid before ${isoTime(notBefore)}`]
  // RFC 5280 section 4.1.2.5: the second of notAfter is part of the time.
  return now >= notAfter + 1000 ? [`it expired at ${isoTime(notAfter)}`] : []
}

function crlProblems({ nextUpdate, thisUpdate }: Crl, now: number): string[] {
  if (now < thisUpdate) return [`the CRL is not in force before ${isoTime(thisUpdate)}`]
  if (nextUpdate === undefined) return ['the CRL has no nextUpdate: nobody can tell if it is stale']
  return now > nextUpdate ? [`the CRL is stale: the next one was due ${isoTime(nextUpdate)}`] : []
}

function isoTime(time: number): string {
  return new Date(time).toISOString().replace('.000', '')
}

async function findChain(
  own: readonly Placed[],
  all: readonly Placed[],
): Promise<{ readonly chain: ChainFinding; readonly problem?: string }> {
  const certificates = own.map(({ certificate }) => certificate)
  const [leaf] = certificates as [Certificate]
  const broken = await firstBreak(certificates)
  if (broken === undefined) {
    const order = certificates.length === 1 ? 'single' : 'in order'
    return { chain: { order, ...await reach(certificates, all) } }
  }
  const ends = await reach([leaf], all)
  if (await isSet(certificates)) return { chain: { order: 'set', ...ends } }
  const { subject } = certificates[broken] as Certificate
  const problem = `the chain is out of order: certificate ${broken + 1} ("${subject}") ` +
    'did not issue the one before it'
  return { chain: { order: 'out of order', ...ends }, problem }
}

/** Whether these were never meant as a chain: trust anchors, or leaves, or authorities none of which issued another. */
async function isSet(certificates: readonly Certificate[]): Promise<boolean> {
  const anchors = certificates.filter((each) => isSelfIssued(each))
  const leaves = certificates.filter((each) => !each.isCa && !anchors.includes(each))
  if (leaves.length > 0) return leaves.length === certificates.length
  if (anchors.includes(certificates[0] as Certificate)) return true
  for (const subject of certificates) {
    const others = certificates.filter((each) => each !== subject)
    if (await findIssuer(subject, others) !== undefined) return false
  }
  return true
}

/** The index of the first certificate that did not issue the one before it. */
async function firstBreak(certificates: readonly Certificate[]): Promise<number | undefined> {
  for (let i = 1; i < certificates.length; i++) {
    const [subject, issuer] = [certificates[i - 1], certificates[i]] as [Certificate, Certificate]
    if (!await isIssuerOf(issuer, subject)) return i
  }
  return undefined
}

/** Follows issuers upwards from the end of a chain, through all files. */
async function reach(
  chain: readonly Certificate[],
  all: readonly Placed[],
): Promise<Pick<ChainFinding, 'complete' | 'missingIssuer'>> {
  const seen = new Set(chain)
  let last = chain.at(-1) as Certificate
  while (!isSelfIssued(last)) {
    const issuer = await findIssuer(last, all.map(({ certificate }) => certificate))
    if (issuer === undefined || seen.has(issuer)) {
      return { complete: false, missingIssuer: last.issuer }
    }
    seen.add(issuer)
    last = issuer
  }
  return { complete: true, missingIssuer: undefined }
}

async function findIssuer(
  subject: Certificate,
  candidates: readonly Certificate[],
): Promise<Certificate | undefined> {
  for (const candidate of candidates) if (await isIssuerOf(candidate, subject)) return candidate
  return undefined
}

async function findKeys(
  contents: readonly PkiContent[],
  placed: readonly Placed[],
): Promise<KeyFinding[]> {
  const found: KeyFinding[] = []
  for (const { file, items } of contents) {
    for (const item of items) {
      if (item.kind !== 'private-key') continue
      const fits: string[] = []
      for (const { place, certificate } of placed) {
        if (await keyFits(certificate, item.pem)) fits.push(place)
      }
      found.push({ place: `${file}, private key`, type: await keyType(item.pem), fits })
    }
  }
  return found
}

const KEY_KINDS:
  readonly (readonly [string, RsaHashedImportParams | EcKeyImportParams | string])[] = [
    ['RSA', { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }],
    ['EC P-256', { name: 'ECDSA', namedCurve: 'P-256' }],
    ['EC P-384', { name: 'ECDSA', namedCurve: 'P-384' }],
    ['EC P-521', { name: 'ECDSA', namedCurve: 'P-521' }],
    ['Ed25519', 'Ed25519'],
  ]

/** WebCrypto takes a key only as what it is. */
async function keyType(pem: string): Promise<string> {
  const blocks = readPem(pem)
  const der = 'problem' in blocks ? undefined : blocks[0]?.der
  if (der === undefined) return 'unknown'
  for (const [name, algorithm] of KEY_KINDS) {
    try {
      const key = await crypto.subtle.importKey('pkcs8', new Uint8Array(der), algorithm, false, [
        'sign',
      ])
      const { modulusLength } = key.algorithm as { readonly modulusLength?: number }
      return modulusLength === undefined ? name : `${name} ${modulusLength}`
    } catch {
      // The next kind, then.
    }
  }
  return 'unknown'
}

function isSelfIssued({ issuer, subject }: Certificate): boolean {
  return issuer === subject
}
