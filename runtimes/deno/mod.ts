/**
 * **deno** - Sallyport as a process on Deno: wires adapters to the core. It must never decide anything.
 * @module
 */
import type { Host } from '../cli/mod.ts'
import { processHost } from '../cli/process-host.ts'

export { main } from '../cli/mod.ts'

/** What commands need, filled with Deno's means. */
export function denoHost(args: readonly string[]): Host {
  return processHost({ runtime: 'deno', args, program: 'npm run --silent sallyport:deno --' })
}
