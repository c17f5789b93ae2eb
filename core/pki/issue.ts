/**
 * Making authorities, certificates and PKCS#12 files for trying things out. Apart from `mod.ts`, since it loads
 * `@peculiar/x509`.
 * @module
 */
import './reflect.ts'
import * as x509 from '@peculiar/x509'
import { certificateOf } from './certificate.ts'
import { parseAddress } from './host-name.ts'
import { pemBlocks, writePem } from './pem.ts'
import { privateKeyDer } from './private-key.ts'
import { asProblem, PkiFault, type PkiProblem } from './problem.ts'

export { makePkcs12, type Pkcs12Content } from './pkcs12-write.ts'

/** A certificate and its private key, both PEM; the key is PKCS#8. */
export interface Issued {
  readonly certificate: string
  readonly key: string
}

/** Kinds of keys that are made. */
export type KeyType = 'ec' | 'rsa'

/** An authority that is to be made. */
export interface AuthorityRequest {
  /** RFC 4514 text, such as `CN=Trial CA,O=Acme`. */
  readonly subject: string
  /** Epoch milliseconds; validity starts an hour earlier, for clocks that are behind. */
  readonly now: number
  /** Default 3650. */
  readonly days?: number
  /** Default `ec`: P-256. `rsa` has 2048 bits. */
  readonly keyType?: KeyType
}

/** A certificate that is to be issued. */
export interface CertificateRequest extends AuthorityRequest {
  readonly authority: Issued
  /** Default `both`. */
  readonly purpose?: 'server' | 'client' | 'both'
  /** DNS names, IP addresses, e-mail addresses and URIs; which is which shows in their form. */
  readonly names?: readonly string[]
}

const DAY = 86_400_000
const SERVER = '1.3.6.1.5.5.7.3.1'
const CLIENT = '1.3.6.1.5.5.7.3.2'

/** Makes a self-signed authority that issues certificates of its own alone: path length 0. */
export function makeAuthority(request: AuthorityRequest): Promise<Issued | PkiProblem> {
  return asProblem('Could not make authority', async () => {
    const keys = await makeKeys(request.keyType)
    const usage = x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign
    const certificate = await x509.X509CertificateGenerator.createSelfSigned({
      ...common(request, 3650),
      name: nameOf(request.subject),
      keys,
      signingAlgorithm: signing(request.keyType ?? 'ec'),
      extensions: [
        new x509.BasicConstraintsExtension(true, 0, true),
        new x509.KeyUsagesExtension(usage, true),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    })
    return await issued(certificate, keys)
  })
}

/** Issues a certificate for TLS. Default validity: 397 days, not beyond the authority's. */
export function issueCertificate(request: CertificateRequest): Promise<Issued | PkiProblem> {
  return asProblem('Could not issue certificate', async () => {
    const authority = new x509.X509Certificate(
      pemBlocks(request.authority.certificate)[0]?.der as BufferSource,
    )
    const keys = await makeKeys(request.keyType)
    const authorityType = authority.publicKey.algorithm.name === 'ECDSA' ? 'ec' : 'rsa'
    const algorithm = signing(authorityType)
    const { notAfter, ...rest } = common(request, 397)
    const certificate = await x509.X509CertificateGenerator.create({
      ...rest,
      notAfter: new Date(Math.min(notAfter.getTime(), authority.notAfter.getTime())),
      subject: nameOf(request.subject),
      issuer: authority.subjectName,
      publicKey: keys.publicKey,
      signingKey: await importSigner(
        request.authority.key,
        authorityType,
        authority.publicKey.algorithm,
      ),
      signingAlgorithm: algorithm,
      extensions: [
        ...leafExtensions(request),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
        await x509.AuthorityKeyIdentifierExtension.create(authority.publicKey),
      ],
    })
    return await issued(certificate, keys)
  })
}

function leafExtensions(request: CertificateRequest): x509.Extension[] {
  const purpose = request.purpose ?? 'both'
  const usages = [...purpose === 'client' ? [] : [SERVER], ...purpose === 'server' ? [] : [CLIENT]]
  const flags = x509.KeyUsageFlags.digitalSignature |
    (request.keyType === 'rsa' ? x509.KeyUsageFlags.keyEncipherment : 0)
  const names = (request.names ?? []).map(generalName)
  return [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(flags, true),
    new x509.ExtendedKeyUsageExtension(usages),
    ...names.length === 0
      ? []
      : [new x509.SubjectAlternativeNameExtension(names, request.subject === '')],
  ]
}

function generalName(name: string): x509.JsonGeneralName {
  if (parseAddress(name) !== undefined) return { type: 'ip', value: name }
  if (name.includes('://') || /^(urn|spiffe):/i.test(name)) return { type: 'url', value: name }
  return { type: name.includes('@') ? 'email' : 'dns', value: name }
}

function common(request: AuthorityRequest, days: number): {
  serialNumber: string
  notBefore: Date
  notAfter: Date
} {
  const length = request.days ?? days
  if (!(length > 0 && length <= 36_500)) {
    throw new PkiFault(
      'malformed',
      `Could not make certificate for ${length} days: 1 to 36500 are possible`,
    )
  }
  const serial = crypto.getRandomValues(new Uint8Array(16))
  // RFC 5280 section 4.1.2.2: positive, and here always as long.
  serial[0] = ((serial[0] as number) & 0x3f) | 0x40
  const seconds = Math.floor(request.now / 1000) * 1000
  return {
    serialNumber: [...serial].map((byte) => byte.toString(16).padStart(2, '0')).join(''),
    notBefore: new Date(seconds - 3_600_000),
    notAfter: new Date(seconds + length * DAY),
  }
}

/** RFC 4514 section 2.1: the text names the last part first, and the package writes them as they come. */
function nameOf(text: string): x509.JsonName {
  if (text === '') return []
  // The package drops what it does not understand; here that is said.
  const parts = text.split(/(?<!\\)[,+]/)
  try {
    const name = new x509.Name(text).toJSON()
    const values = name.flatMap((rdn) => Object.values(rdn)).flat()
    if (values.length === parts.length && values.every((value) => value !== '')) {
      return name.reverse()
    }
  } catch {
    // said below
  }
  throw new PkiFault(
    'malformed',
    `Could not read subject "${text}": it is not of the form CN=name,O=organization`,
  )
}

type SigningAlgorithm = RsaHashedKeyGenParams | (EcKeyGenParams & EcdsaParams)

function signing(type: KeyType): SigningAlgorithm {
  return type === 'ec' ? { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } : {
    name: 'RSASSA-PKCS1-v1_5',
    hash: 'SHA-256',
    modulusLength: 2048,
    publicExponent: new Uint8Array([1, 0, 1]),
  }
}

async function makeKeys(type: KeyType | undefined): Promise<CryptoKeyPair> {
  const usages: KeyUsage[] = ['sign', 'verify']
  return await crypto.subtle.generateKey(signing(type ?? 'ec'), true, usages) as CryptoKeyPair
}

async function importSigner(
  pem: string,
  type: KeyType,
  publicAlgorithm: Algorithm,
): Promise<CryptoKey> {
  const der = new Uint8Array(await privateKeyDer(pem, undefined))
  const algorithm = type === 'ec'
    ? {
      name: 'ECDSA',
      namedCurve: (publicAlgorithm as Algorithm & { namedCurve: string }).namedCurve,
    }
    : { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
  return await crypto.subtle.importKey('pkcs8', der, algorithm, false, ['sign'])
}

async function issued(certificate: x509.X509Certificate, keys: CryptoKeyPair): Promise<Issued> {
  const der = new Uint8Array(certificate.rawData)
  // What was made is read as strictly as what others made.
  await certificateOf(der)
  const key = new Uint8Array(await crypto.subtle.exportKey('pkcs8', keys.privateKey))
  return { certificate: writePem('CERTIFICATE', der), key: writePem('PRIVATE KEY', key) }
}
