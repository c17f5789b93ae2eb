import { type Bytes, owned } from './bytes.ts'
import { context, Tag } from './der.ts'
import { derCount, derElement, derNull, derOctets, derOid, derSequence } from './der-write.ts'
import { readCertificates } from './certificate.ts'
import { pkcs12Derive } from './pkcs12-kdf.ts'
import { privateKeyDer } from './private-key.ts'
import { asProblem, PkiFault, type PkiProblem } from './problem.ts'
import type { Certificate } from './types.ts'

/** What is to be put into a PKCS#12 file. */
export interface Pkcs12Content {
  /** PEM, leaf first. */
  readonly chain: string
  /** PEM. */
  readonly key: string
  readonly passphrase: string
  /** Of each key derivation; default 100,000. */
  readonly iterations?: number
}

const DATA = '1.2.840.113549.1.7.1'
const ENCRYPTED = '1.2.840.113549.1.7.6'
const BAG = '1.2.840.113549.1.12.10.1.'
const SHA256 = '2.16.840.1.101.3.4.2.1'
const AES256_CBC = '2.16.840.1.101.3.4.1.42'
/** The MAC's key derivation runs here step by step and is what OpenSSL gives it, too. */
const MAC_ITERATIONS = 2048

/** Makes a PKCS#12 file (RFC 7292) with PBES2, AES-256-CBC and a SHA-256 MAC, as OpenSSL 3 reads and writes it. */
export function makePkcs12(content: Pkcs12Content): Promise<Uint8Array | PkiProblem> {
  return asProblem('Could not make PKCS#12', async () => {
    const certificates = await readCertificates(content.chain)
    if ('problem' in certificates) throw new PkiFault(certificates.problem, certificates.message)
    const key = await privateKeyDer(content.key, undefined)
    const keyId = localKeyId(certificates[0] as Certificate)
    const bags = certificates.map((certificate, i) =>
      certificateBag(certificate, i === 0 ? keyId : undefined)
    )
    const { algorithm, data } = await encrypt(derSequence(...bags), content)
    const encryptedInfo = derSequence(derOid(DATA), algorithm, derElement(context(0, false), data))
    const certificatesPart = contentInfo(ENCRYPTED, derSequence(derCount(0), encryptedInfo))
    const shrouded = await encrypt(key, content)
    const keyBag = bag('2', derSequence(shrouded.algorithm, derOctets(shrouded.data)), keyId)
    const keyPart = contentInfo(DATA, derOctets(derSequence(keyBag)))
    const safe = derSequence(certificatesPart, keyPart)
    const mac = await macData(safe, content.passphrase)
    return derSequence(derCount(3), contentInfo(DATA, derOctets(safe)), mac)
  })
}

function contentInfo(type: string, content: Uint8Array): Bytes {
  return derSequence(derOid(type), derElement(context(0), content))
}

function bag(type: string, value: Uint8Array, attributes: Uint8Array | undefined): Bytes {
  const wrapped = derElement(context(0), value)
  return derSequence(derOid(BAG + type), wrapped, ...attributes === undefined ? [] : [attributes])
}

function certificateBag(certificate: Certificate, attributes: Uint8Array | undefined): Bytes {
  const value = derSequence(
    derOid('1.2.840.113549.1.9.22.1'),
    derElement(context(0), derOctets(certificate.der)),
  )
  return bag('3', value, attributes)
}

/** Ties the key to its certificate for tools that look at it (RFC 7292 section 4.2). */
function localKeyId(certificate: Certificate): Bytes {
  const id = Uint8Array.from(
    certificate.sha256.slice(0, 40).match(/../g) ?? [],
    (hex) => parseInt(hex, 16),
  )
  const attribute = derSequence(
    derOid('1.2.840.113549.1.9.21'),
    derElement(Tag.set, derOctets(id)),
  )
  return derElement(Tag.set, attribute)
}

async function encrypt(
  plain: Uint8Array,
  { passphrase, iterations = 100_000 }: Pkcs12Content,
): Promise<{ algorithm: Bytes; data: Bytes }> {
  const salt = crypto.getRandomValues(new Uint8Array(16))
  const iv = crypto.getRandomValues(new Uint8Array(16))
  const secret = new TextEncoder().encode(passphrase)
  const base = await crypto.subtle.importKey('raw', secret, 'PBKDF2', false, ['deriveKey'])
  const derivation = { name: 'PBKDF2', hash: 'SHA-256', salt, iterations }
  const aes = { name: 'AES-CBC', length: 256 }
  const key = await crypto.subtle.deriveKey(derivation, base, aes, false, ['encrypt'])
  const data = new Uint8Array(
    await crypto.subtle.encrypt({ name: 'AES-CBC', iv }, key, owned(plain)),
  )
  const prf = derSequence(derOid('1.2.840.113549.2.9'), derNull())
  const pbkdf2 = derSequence(
    derOid('1.2.840.113549.1.5.12'),
    derSequence(derOctets(salt), derCount(iterations), prf),
  )
  const cipher = derSequence(derOid(AES256_CBC), derOctets(iv))
  return {
    algorithm: derSequence(derOid('1.2.840.113549.1.5.13'), derSequence(pbkdf2, cipher)),
    data,
  }
}

async function macData(safe: Uint8Array, passphrase: string): Promise<Bytes> {
  const salt = crypto.getRandomValues(new Uint8Array(16))
  const raw = await pkcs12Derive({
    passphrase,
    salt,
    iterations: MAC_ITERATIONS,
    hash: 'SHA-256',
    id: 3,
    size: 32,
  })
  const hmac = { name: 'HMAC', hash: 'SHA-256' }
  const key = await crypto.subtle.importKey('raw', raw, hmac, false, ['sign'])
  const digest = new Uint8Array(await crypto.subtle.sign('HMAC', key, owned(safe)))
  const info = derSequence(derSequence(derOid(SHA256), derNull()), derOctets(digest))
  return derSequence(info, derOctets(salt), derCount(MAC_ITERATIONS))
}
