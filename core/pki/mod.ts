/**
 * **pki** - whom the gateway trusts: certificates, keys and CRLs in, verdicts out, the same on every host. It must
 * never know sockets, files, clocks or configuration, and what it is asked at a handshake loads no package.
 * PKCS#12 is read in `bundle.ts` and things are made in `issue.ts`, which are imported by themselves.
 * @module
 */
export * from './types.ts'
export { MAX_CERTIFICATE_SIZE, parseCertificate, readCertificates } from './certificate.ts'
export { readCrl, readCrls } from './crl.ts'
export { joinCrls } from './crl-file.ts'
export {
  type CertificateDescription,
  type CrlDescription,
  describeCertificate,
  describeCrl,
} from './describe.ts'
export { certificateFromHeader, certificateToHeader } from './header.ts'
export { isIssuerOf } from './issuer.ts'
export { judge, type JudgeOptions } from './judge.ts'
export { keyFits, type KeyPair, type KeyPairSource, readKeyPair } from './key-pair.ts'
export { createOcspRequest, type OcspQuestion } from './ocsp-request.ts'
export { readOcspResponse } from './ocsp-response.ts'
export { type PemBlock, readPem, writePem } from './pem.ts'
export { readPrivateKey } from './private-key.ts'
export { isPkiProblem, type PkiProblem, type PkiProblemCode } from './problem.ts'
export { hmacSha256, sha256, sha256OfText } from './sha256.ts'
export { createTruststore, type TruststoreContent } from './truststore.ts'
export { VerdictCache, type Verdicts } from './verdict-cache.ts'
