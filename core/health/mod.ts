/**
 * **health** - asks endpoints by itself whether they are well, and shows what is known of them. It must never know
 * clients and their requests, how certificates are judged, or a timer of its own: others tell it the time.
 * @module
 */
export { HealthChecks } from './health-checks.ts'
export type { HealthPorts, Schedule, Task } from './types.ts'
export { type EndpointHealth, type UpstreamHealth, upstreamHealth } from './view.ts'
