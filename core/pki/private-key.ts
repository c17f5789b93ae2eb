import { pemText } from './certificate.ts'
import { context, type DerElement, readWhole, Tag } from './der.ts'
import { derCount, derNull, derOctets, derOid, derSequence } from './der-write.ts'
import { readAlgorithm } from './decode.ts'
import { readCount } from './der-values.ts'
import { decryptWithPassphrase } from './pbe.ts'
import { type PemBlock, pemBlocks, writePem } from './pem.ts'
import { asProblem, PkiFault, type PkiProblem } from './problem.ts'

/** More iterations than this make a key file a burden, whoever made it. */
const MAX_KEY_ITERATIONS = 10_000_000
const LABELS = new Set([
  'PRIVATE KEY',
  'ENCRYPTED PRIVATE KEY',
  'EC PRIVATE KEY',
  'RSA PRIVATE KEY',
])

/**
 * Reads a private key: PKCS#8, encrypted PKCS#8, SEC1 EC or PKCS#1 RSA, in PEM or DER.
 * @param passphrase for an encrypted key; not looked at for others
 * @returns PKCS#8 in PEM, not encrypted, or a problem
 */
export function readPrivateKey(
  data: Uint8Array | string,
  passphrase?: string,
): Promise<string | PkiProblem> {
  return asProblem('Could not read private key', async () => {
    const der = await privateKeyDer(data, passphrase)
    return writePem('PRIVATE KEY', der)
  })
}

/** As {@linkcode readPrivateKey}, for inside the room: PKCS#8 in DER; throws what went wrong. */
export async function privateKeyDer(
  data: Uint8Array | string,
  passphrase: string | undefined,
): Promise<Uint8Array> {
  if (typeof data !== 'string' && data[0] === Tag.sequence) return await fromDer(data, passphrase)
  const block = pemBlocks(pemText(data)).find((b) => LABELS.has(b.label))
  if (block === undefined) {
    throw new PkiFault('empty', 'Could not read private key: there is none in the content')
  }
  return await fromBlock(block, passphrase)
}

function fromBlock(block: PemBlock, passphrase: string | undefined): Promise<Uint8Array> {
  if (block.headers['Proc-Type']?.includes('ENCRYPTED')) {
    throw new PkiFault(
      'unsupported',
      `Could not read PEM block "${block.label}": its old encryption is not supported, ` +
        'turn it into PKCS#8 with openssl pkcs8 -topk8',
    )
  }
  return fromDer(block.der, passphrase)
}

/** Tells the kinds of key apart by their form. */
async function fromDer(der: Uint8Array, passphrase: string | undefined): Promise<Uint8Array> {
  const inside = readWhole(der, Tag.sequence).inside()
  const first = inside.read()
  if (first.tag === Tag.sequence) {
    if (passphrase === undefined) {
      throw new PkiFault(
        'passphrase',
        'Could not read private key: it is encrypted and no passphrase is given',
      )
    }
    return await decryptPkcs8(first, inside.read(Tag.octetString), passphrase)
  }
  const version = readCount(first)
  const second = inside.read()
  if (second.tag === Tag.sequence) return der
  if (second.tag === Tag.octetString && version === 1) {
    const curve = inside.optional(context(0))?.inside().read(Tag.oid)
    if (curve === undefined) {
      throw new PkiFault('malformed', 'Could not read private key: it names no curve')
    }
    return wrap(derSequence(derOid('1.2.840.10045.2.1'), curve.der), der)
  }
  if (second.tag !== Tag.integer) {
    throw new PkiFault('malformed', 'Could not read private key: it has no known form')
  }
  return wrap(derSequence(derOid('1.2.840.113549.1.1.1'), derNull()), der)
}

function wrap(algorithm: Uint8Array, key: Uint8Array): Uint8Array {
  return derSequence(derCount(0), algorithm, derOctets(key))
}

async function decryptPkcs8(
  algorithm: DerElement,
  data: DerElement,
  passphrase: string,
): Promise<Uint8Array> {
  const opener = { passphrase, maxIterations: MAX_KEY_ITERATIONS }
  const plain = await decryptWithPassphrase(readAlgorithm(algorithm), data.content, opener)
  return asPkcs8(plain)
}

/** Says that decrypted bytes are a PKCS#8 key: with a wrong passphrase they may have passed as padded. */
export function asPkcs8(plain: Uint8Array): Uint8Array {
  try {
    const inside = readWhole(plain, Tag.sequence).inside()
    readCount(inside.read(Tag.integer))
    readAlgorithm(inside.read(Tag.sequence))
    inside.read(Tag.octetString)
    return plain
  } catch {
    throw new PkiFault(
      'passphrase',
      'Could not decrypt private key: the passphrase is wrong or the content is damaged',
    )
  }
}

/** The parts of PKCS#8 that tell what key it is. */
export function keyAlgorithm(
  pkcs8: Uint8Array,
): { id: string; curve: DerElement | undefined; key: Uint8Array } {
  const inside = readWhole(pkcs8, Tag.sequence).inside()
  inside.read(Tag.integer)
  const algorithm = readAlgorithm(inside.read(Tag.sequence))
  const key = inside.read(Tag.octetString).content
  return { id: algorithm.id, curve: algorithm.parameters, key }
}

/** PKCS#8 as WebCrypto takes it: an RSA key bound to PSS under rsaEncryption. */
export function plainPkcs8(pkcs8: Uint8Array): Uint8Array {
  const { id, key } = keyAlgorithm(pkcs8)
  if (id !== '1.2.840.113549.1.1.10') return pkcs8
  return wrap(derSequence(derOid('1.2.840.113549.1.1.1'), derNull()), key)
}
