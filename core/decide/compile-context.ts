import type { PkiProblem } from '../pki/mod.ts'
import type { TokenChecker } from '../plan/mod.ts'
import type { Limits, Path, PlanConfig, Problem } from '../snapshot/types.ts'
import type { Snapshot } from './compiled.ts'
import type { Keeper } from './keeper.ts'
import type { PkiTools } from './pki-tools.ts'

/** What compiling needs besides the configuration. */
export interface CompileOptions {
  /** The snapshot in use; what is equal in it is taken over as it is. */
  readonly previous?: Snapshot | undefined
  readonly pki: PkiTools
  /** Epoch milliseconds; what has expired by then is warned about. */
  readonly now: number
  /** 32 bytes that session-ticket keys are derived from; equal in all processes that share listeners. */
  readonly secret: Uint8Array
  /** Whether only what is compiled anew is warned about: what was taken over has been. */
  readonly news?: boolean
  /** Lets others have a turn while much is compiled, so that traffic does not wait for the whole. */
  readonly breathe?: () => Promise<void>
  /** The host's trusted roots, PEM, for upstreams without `ca`. Asked only where there is one. */
  readonly systemRoots: () => readonly string[]
  /** What checks the tokens of `jwt` and `oauth2` plans; undefined where this host cannot. */
  readonly tokenChecker?: ((plan: PlanConfig) => TokenChecker | undefined) | undefined
}

/** Where something stands in the configuration, and who uses it, for messages. */
export interface Place {
  readonly path: Path
  readonly usedBy: string
}

/** One compilation under way. */
export interface CompileContext extends CompileOptions {
  readonly basis: string
  readonly limits: Limits
  /** The snapshot in use, where what it was compiled with besides the configuration is the same now. */
  readonly reusable: Snapshot | undefined
  readonly keeper: Keeper
  readonly problems: Problem[]
  /** Fingerprints of what was warned about already because of its end. */
  readonly warned: Set<string>
  /** Key pairs that were read, by their content. */
  readonly pairs: Map<string, ReturnType<PkiTools['readKeyPair']>>
}

/** Notes an error. Always returns undefined, for the value that could not be made. */
export function fail(context: CompileContext, path: Path, message: string): undefined {
  context.problems.push({ severity: 'error', path, message, position: undefined })
  return undefined
}

/** Notes a warning. */
export function warn(context: CompileContext, path: Path, message: string): void {
  context.problems.push({ severity: 'warning', path, message, position: undefined })
}

/** Whether a result of `core/pki` is a failure. */
export function isProblem<T extends object>(result: T | PkiProblem): result is PkiProblem {
  return 'problem' in result
}

/** The state that a failure found, without the action it was found in: that is told from here. */
export function stateOf({ message }: PkiProblem): string {
  const colon = message.startsWith('Could not') ? message.indexOf(': ') : -1
  return colon < 0 ? message : message.slice(colon + 2)
}
