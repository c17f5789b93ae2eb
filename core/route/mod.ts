/**
 * **route** - host, path and method to a route, compiled once and looked up many times. It must never know
 * what a route leads to, who asks, or what time it is.
 * @module
 */
export { compileRoutes, compileRoutesInSteps } from './matcher.ts'
export { atOnce, inTurns, STEP, stepping, type Steps } from './steps.ts'
export type * from './types.ts'
