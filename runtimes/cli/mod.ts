/**
 * **cli** - the command line, the same on every runtime: flags in, text and an exit code out. It reaches
 * the platform through {@linkcode Host} alone, and must never know which one it is.
 * @module
 */
import type { Host } from './host.ts'
import { USAGE } from './usage.ts'
import { VERSION } from './version.ts'
import { WrongUse } from './wrong-use.ts'

export type { Host } from './host.ts'

/** Runs one command. Returns undefined where the process is to serve on. */
type Command = (host: Host, args: readonly string[]) => Promise<number | undefined>

/** Loaded when they are wanted: `version` need not wait for X.509. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  run: async () => (await import('./commands/run.ts')).run,
  start: async () => (await import('./commands/start.ts')).start,
  check: async () => (await import('./commands/check.ts')).check,
  explain: async () => (await import('./commands/explain.ts')).explain,
  inspect: async () => (await import('./commands/inspect.ts')).inspect,
  pki: async () => (await import('./commands/pki.ts')).pki,
  store: async () => (await import('./commands/store.ts')).store,
  import: async () => (await import('./commands/import.ts')).importFile,
}

/** Exit codes: 0 done, 1 the answer is no, 2 wrong use or nothing could be done. */
export async function main(host: Host): Promise<number | undefined> {
  const [name, ...args] = host.args
  if (name === undefined || name === 'help' || name === '-h' || host.args.includes('--help')) {
    host.print(USAGE)
    return name === undefined ? 2 : 0
  }
  if (name === 'version' || name === '--version') {
    host.print(
      args.includes('--json')
        ? JSON.stringify({ version: VERSION }) + '\n'
        : `sallyport ${VERSION}\n`,
    )
    return 0
  }
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (load === undefined) {
    host.complain(`No command "${name}": see sallyport help\n`)
    return 2
  }
  try {
    return await (await load())(host, args)
  } catch (error) {
    host.complain(`${describe(error)}\n`)
    return 2
  }
}

function describe(error: unknown): string {
  if (error instanceof WrongUse) return error.message
  const { code, message } = error instanceof Error ? error as Error & { code?: unknown } : {}
  // What `parseArgs` says of flags that there are not.
  if (String(code).startsWith('ERR_PARSE_ARGS')) return `${message}: see sallyport help`
  return `Failed: ${message ?? String(error)}`
}
