import { sha256Hex } from './bytes.ts'
import { decodeCertificate, type DecodedCertificate, serialText } from './decode.ts'
import { type GeneralName, NameForm } from './general-name.ts'
import { type PemBlock, pemBlocks } from './pem.ts'
import { asProblem, PkiFault, type PkiProblem } from './problem.ts'
import type { Certificate, SubjectAltNames } from './types.ts'

const decoded = new WeakMap<Certificate, DecodedCertificate>()
/** The longest certificate that is looked at, in bytes. */
export const MAX_CERTIFICATE_SIZE = 262_144

/** All that stands in a certificate that was read before. Throws where `certificate` was made up. */
export function decodedOf(certificate: Certificate): DecodedCertificate {
  const known = decoded.get(certificate)
  if (known !== undefined) return known
  const fresh = decodeCertificate(certificate.der)
  decoded.set(certificate, fresh)
  return fresh
}

/**
 * Reads one certificate from DER.
 * @returns the certificate, or a problem where the bytes are not strict DER of a certificate (RFC 5280 section 4.1)
 */
export function parseCertificate(der: Uint8Array): Promise<Certificate | PkiProblem> {
  return asProblem('Could not read certificate', () => certificateOf(der))
}

/** As {@linkcode parseCertificate}, for inside the room: throws what went wrong. */
export async function certificateOf(der: Uint8Array): Promise<Certificate> {
  if (der.length > MAX_CERTIFICATE_SIZE) {
    throw new PkiFault(
      'limit',
      `Could not read certificate of ${der.length} bytes: it is too large`,
    )
  }
  const content = decodeCertificate(der)
  const certificate: Certificate = {
    der,
    sha256: await sha256Hex(der),
    version: content.version,
    serial: serialText(content.serial),
    issuer: content.issuer.text,
    subject: content.subject.text,
    notBefore: content.notBefore,
    notAfter: content.notAfter,
    names: namesOf(content.extensions.subjectAltNames ?? []),
    isCa: content.extensions.basicConstraints?.ca ?? false,
  }
  decoded.set(certificate, content)
  return certificate
}

function namesOf(names: readonly GeneralName[]): SubjectAltNames {
  const texts = (form: number) => names.filter((n) => n.form === form).map((n) => n.text)
  return {
    dns: texts(NameForm.dns),
    ip: texts(NameForm.ip),
    email: texts(NameForm.email),
    uri: texts(NameForm.uri),
  }
}

const LABELS = new Set(['CERTIFICATE', 'X509 CERTIFICATE', 'TRUSTED CERTIFICATE'])

/**
 * Reads every certificate of a file: PEM with any number of blocks, other blocks passed over, or DER of one.
 * @returns the certificates in their order, at least one, or a problem
 */
export function readCertificates(data: Uint8Array | string): Promise<Certificate[] | PkiProblem> {
  return asProblem('Could not read certificates', async () => {
    const blocks = certificateBlocks(data)
    if (blocks.length === 0) {
      throw new PkiFault('empty', 'Could not read certificates: there is none in the content')
    }
    return await Promise.all(blocks.map(certificateOf))
  })
}

function certificateBlocks(data: Uint8Array | string): Uint8Array[] {
  if (typeof data !== 'string' && data[0] === 0x30) return [data]
  return pemBlocks(pemText(data)).filter((block) => LABELS.has(block.label)).map(blockDer)
}

/** Text that should hold PEM; bytes that are not UTF-8 are read as far as they can be. */
export function pemText(data: Uint8Array | string): string {
  return typeof data === 'string' ? data : new TextDecoder().decode(data)
}

function blockDer(block: PemBlock): Uint8Array {
  // OpenSSL puts its trust settings behind the certificate of a TRUSTED CERTIFICATE.
  if (block.label !== 'TRUSTED CERTIFICATE') return block.der
  const [tag, length = 0] = block.der
  const count = length & 0x7f
  if (tag !== 0x30 || length < 0x80 || count > 3) return block.der
  const size = block.der.subarray(2, 2 + count).reduce((sum, byte) => sum * 256 + byte, 0)
  return block.der.subarray(0, 2 + count + size)
}
