import { DerFault } from './der.ts'

/** What was wrong with something that was to be read or made. */
export type PkiProblemCode =
  | 'malformed'
  | 'empty'
  | 'passphrase'
  | 'unsupported'
  | 'limit'
  | 'mismatch'

/** A failure as a value. `problem` is its stable code, `message` one sentence for the operator. */
export interface PkiProblem {
  readonly problem: PkiProblemCode
  readonly message: string
}

/** Makes a {@linkcode PkiProblem}. */
export function problem(code: PkiProblemCode, message: string): PkiProblem {
  return { problem: code, message }
}

/** Whether a result is a failure. */
export function isPkiProblem(value: unknown): value is PkiProblem {
  return typeof value === 'object' && value !== null && 'problem' in value && 'message' in value
}

/** Thrown inside the room with the problem that its face gives back. */
export class PkiFault extends Error {
  readonly problem: PkiProblem
  constructor(code: PkiProblemCode, message: string) {
    super(message)
    this.name = 'PkiFault'
    this.problem = problem(code, message)
  }
}

/** Runs `task`; what it throws becomes a value. */
export async function asProblem<T>(
  action: string,
  task: () => T | Promise<T>,
): Promise<T | PkiProblem> {
  try {
    return await task()
  } catch (error) {
    if (error instanceof PkiFault) return error.problem
    const reason = error instanceof DerFault ? error.message : 'The content is damaged'
    return problem('malformed', `${action}: ${reason}`)
  }
}
