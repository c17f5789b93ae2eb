/**
 * **plan** - which plan of an API lets a request in: keyless, mTLS, API key. It must never know how a
 * certificate was checked, where a header came from, or what a refusal looks like on the wire.
 * @module
 */
export { ApiKeyTable } from './api-keys.ts'
export {
  checkCertificateCredential,
  checkIdentity,
  checkPlans,
  compilePlans,
  PLAN_ORDER,
} from './check.ts'
export type { PlanContext, PlanRules, PlansResult } from './check.ts'
export { HIGHEST_COST } from './bcrypt.ts'
export { isPasswordOf, parsePasswordHash } from './password-hash.ts'
export { MOST_ROUNDS } from './sha-crypt.ts'
export { placeIn, showTime } from './span.ts'
export { findSubscription } from './subscription.ts'
export type { PlanOfApi } from './subscription.ts'
export type * from './types.ts'
export { type Login, UserList } from './user-list.ts'
