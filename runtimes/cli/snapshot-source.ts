import { compile, formatProblem, joinCrls, pkiTools, readConfiguration } from '../../core/mod.ts'
import type { Problem, ReadConfiguration, Snapshot } from '../../core/mod.ts'
import { FileFailure } from '../../core/mod.ts'
import { TokenCheckers } from '../../core/token/mod.ts'
import { readApisixConfig } from './apisix-config.ts'
import { readGraviteeConfig } from './gravitee-config.ts'
import { withResources } from './gravitee-resources.ts'
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

/** What became of reading a configuration file, before anything is compiled. */
export type ReadFile = ReadConfiguration

/** Reads and checks a configuration file. Never rejects: whatever is wrong is a problem. */
export async function readFile(host: Host, file: string): Promise<ReadFile> {
  let text: string
  try {
    text = new TextDecoder().decode(await host.files.read(file))
  } catch (error) {
    const message = error instanceof FileFailure ? error.message : String(error)
    const problems = [unreadable(file, message)]
    return { configuration: undefined, problems, watched: [file], locate: () => undefined }
  }
  const foreign = await readApisixConfig(host, file, text) ??
    await readGraviteeConfig(host, file, text)
  const { files } = host
  const read = foreign ??
    await readConfiguration({ text, file, files, env: (name) => host.env(name), joinCrls })
  return await withResources(host, file, read)
}

/** Problems found by compiling, with their places in the file. */
export function placed({ locate }: ReadFile, problems: readonly Problem[]): Problem[] {
  return problems.map((problem) => ({
    ...problem,
    position: problem.position ?? locate(problem.path),
  }))
}

/** Reads, checks and compiles a configuration file. Never rejects: whatever is wrong is a problem. */
export async function loadSnapshot(
  host: Host,
  file: string,
  options: LoadOptions,
): Promise<Loaded> {
  const read = await readFile(host, file)
  const { configuration, problems, watched } = read
  if (configuration === undefined) return { snapshot: undefined, problems, watched }
  const compiled = await compile(configuration, {
    previous: options.previous,
    pki: pkiTools,
    now: host.clock.now(),
    secret: options.secret,
    systemRoots: () => host.systemRoots(),
    tokenChecker: (plan) => new TokenCheckers(host).of(plan),
  })
  const found = [...problems, ...placed(read, compiled.problems)]
  return { snapshot: compiled.snapshot, problems: found, watched }
}

/** Problems as text, one a line. */
export function problemLines(problems: readonly Problem[]): string {
  return problems.map((problem) => formatProblem(problem) + '\n').join('')
}

function unreadable(file: string, message: string): Problem {
  const position = { file, line: 1, column: 1 }
  return { severity: 'error', path: [], message, position }
}
