import { type AlgorithmIdentifier, readAlgorithm } from './decode.ts'
import { type Bytes, owned } from './bytes.ts'
import { type DerElement, DerFault, Tag } from './der.ts'
import { readCount, readOid } from './der-values.ts'
import { decryptTripleDes } from './des.ts'
import { pkcs12Derive } from './pkcs12-kdf.ts'
import { PkiFault } from './problem.ts'
import { decryptRc2 } from './rc2.ts'

/** What is needed to decrypt: the passphrase, and how many iterations are still bearable. */
export interface Opener {
  readonly passphrase: string
  readonly maxIterations: number
}

const PBES2 = '1.2.840.113549.1.5.13'
const PBKDF2 = '1.2.840.113549.1.5.12'
const PRFS: Readonly<Record<string, string>> = {
  '1.2.840.113549.2.7': 'SHA-1',
  '1.2.840.113549.2.9': 'SHA-256',
  '1.2.840.113549.2.10': 'SHA-384',
  '1.2.840.113549.2.11': 'SHA-512',
}
/** Key lengths of AES in CBC mode, in bytes. */
const AES: Readonly<Record<string, number>> = {
  '2.16.840.1.101.3.4.1.2': 16,
  '2.16.840.1.101.3.4.1.22': 24,
  '2.16.840.1.101.3.4.1.42': 32,
}
const DES_EDE3_CBC = '1.2.840.113549.3.7'

/** RFC 7292 appendix C: the ciphers of PKCS#12's own scheme that are read here. */
const LEGACY: Readonly<Record<string, { readonly cipher: 'des' | 'rc2'; readonly size: number }>> =
  {
    '1.2.840.113549.1.12.1.3': { cipher: 'des', size: 24 },
    '1.2.840.113549.1.12.1.4': { cipher: 'des', size: 16 },
    '1.2.840.113549.1.12.1.5': { cipher: 'rc2', size: 16 },
    '1.2.840.113549.1.12.1.6': { cipher: 'rc2', size: 5 },
  }

/** Decrypts what PBES2 (RFC 8018) or PKCS#12's own scheme (RFC 7292 appendix B) encrypted. */
export async function decryptWithPassphrase(
  algorithm: AlgorithmIdentifier,
  data: Uint8Array,
  opener: Opener,
): Promise<Bytes> {
  const { id, parameters } = algorithm
  if (parameters?.tag !== Tag.sequence) throw new PkiFault('unsupported', unsupported(id))
  try {
    if (id === PBES2) return await decryptPbes2(parameters, data, opener)
    const legacy = LEGACY[id]
    if (legacy !== undefined) return await decryptLegacy(parameters, { ...legacy, data }, opener)
  } catch (error) {
    if (error instanceof DerFault || error instanceof PkiFault) throw error
    throw new PkiFault(
      'passphrase',
      'Could not decrypt: the passphrase is wrong or the content is damaged',
    )
  }
  throw new PkiFault('unsupported', unsupported(id))
}

function unsupported(id: string): string {
  return `Could not decrypt with algorithm "${id}": it is not supported`
}

/** Reads an iteration count and refuses one that would take too long. */
export function readIterations(element: DerElement, opener: Opener): number {
  const iterations = readCount(element)
  if (iterations < 1 || iterations > opener.maxIterations) {
    throw new PkiFault(
      'limit',
      `Could not derive a key with ${iterations} iterations: the limit is ${opener.maxIterations}`,
    )
  }
  return iterations
}

async function decryptPbes2(
  parameters: DerElement,
  data: Uint8Array,
  opener: Opener,
): Promise<Bytes> {
  const inside = parameters.inside()
  const derivation = readAlgorithm(inside.read(Tag.sequence))
  const cipher = readAlgorithm(inside.read(Tag.sequence))
  const size = cipher.id === DES_EDE3_CBC ? 24 : AES[cipher.id]
  if (size === undefined || cipher.parameters?.tag !== Tag.octetString) {
    throw new PkiFault('unsupported', unsupported(cipher.id))
  }
  const iv = owned(cipher.parameters.content)
  const key = await pbkdf2(derivation, size, opener)
  if (size === 24 && cipher.id === DES_EDE3_CBC) return decryptTripleDes(data, key, iv)
  const aes = await crypto.subtle.importKey('raw', key, 'AES-CBC', false, ['decrypt'])
  return new Uint8Array(await crypto.subtle.decrypt({ name: 'AES-CBC', iv }, aes, owned(data)))
}

/** PBKDF2 with the parameters that stand in an AlgorithmIdentifier (RFC 8018 appendix A.2). */
export async function pbkdf2(
  derivation: AlgorithmIdentifier,
  size: number,
  opener: Opener,
): Promise<Bytes> {
  if (derivation.id !== PBKDF2 || derivation.parameters === undefined) {
    throw new PkiFault('unsupported', unsupported(derivation.id))
  }
  const inside = derivation.parameters.inside()
  const salt = owned(inside.read(Tag.octetString).content)
  const iterations = readIterations(inside.read(Tag.integer), opener)
  inside.optional(Tag.integer)
  const prf = inside.optional(Tag.sequence)
  const hash = prf === undefined ? 'SHA-1' : PRFS[readOid(prf.inside().read(Tag.oid))]
  if (hash === undefined) {
    throw new PkiFault('unsupported', unsupported('PBKDF2 pseudo-random function'))
  }
  const secret = new TextEncoder().encode(opener.passphrase)
  const key = await crypto.subtle.importKey('raw', secret, 'PBKDF2', false, ['deriveBits'])
  const bits = await crypto.subtle.deriveBits(
    { name: 'PBKDF2', hash, salt, iterations },
    key,
    size * 8,
  )
  return new Uint8Array(bits)
}

async function decryptLegacy(
  parameters: DerElement,
  { cipher, size, data }: { cipher: 'des' | 'rc2'; size: number; data: Uint8Array },
  opener: Opener,
): Promise<Bytes> {
  const inside = parameters.inside()
  const salt = inside.read(Tag.octetString).content
  const iterations = readIterations(inside.read(Tag.integer), opener)
  const base = { passphrase: opener.passphrase, salt, iterations, hash: 'SHA-1' as const }
  const key = await pkcs12Derive({ ...base, id: 1, size })
  const iv = await pkcs12Derive({ ...base, id: 2, size: 8 })
  if (cipher === 'rc2') return decryptRc2(data, key, iv)
  // Two-key triple DES uses the first key again.
  const full = size === 24 ? key : new Uint8Array([...key, ...key.subarray(0, 8)])
  return decryptTripleDes(data, full, iv)
}
