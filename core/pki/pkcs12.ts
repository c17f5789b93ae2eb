import { berToDer } from './ber.ts'
import { concatBytes } from './bytes.ts'
import { certificateOf } from './certificate.ts'
import { readAlgorithm } from './decode.ts'
import { context, type DerElement, type DerReader, readWhole, Tag } from './der.ts'
import { readCount, readOid } from './der-values.ts'
import { assemble, type KeyPair } from './key-pair.ts'
import { decryptWithPassphrase, type Opener } from './pbe.ts'
import { checkMac } from './pkcs12-mac.ts'
import { asPkcs8 } from './private-key.ts'
import { asProblem, PkiFault, type PkiProblem } from './problem.ts'
import type { Certificate } from './types.ts'

/** Bounds on a PKCS#12 file. */
export interface Pkcs12Limits {
  /** Iterations of any one key derivation. */
  readonly pkcs12Iterations: number
  /** Bytes. */
  readonly pkcs12Size: number
}

/** Content types and bag types (RFC 7292 sections 4.1 and 4.2, appendix D). */
const DATA = '1.2.840.113549.1.7.1'
const ENCRYPTED = '1.2.840.113549.1.7.6'
const BAG = '1.2.840.113549.1.12.10.1.'
const X509_CERTIFICATE = '1.2.840.113549.1.9.22.1'
/** No file of ours holds more; each encrypted part costs a key derivation. */
const MAX_ENCRYPTED_PARTS = 32
const MAX_BAGS = 256

/**
 * Reads a key pair from PKCS#12 (RFC 7292), checking its MAC.
 * @param passphrase undefined and empty both open files made without or with an empty one
 * @returns the pair, its chain leaf first, mended and without root, or a problem
 */
export function readPkcs12(
  data: Uint8Array,
  passphrase: string | undefined,
  limits: Pkcs12Limits,
): Promise<KeyPair | PkiProblem> {
  return asProblem('Could not read PKCS#12', async () => {
    const { certificates, keys } = await bagsOf(data, passphrase, limits)
    if (keys.length === 0) {
      throw new PkiFault('empty', 'Could not read PKCS#12: it holds no private key')
    }
    if (certificates.length === 0) throw withoutCertificate()
    return await assemble(certificates, keys)
  })
}

/**
 * Reads the certificates of PKCS#12 that holds trust anchors; keys in it are passed over.
 * @returns at least one certificate, or a problem
 */
export function readPkcs12Certificates(
  data: Uint8Array,
  passphrase: string | undefined,
  limits: Pkcs12Limits,
): Promise<readonly Certificate[] | PkiProblem> {
  return asProblem('Could not read PKCS#12', async () => {
    const { certificates } = await bagsOf(data, passphrase, limits)
    if (certificates.length === 0) throw withoutCertificate()
    return certificates
  })
}

function withoutCertificate(): PkiFault {
  return new PkiFault('empty', 'Could not read PKCS#12: it holds no certificate')
}

async function bagsOf(
  data: Uint8Array,
  passphrase: string | undefined,
  limits: Pkcs12Limits,
): Promise<Bags> {
  if (data.length > limits.pkcs12Size) {
    throw new PkiFault(
      'limit',
      `Could not read PKCS#12 of ${data.length} bytes: the limit is ${limits.pkcs12Size}`,
    )
  }
  const opener = { passphrase: passphrase ?? '', maxIterations: limits.pkcs12Iterations }
  const bags = new Bags(opener)
  await bags.readFile(berToDer(data))
  return bags
}

class Bags {
  readonly certificates: Certificate[] = []
  readonly keys: Uint8Array[] = []
  readonly #opener: Opener
  #encrypted = 0
  #bags = 0

  constructor(opener: Opener) {
    this.#opener = opener
  }

  async readFile(der: Uint8Array): Promise<void> {
    const inside = readWhole(der, Tag.sequence).inside()
    if (readCount(inside.read(Tag.integer)) !== 3) {
      throw new PkiFault('unsupported', 'Could not read PKCS#12: its version is not 3')
    }
    const content = contentOf(inside.read(Tag.sequence))
    if (content.type !== DATA) {
      throw new PkiFault('unsupported', 'Could not read PKCS#12: it is protected by a public key')
    }
    const safe = unwrapOctets(content.value)
    const mac = inside.optional(Tag.sequence)
    inside.finish()
    if (mac !== undefined) await checkMac(mac, safe, this.#opener)
    for (const part of readWhole(berToDer(safe), Tag.sequence).inside().rest(Tag.sequence)) {
      await this.#readPart(part)
    }
  }

  async #readPart(part: DerElement): Promise<void> {
    const { type, value } = contentOf(part)
    if (type === DATA) return await this.#readBags(unwrapOctets(value))
    if (type !== ENCRYPTED) {
      throw new PkiFault(
        'unsupported',
        `Could not read PKCS#12 content "${type}": it is not supported`,
      )
    }
    const encrypted = value.read(Tag.sequence).inside()
    encrypted.read(Tag.integer)
    const info = encrypted.read(Tag.sequence).inside()
    info.read(Tag.oid)
    const algorithm = readAlgorithm(info.read(Tag.sequence))
    this.#countEncrypted()
    await this.#readBags(
      await decryptWithPassphrase(algorithm, implicitOctets(info.read()), this.#opener),
    )
  }

  async #readBags(contents: Uint8Array, depth = 4): Promise<void> {
    for (const bag of readWhole(berToDer(contents), Tag.sequence).inside().rest(Tag.sequence)) {
      if (++this.#bags > MAX_BAGS || depth === 0) {
        throw new PkiFault('limit', 'Could not read PKCS#12: it has too many bags')
      }
      const inside = bag.inside()
      const type = readOid(inside.read(Tag.oid))
      const value = inside.read(context(0)).inside().read()
      await this.#readBag(type, value, depth)
    }
  }

  async #readBag(type: string, value: DerElement, depth: number): Promise<void> {
    switch (type) {
      case `${BAG}1`:
        this.keys.push(asPkcs8(value.der))
        return
      case `${BAG}2`:
        return await this.#readShrouded(value)
      case `${BAG}3`:
        return await this.#readCertificate(value)
      case `${BAG}6`:
        return await this.#readBags(value.der, depth - 1)
    }
  }

  async #readShrouded(value: DerElement): Promise<void> {
    const inside = value.inside()
    const algorithm = readAlgorithm(inside.read(Tag.sequence))
    const data = inside.read(Tag.octetString).content
    this.#countEncrypted()
    this.keys.push(asPkcs8(await decryptWithPassphrase(algorithm, data, this.#opener)))
  }

  async #readCertificate(value: DerElement): Promise<void> {
    const inside = value.inside()
    if (readOid(inside.read(Tag.oid)) !== X509_CERTIFICATE) return
    this.certificates.push(await certificateOf(unwrapOctets(inside.read(context(0)).inside())))
  }

  #countEncrypted(): void {
    if (++this.#encrypted > MAX_ENCRYPTED_PARTS) {
      throw new PkiFault('limit', 'Could not read PKCS#12: it has too many encrypted parts')
    }
  }
}

/** A ContentInfo: its type, and a reader over its explicit content. */
function contentOf(element: DerElement): { type: string; value: DerReader } {
  const inside = element.inside()
  const type = readOid(inside.read(Tag.oid))
  return { type, value: inside.read(context(0)).inside() }
}

function unwrapOctets(reader: DerReader): Uint8Array {
  const element = reader.read(Tag.octetString)
  reader.finish()
  return element.content
}

/** `[0] IMPLICIT OCTET STRING`, whole or, in BER, in pieces. */
function implicitOctets(element: DerElement): Uint8Array {
  if (element.tag === context(0, false)) return element.content
  return concatBytes(...element.inside().rest(Tag.octetString).map((piece) => piece.content))
}
