import { compile, formatProblem, pkiTools, readConfiguration } from '../../core/mod.ts'
import type { Problem, Snapshot } from '../../core/mod.ts'
import { FileFailure } from '../../core/mod.ts'
import type { Host } from './host.ts'

/** What became of a configuration file. */
export interface Loaded {
  /** Undefined where there is an error among the problems. */
  readonly snapshot: Snapshot | undefined
  readonly problems: readonly Problem[]
  /** Files whose change is a reason to load again. */
  readonly watched: readonly string[]
}

/** What loading depends on besides the file. */
export interface LoadOptions {
  readonly previous?: Snapshot | undefined
  /** 32 bytes that session-ticket keys are derived from. */
  readonly secret: Uint8Array
}

/** Reads, checks and compiles a configuration file. Never rejects: whatever is wrong is a problem. */
export async function loadSnapshot(
  host: Host,
  file: string,
  options: LoadOptions,
): Promise<Loaded> {
  let text: string
  try {
    text = new TextDecoder().decode(await host.files.read(file))
  } catch (error) {
    const message = error instanceof FileFailure ? error.message : String(error)
    return { snapshot: undefined, problems: [unreadable(file, message)], watched: [file] }
  }
  const { files } = host
  const read = await readConfiguration({ text, file, files, env: (name) => host.env(name) })
  const { configuration, problems, watched } = read
  if (configuration === undefined) return { snapshot: undefined, problems, watched }
  const compiled = await compile(configuration, {
    previous: options.previous,
    pki: pkiTools,
    now: host.clock.now(),
    secret: options.secret,
    systemRoots: () => host.systemRoots(),
  })
  const placed = compiled.problems.map((problem) => ({
    ...problem,
    position: problem.position ?? read.locate(problem.path),
  }))
  return { snapshot: compiled.snapshot, problems: [...problems, ...placed], watched }
}

/** Problems as text, one a line. */
export function problemLines(problems: readonly Problem[]): string {
  return problems.map((problem) => formatProblem(problem) + '\n').join('')
}

function unreadable(file: string, message: string): Problem {
  const position = { file, line: 1, column: 1 }
  return { severity: 'error', path: [], message, position }
}
