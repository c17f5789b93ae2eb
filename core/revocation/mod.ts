/**
 * **revocation** - verdicts that take in what CRL servers and OCSP responders say: it has fetched what a verdict
 * lacks, keeps it while it holds and fetches it again in time. It must never know how chains are judged, what CRLs and
 * responses look like inside, or who connects to where.
 * @module
 */
export { isPublic, mayAsk } from './addresses.ts'
export { OnlineVerdicts, type OnlineVerdictsOptions } from './verdicts.ts'
