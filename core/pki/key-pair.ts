import { owned, toHex } from './bytes.ts'
import { decodedOf, readCertificates } from './certificate.ts'
import { isSelfIssued } from './decode.ts'
import { readWhole, Tag } from './der.ts'
import { carriesPublicKey } from './embedded-key.ts'
import { writePem } from './pem.ts'
import { isIssuedBy } from './path-validation.ts'
import { keyAlgorithm, plainPkcs8, privateKeyDer } from './private-key.ts'
import { asProblem, PkiFault, type PkiProblem } from './problem.ts'
import { plainSpki } from './signature.ts'
import type { Certificate } from './types.ts'

/** A private key with its certificate chain. */
export interface KeyPair {
  /** PEM, leaf first. */
  readonly chain: string
  /** PKCS#8 in PEM. */
  readonly key: string
  /** The certificates of `chain`. */
  readonly certificates: readonly Certificate[]
}

/** What a key pair is read from. */
export interface KeyPairSource {
  /** PEM or DER. */
  readonly cert: Uint8Array | string
  readonly key: Uint8Array | string
  readonly passphrase?: string | undefined
}

/** Whether the private key belongs to the certificate. False too where the key cannot be read. */
export async function keyFits(certificate: Certificate, keyPem: string): Promise<boolean> {
  try {
    return await fits(certificate, await privateKeyDer(keyPem, undefined))
  } catch {
    return false
  }
}

/**
 * Reads a certificate chain and its private key and brings them in order: the certificate of the key first, then
 * its issuers; a root at the end and certificates that do not belong are left out.
 */
export function readKeyPair(source: KeyPairSource): Promise<KeyPair | PkiProblem> {
  return asProblem('Could not read key pair', async () => {
    const certificates = await readCertificates(source.cert)
    if ('problem' in certificates) return certificates
    return await assemble(certificates, [await privateKeyDer(source.key, source.passphrase)])
  })
}

/** Finds the pair among certificates and keys. Throws where no key fits. */
export async function assemble(
  certificates: readonly Certificate[],
  keys: readonly Uint8Array[],
): Promise<KeyPair> {
  for (const key of keys) {
    for (const leaf of certificates) {
      if (!await fits(leaf, key).catch(() => false)) continue
      const chain = await orderChain(leaf, certificates)
      return {
        chain: chain.map((c) => writePem('CERTIFICATE', c.der)).join(''),
        key: writePem('PRIVATE KEY', key),
        certificates: chain,
      }
    }
  }
  const subject = certificates[0]?.subject.slice(0, 120) ?? ''
  throw new PkiFault(
    'mismatch',
    `Could not match private key with certificate "${subject}": it belongs to another`,
  )
}

async function orderChain(leaf: Certificate, all: readonly Certificate[]): Promise<Certificate[]> {
  const chain = [leaf]
  for (
    let last: Certificate | undefined = leaf;
    last !== undefined && chain.length <= all.length;
  ) {
    const content = decodedOf(last)
    last = undefined
    for (const candidate of isSelfIssued(content) ? [] : all) {
      if (
        decodedOf(candidate).subject.key !== content.issuer.key || chain.includes(candidate)
      ) continue
      if (!await isIssuedBy(content, decodedOf(candidate))) continue
      last = candidate
      break
    }
    // RFC 8446 section 4.4.2: the root may be left out, since the peer has to have it.
    if (last !== undefined && !isRoot(last)) chain.push(last)
  }
  return chain
}

function isRoot(certificate: Certificate): boolean {
  return isSelfIssued(decodedOf(certificate))
}

const CHALLENGE = new TextEncoder().encode('the key of this certificate')

/** Compares public keys; where the private key does not carry its own, signs with the one and verifies with the other. */
async function fits(certificate: Certificate, pkcs8: Uint8Array): Promise<boolean> {
  const { key } = decodedOf(certificate)
  const { id, curve } = keyAlgorithm(pkcs8)
  if (key.kind === 'other' || KINDS[id] !== key.kind) return false
  if (key.kind === 'ec' && (curve?.tag !== Tag.oid || toHex(curve.der) !== curveHex(key.spki))) {
    return false
  }
  const carried = carriesPublicKey(key.key, pkcs8)
  if (carried !== undefined) return carried
  const [importing, signing] = algorithmsOf(key.kind, key.curve)
  const data = owned(plainPkcs8(pkcs8))
  const signer = await crypto.subtle.importKey('pkcs8', data, importing, false, ['sign'])
  const verifier = await crypto.subtle.importKey('spki', plainSpki(key), importing, false, [
    'verify',
  ])
  const signature = await crypto.subtle.sign(signing, signer, CHALLENGE)
  return await crypto.subtle.verify(signing, verifier, signature, CHALLENGE)
}

const KINDS: Readonly<Record<string, string>> = {
  '1.2.840.113549.1.1.1': 'rsa',
  '1.2.840.113549.1.1.10': 'rsa',
  '1.2.840.10045.2.1': 'ec',
  '1.3.101.112': 'ed25519',
}

function curveHex(spki: Uint8Array): string {
  const algorithm = readWhole(spki, Tag.sequence).inside().read(Tag.sequence).inside()
  algorithm.read(Tag.oid)
  return toHex(algorithm.read().der)
}

type Importing = string | RsaHashedImportParams | EcKeyImportParams
type Signing = string | EcdsaParams

function algorithmsOf(kind: string, namedCurve: string): [Importing, Signing] {
  if (kind === 'ec') {
    const hash = namedCurve === 'P-521' ? 'SHA-512' : namedCurve === 'P-384' ? 'SHA-384' : 'SHA-256'
    return [{ name: 'ECDSA', namedCurve }, { name: 'ECDSA', hash }]
  }
  if (kind === 'ed25519') return ['Ed25519', 'Ed25519']
  return [{ name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, 'RSASSA-PKCS1-v1_5']
}
