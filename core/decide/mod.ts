/**
 * **decide** - configuration to one frozen snapshot, and a request's head with what is known of its peer to a
 * decision: forward it, or refuse it with a code. It must never know sockets, timers or how a chain is judged.
 * @module
 */
export { admit, policyOf, speaksForOthers } from './admit.ts'
export { ApplicationIndex } from './application-index.ts'
export type { ApplicationCertificate, CompiledApplication } from './application-index.ts'
export { isVerdictCurrent } from './certificate.ts'
export { changeApplications, compile } from './compile.ts'
export type { ApplicationsChange, CompileResult } from './compile.ts'
export type { CompileOptions } from './compile-context.ts'
export type * from './compiled.ts'
export { deriveBytes } from './content-id.ts'
export type { Derivation } from './content-id.ts'
export { decide } from './decide.ts'
export type { DecidedHead } from './decide.ts'
export { expiries, expiryNews } from './expiry.ts'
export type { Expiring, ExpiringKind, Expiry, ExpiryNews, ExpiryNotice } from './expiry.ts'
export { explain, formatExplanation } from './explain.ts'
export type { ExplainQuestion, ExplainStep, Explanation, Phase } from './explain.ts'
export type * from './pki-tools.ts'
export { refusalBody } from './refusal-body.ts'
export type { RefusalBody } from './refusal-body.ts'
export { refusal, REFUSALS } from './refusals.ts'
export type { RefusalMeaning, RefusalOptions } from './refusals.ts'
export { printable } from './safe-text.ts'
export type * from './types.ts'
