import { type ChildProcess, spawn } from 'node:child_process'
import { resolve } from 'node:path'
import process from 'node:process'
import type { Test } from 'tap'

const PATIENCE_MS = 30_000

/** How the program ended. */
export interface Exit {
  /** Undefined: a signal ended it. */
  readonly code: number | undefined
  readonly out: string
  readonly err: string
}

/** What the program is started with. */
export interface SallyportOptions {
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** For its standard input. */
  readonly input?: string | Uint8Array
}

/** The program in a process of its own, under the runtime that runs the test. */
export class Sallyport {
  readonly #child: ChildProcess
  readonly #exited: Promise<number | undefined>
  readonly #text = { out: '', err: '' }
  readonly #waiting = new Set<() => void>()

  /** Starts it; the end of the test ends it, too. */
  constructor(t: Test, args: readonly string[], options: SallyportOptions = {}) {
    const [program, first] = programOf()
    this.#child = spawn(program, [...first, ...args], {
      cwd: options.cwd,
      env: { ...process.env, NO_COLOR: '1', ...options.env },
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    for (const [name, stream] of [['out', 'stdout'], ['err', 'stderr']] as const) {
      this.#child[stream]?.setEncoding('utf8').on('data', (text: string) => {
        this.#text[name] += text
        this.#wake()
      })
    }
    this.#child.stdin?.on('error', () => {})
    this.#child.stdin?.end(options.input ?? '')
    let over = false
    this.#exited = new Promise((done) => {
      this.#child.on('close', (code) => {
        over = true
        this.#wake()
        done(code ?? undefined)
      })
    })
    t.teardown(async () => {
      if (!over) this.signal('SIGKILL')
      await this.#exited
    })
  }

  /** Its process's number, 0 where it could not be started. */
  get pid(): number {
    return this.#child.pid ?? 0
  }

  /** What it has written to standard output so far. */
  get out(): string {
    return this.#text.out
  }

  /** What it has written to standard error so far. */
  get err(): string {
    return this.#text.err
  }

  /** Resolves with the match once either output has one. Rejects where the program ends before. */
  async said(pattern: RegExp): Promise<RegExpExecArray> {
    const deadline = Date.now() + PATIENCE_MS
    let over = false
    void this.#exited.then(() => over = true)
    for (;;) {
      const found = pattern.exec(this.out) ?? pattern.exec(this.err)
      if (found !== null) return found
      if (over || Date.now() > deadline) {
        throw new Error(`Never said ${pattern}:\n${this.out}\n${this.err}`)
      }
      await this.#change(deadline - Date.now())
    }
  }

  /** Sends a signal. */
  signal(name: 'SIGHUP' | 'SIGTERM' | 'SIGINT' | 'SIGUSR1' | 'SIGKILL'): void {
    // Deno's `ChildProcess.kill` works once, and takes the exit for the signal's doing.
    if (this.#child.pid !== undefined) process.kill(this.#child.pid, name)
  }

  /** Resolves when it has ended. */
  async exit(): Promise<Exit> {
    const code = await this.#exited
    return { code, ...this.#text }
  }

  /** Asks it to end, and waits until it has. */
  async stop(): Promise<Exit> {
    this.signal('SIGTERM')
    return await this.exit()
  }

  #wake(): void {
    for (const wake of [...this.#waiting]) wake()
  }

  #change(ms: number): Promise<void> {
    return new Promise((done) => {
      const wake = (): void => {
        clearTimeout(timer)
        this.#waiting.delete(wake)
        done()
      }
      const timer = setTimeout(wake, ms)
      this.#waiting.add(wake)
      // What came between the look and now.
      void this.#exited.then(wake)
    })
  }
}

/** Runs the program to its end. */
export async function sallyport(
  t: Test,
  args: readonly string[],
  options: SallyportOptions = {},
): Promise<Exit> {
  return await new Sallyport(t, args, options).exit()
}

/** Node runs the sources through the loader that .taprc names, without tap's own, wherever the program is started. */
function programOf(): readonly [string, readonly string[]] {
  if (process.versions['deno'] !== undefined) {
    // As package.json starts it.
    const flags = ['-A', '--v8-flags=--max-semi-space-size=4', '--quiet']
    return [process.execPath, ['run', ...flags, resolve('runtimes/deno/main.ts')]]
  }
  return [
    process.execPath,
    [`--import=${import.meta.resolve('tsx')}`, resolve('runtimes/node/main.ts')],
  ]
}
