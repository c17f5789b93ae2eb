/**
 * **node** - Sallyport as a process on Node: wires adapters to the core. It must never decide anything.
 * @module
 */
import type { Host } from '../cli/mod.ts'
import { processHost } from '../cli/process-host.ts'

export { main } from '../cli/mod.ts'

/** What commands need, filled with Node's means. */
export function nodeHost(args: readonly string[]): Host {
  return processHost({ runtime: 'node', args, program: 'npm run --silent sallyport --' })
}
