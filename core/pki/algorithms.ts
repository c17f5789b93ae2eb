import type { AlgorithmIdentifier } from './decode.ts'
import { context, type DerElement, DerFault, Tag } from './der.ts'
import { readCount, readOid } from './der-values.ts'

/** A signature algorithm that may be verified, in WebCrypto's words. */
export interface SignatureAlgorithm {
  readonly kind: 'rsa' | 'rsa-pss' | 'ec' | 'ed25519'
  readonly hash: 'SHA-256' | 'SHA-384' | 'SHA-512' | ''
  /** For `rsa-pss`, in bytes. */
  readonly saltLength: number
}

/** Hashes by OID; the weak ones are known by name so that they can be refused by name. */
const HASHES: Readonly<Record<string, string>> = {
  '2.16.840.1.101.3.4.2.1': 'SHA-256',
  '2.16.840.1.101.3.4.2.2': 'SHA-384',
  '2.16.840.1.101.3.4.2.3': 'SHA-512',
  '1.3.14.3.2.26': 'SHA-1',
}

const KNOWN: Readonly<Record<string, readonly [SignatureAlgorithm['kind'], string, string]>> = {
  '1.2.840.113549.1.1.2': ['rsa', 'MD2', 'md2WithRSAEncryption'],
  '1.2.840.113549.1.1.4': ['rsa', 'MD5', 'md5WithRSAEncryption'],
  '1.2.840.113549.1.1.5': ['rsa', 'SHA-1', 'sha1WithRSAEncryption'],
  '1.3.14.3.2.29': ['rsa', 'SHA-1', 'sha1WithRSA'],
  '1.2.840.113549.1.1.14': ['rsa', 'SHA-224', 'sha224WithRSAEncryption'],
  '1.2.840.113549.1.1.11': ['rsa', 'SHA-256', 'sha256WithRSAEncryption'],
  '1.2.840.113549.1.1.12': ['rsa', 'SHA-384', 'sha384WithRSAEncryption'],
  '1.2.840.113549.1.1.13': ['rsa', 'SHA-512', 'sha512WithRSAEncryption'],
  '1.2.840.10045.4.1': ['ec', 'SHA-1', 'ecdsa-with-SHA1'],
  '1.2.840.10045.4.3.1': ['ec', 'SHA-224', 'ecdsa-with-SHA224'],
  '1.2.840.10045.4.3.2': ['ec', 'SHA-256', 'ecdsa-with-SHA256'],
  '1.2.840.10045.4.3.3': ['ec', 'SHA-384', 'ecdsa-with-SHA384'],
  '1.2.840.10045.4.3.4': ['ec', 'SHA-512', 'ecdsa-with-SHA512'],
}

const PSS = '1.2.840.113549.1.1.10'
const ED25519 = '1.3.101.112'
const STRONG: readonly string[] = ['SHA-256', 'SHA-384', 'SHA-512']

/** The name of a signature algorithm; an OID where it has none here. */
export function algorithmLabel(algorithm: AlgorithmIdentifier): string {
  if (algorithm.id === PSS) return 'rsassaPss'
  if (algorithm.id === ED25519) return 'Ed25519'
  return KNOWN[algorithm.id]?.[2] ?? algorithm.id
}

/**
 * What an AlgorithmIdentifier asks for; undefined where it is unknown or too weak: MD5, SHA-1 and their kind.
 * Throws {@linkcode DerFault} on malformed parameters.
 */
export function signatureAlgorithm(algorithm: AlgorithmIdentifier): SignatureAlgorithm | undefined {
  const { id, parameters } = algorithm
  if (id === ED25519) {
    // RFC 8410 section 3: parameters are absent.
    if (parameters !== undefined) throw new DerFault('Ed25519 takes no parameters')
    return { kind: 'ed25519', hash: '', saltLength: 0 }
  }
  if (id === PSS) return pssParameters(parameters)
  const [kind, hash] = KNOWN[id] ?? []
  if (kind === undefined || hash === undefined || !STRONG.includes(hash)) return undefined
  // RFC 4055 section 5 (NULL, or absent) and RFC 5758 section 3.2 (absent).
  const fits = parameters === undefined ||
    (kind === 'rsa' && parameters.tag === Tag.null && parameters.length === 0)
  if (!fits) throw new DerFault('A signature algorithm has wrong parameters')
  return { kind, hash: hash as SignatureAlgorithm['hash'], saltLength: 0 }
}

/** RSASSA-PSS-params (RFC 4055 section 3.1): one hash for message and mask, trailer 1. */
export function pssParameters(parameters: DerElement | undefined): SignatureAlgorithm | undefined {
  if (parameters?.tag !== Tag.sequence) throw new DerFault('RSASSA-PSS has no parameters')
  const inside = parameters.inside()
  const hash = readHash(inside.optional(context(0)))
  const mask = readMask(inside.optional(context(1)))
  const salt = inside.optional(context(2))?.inside()
  const saltLength = salt === undefined ? 20 : readCount(salt.read(Tag.integer))
  salt?.finish()
  const trailer = inside.optional(context(3))?.inside()
  if (trailer !== undefined && readCount(trailer.read(Tag.integer)) !== 1) return undefined
  trailer?.finish()
  inside.finish()
  if (hash !== mask || !STRONG.includes(hash) || saltLength > 1024) return undefined
  return { kind: 'rsa-pss', hash: hash as SignatureAlgorithm['hash'], saltLength }
}

function readHash(wrapper: DerElement | undefined): string {
  if (wrapper === undefined) return 'SHA-1'
  const outer = wrapper.inside()
  const hash = hashName(outer.read(Tag.sequence))
  outer.finish()
  return hash
}

function readMask(wrapper: DerElement | undefined): string {
  if (wrapper === undefined) return 'SHA-1'
  const outer = wrapper.inside()
  const inside = outer.read(Tag.sequence).inside()
  outer.finish()
  const mgf1 = readOid(inside.read(Tag.oid)) === '1.2.840.113549.1.1.8'
  const hash = hashName(inside.read(Tag.sequence))
  inside.finish()
  return mgf1 ? hash : ''
}

function hashName(element: DerElement): string {
  const inside = element.inside()
  const id = readOid(inside.read(Tag.oid))
  const parameters = inside.done ? undefined : inside.read(Tag.null)
  inside.finish()
  if (parameters !== undefined && parameters.length > 0) throw new DerFault('A NULL has content')
  return HASHES[id] ?? ''
}
