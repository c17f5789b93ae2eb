import { toHex } from './bytes.ts'
import { type AlgorithmIdentifier, readAlgorithm } from './decode.ts'
import { context, type DerElement, DerFault, type DerReader, readWhole, Tag } from './der.ts'
import { readCount, readIntegerBytes, readOctetBits, readOid, readTime } from './der-values.ts'
import { readRawExtensions } from './extensions.ts'
import { readName } from './name.ts'
import { NONCE } from './ocsp-request.ts'
import { asProblem, PkiFault, type PkiProblem } from './problem.ts'
import type { OcspResponse } from './types.ts'

/** What a responder says about one certificate (RFC 6960 section 4.2.1). */
export interface OcspAnswer {
  /** WebCrypto's name; empty where it is not known here. */
  readonly hash: string
  readonly nameHash: Uint8Array
  readonly keyHash: Uint8Array
  readonly serial: Uint8Array
  readonly status: 'good' | 'revoked' | 'unknown'
  /** CRLReason, for `revoked`. */
  readonly reason: number
  readonly thisUpdate: number
  /** Until when it holds. */
  readonly until: number
}

/** All that stands in a BasicOCSPResponse. */
export interface OcspContent {
  readonly tbs: Uint8Array
  readonly algorithm: AlgorithmIdentifier
  readonly signature: Uint8Array
  /** The responder by its name's key, or by the SHA-1 of its key in hex. */
  readonly responder: { readonly name: string } | { readonly keyHash: string }
  readonly answers: readonly OcspAnswer[]
  /** Certificates that came along, DER. */
  readonly certificates: readonly Uint8Array[]
}

const BASIC = '1.3.6.1.5.5.7.48.1.1'
const STATUS = ['', 'malformedRequest', 'internalError', 'tryLater', '', 'sigRequired', 'no leave']
const HASHES: Readonly<Record<string, string>> = {
  '1.3.14.3.2.26': 'SHA-1',
  '2.16.840.1.101.3.4.2.1': 'SHA-256',
  '2.16.840.1.101.3.4.2.2': 'SHA-384',
  '2.16.840.1.101.3.4.2.3': 'SHA-512',
}
const MAX_SIZE = 65_536
const MAX_ANSWERS = 64
const MAX_CERTIFICATES = 8
/** How long an answer without nextUpdate is taken for the newest (RFC 6960 section 4.2.2.1). */
const FRESH_MS = 300_000

const contents = new WeakMap<OcspResponse, OcspContent>()

/** All that stands in a response that was read before; undefined where `response` was made up. */
export function ocspContentOf(response: OcspResponse): OcspContent | undefined {
  return contents.get(response)
}

/**
 * Reads an OCSPResponse (RFC 6960 section 4.2) from DER. Whose it is and whether it is signed is asked in a verdict.
 * @returns the response, or a problem: it is damaged, too large, or the responder gives no answer
 */
export function readOcspResponse(der: Uint8Array): Promise<OcspResponse | PkiProblem> {
  return asProblem('Could not read OCSP response', () => {
    if (der.length > MAX_SIZE) {
      throw new PkiFault('limit', `Could not read OCSP response of ${der.length} bytes: too large`)
    }
    const outer = readWhole(der, Tag.sequence).inside()
    const status = readCount(outer.read(Tag.enumerated))
    if (status !== 0) {
      const word = STATUS[status] || String(status)
      throw new PkiFault('unsupported', `Could not use OCSP response: its status is ${word}`)
    }
    const bytes = readBytes(outer)
    const { content, producedAt, nonce } = readBasic(bytes)
    const until = Math.min(...content.answers.map((answer) => answer.until))
    const response: OcspResponse = { producedAt, nonce, until }
    contents.set(response, content)
    return response
  })
}

function readBytes(outer: DerReader): Uint8Array {
  const wrapper = outer.read(context(0)).inside()
  outer.finish()
  const inside = wrapper.read(Tag.sequence).inside()
  wrapper.finish()
  const type = readOid(inside.read(Tag.oid))
  const bytes = inside.read(Tag.octetString).content
  inside.finish()
  if (type !== BASIC) throw new DerFault(`A response of type ${type} is not known`)
  return bytes
}

interface Basic {
  readonly content: OcspContent
  readonly producedAt: number
  readonly nonce: string | undefined
}

function readBasic(bytes: Uint8Array): Basic {
  const inside = readWhole(bytes, Tag.sequence).inside()
  const data = inside.read(Tag.sequence)
  const algorithm = readAlgorithm(inside.read(Tag.sequence))
  const signature = readOctetBits(inside.read(Tag.bitString))
  const list = inside.optional(context(0))?.inside()
  inside.finish()
  const certificates = list?.read(Tag.sequence).inside().rest(Tag.sequence, MAX_CERTIFICATES) ?? []
  list?.finish()
  const { responder, producedAt, answers, nonce } = readData(data.inside())
  const signed = { tbs: data.der, algorithm, signature }
  const content = { ...signed, responder, answers, certificates: certificates.map((c) => c.der) }
  return { content, producedAt, nonce }
}

function readData(inside: DerReader) {
  if (inside.optional(context(0)) !== undefined) throw new DerFault('Its version is not 1')
  const responder = readResponder(inside.read())
  const producedAt = readTime(inside.read(Tag.generalizedTime))
  const answers = inside.read(Tag.sequence).inside().rest(Tag.sequence, MAX_ANSWERS).map(readAnswer)
  if (answers.length === 0) throw new DerFault('It answers nothing')
  const nonce = readNonce(inside.optional(context(1)))
  inside.finish()
  return { responder, producedAt, answers, nonce }
}

function readResponder(element: DerElement): OcspContent['responder'] {
  const inside = element.inside()
  if (element.tag === context(1)) {
    const name = readName(inside.read(Tag.sequence)).key
    inside.finish()
    return { name }
  }
  if (element.tag !== context(2)) throw new DerFault('A responder is named in no known form')
  const keyHash = toHex(inside.read(Tag.octetString).content)
  inside.finish()
  return { keyHash }
}

function readAnswer(element: DerElement): OcspAnswer {
  const inside = element.inside()
  const id = inside.read(Tag.sequence).inside()
  const algorithm = readAlgorithm(id.read(Tag.sequence))
  const nameHash = id.read(Tag.octetString).content
  const keyHash = id.read(Tag.octetString).content
  const serial = readIntegerBytes(id.read(Tag.integer))
  id.finish()
  const status = readStatus(inside.read())
  const thisUpdate = readTime(inside.read(Tag.generalizedTime))
  const next = inside.optional(context(0))?.inside()
  const nextUpdate = next === undefined ? undefined : readTime(next.read(Tag.generalizedTime))
  next?.finish()
  refuseCritical(inside.optional(context(1)))
  inside.finish()
  // The second of nextUpdate counts, as that of notAfter does.
  const until = nextUpdate === undefined ? thisUpdate + FRESH_MS : nextUpdate + 1000
  const hash = HASHES[algorithm.id] ?? ''
  return { hash, nameHash, keyHash, serial, ...status, thisUpdate, until }
}

function readStatus(element: DerElement): Pick<OcspAnswer, 'status' | 'reason'> {
  if (element.tag === context(1)) {
    const inside = element.inside()
    readTime(inside.read(Tag.generalizedTime))
    const wrapper = inside.optional(context(0))?.inside()
    const reason = wrapper === undefined ? 0 : readCount(wrapper.read(Tag.enumerated))
    wrapper?.finish()
    inside.finish()
    return { status: 'revoked', reason }
  }
  const good = element.tag === context(0, false)
  if (element.length > 0 || (!good && element.tag !== context(2, false))) {
    throw new DerFault('A status has no known form')
  }
  return { status: good ? 'good' : 'unknown', reason: 0 }
}

/** The nonce among the extensions, hex. */
function readNonce(wrapper: DerElement | undefined): string | undefined {
  refuseCritical(wrapper)
  if (wrapper === undefined) return undefined
  const found = readRawExtensions(wrapper.inside().read(Tag.sequence)).find(({ id }) =>
    id === NONCE
  )
  return found === undefined ? undefined : toHex(readWhole(found.value, Tag.octetString).content)
}

/** RFC 6960 section 4.4: what is critical and not processed spoils the response. */
function refuseCritical(wrapper: DerElement | undefined): void {
  const inside = wrapper?.inside()
  for (const { id, critical } of inside ? readRawExtensions(inside.read(Tag.sequence)) : []) {
    if (critical && id !== NONCE) throw new DerFault(`Critical extension ${id} is not processed`)
  }
  inside?.finish()
}
