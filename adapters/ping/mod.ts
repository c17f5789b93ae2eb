/**
 * **ping** - asks hosts for an echo with the machine's own `ping`: raw sockets are not for everyone. It must never
 * know why somebody asks.
 * @module
 */
import { execFile } from 'node:child_process'
import type { Pinger } from '../../core/port/mod.ts'

/** How `ping` says that no answer came; whatever else it says, it could not ask. */
const NO_ANSWER = 1

/** {@linkcode Pinger} by the program `ping`. */
export class ProgramPinger implements Pinger {
  readonly #program: string

  constructor(program = 'ping') {
    this.#program = program
  }

  ping(host: string, timeoutMs: number): Promise<boolean | undefined> {
    const seconds = String(Math.max(1, Math.ceil(timeoutMs / 1000)))
    const args = ['-n', '-q', '-c', '1', '-W', seconds, '--', host]
    return new Promise((resolve) => {
      execFile(this.#program, args, { timeout: timeoutMs }, (error) => {
        if (error === null) resolve(true)
        else resolve(error.killed || error.code === NO_ANSWER ? false : undefined)
      })
    })
  }
}
