/**
 * The core's public face. It decides and never does: no sockets, no files, no timers of its own.
 * @module
 */
export * from './decide/mod.ts'
export * from './embed/mod.ts'
export type { EndpointHealth, UpstreamHealth } from './health/mod.ts'
export * from './observe/mod.ts'
export { pkiTools } from './pki-tools.ts'
export {
  type Certificate,
  certificateToHeader,
  joinCrls,
  parseCertificate,
  type PkiProblem,
  readCertificates,
  type Verdict,
  VerdictCache,
  type Verdicts,
} from './pki/mod.ts'
export * from './port/mod.ts'
export * from './proxy/mod.ts'
export { OnlineVerdicts } from './revocation/mod.ts'
export * from './snapshot/mod.ts'
export { type Latin1, plainLatin1 } from './wire/mod.ts'
