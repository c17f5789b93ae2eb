/**
 * **vars** - what can be asked about a request by name: variables as nginx and APISIX call them, templates with
 * variables in them, and conditions on them. It must never know what an answer is used for.
 * @module
 */
export { compileCondition, compileConditions } from './condition.ts'
export type { Condition, ConditionProblem } from './condition.ts'
export { asBytes, decodePath, encodePath, parseArguments, percentDecode } from './decode.ts'
export { Facts, fieldValue } from './facts.ts'
export type { CertificateFacts, ClientFacts, FactsHead, ResponseFacts } from './facts.ts'
export { inRange, parseAddress, parseRange } from './ip-range.ts'
export type { IpRange } from './ip-range.ts'
export { compileTemplate } from './template.ts'
export type { GroupOf, RenderOptions, Template } from './template.ts'
export { compileVariable, isKnownVariable } from './variables.ts'
export type { Variable } from './variables.ts'
