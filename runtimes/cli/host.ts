import type { Clock, Dialer, Entropy, Fetcher, Files, Listener, Pinger } from '../../core/mod.ts'
import type { Latin1, Log, TlsServer } from '../../core/mod.ts'

/** Signals that a running gateway listens to. */
export type Signal = 'SIGHUP' | 'SIGTERM' | 'SIGINT' | 'SIGUSR1'

/** Takes lines, such as those of the access log, and never makes the caller wait. */
export interface LineSink {
  append(line: string): void
  /** Opens the file anew, as log rotation asks for. */
  reopen(): void
  close(): Promise<void>
  readonly dropped: number
}

/** What the commands need of the platform; each runtime fills it once. */
export interface Host {
  readonly runtime: 'node' | 'deno'
  /** Without the program's own name. */
  readonly args: readonly string[]
  env(name: string): string | undefined
  /** Writes to standard output. */
  print(text: string): void
  /** Writes to standard error. */
  complain(text: string): void
  onSignal(signal: Signal, task: () => void): void
  /** How a checkout's user starts the program, for texts such as `sallyport run`. */
  readonly program: string
  readonly log: Log
  readonly clock: Clock
  readonly entropy: Entropy
  readonly files: Files
  readonly listener: Listener
  readonly tls: TlsServer
  readonly dialer: Dialer
  readonly fetcher: Fetcher
  readonly pinger: Pinger
  readonly latin1: Latin1
  systemRoots(): readonly string[]
  /** `stdout` or a path. Throws FileFailure. */
  openLines(path: string): LineSink
  /** What the process has used so far. */
  usage(): { readonly memoryBytes: number; readonly cpuSeconds: number }
  /** Ends the process at once. */
  exit(code: number): void
  /** Standard input as bytes, to its end. */
  readStdin(): Promise<Uint8Array>
  readonly workers: Workers
}

/** Processes that share the listeners of one gateway. */
export interface Workers {
  /** Whether this process is one of several that another one started. */
  readonly isWorker: boolean
  /** Starts `count` processes with the same arguments, and replaces those that die. */
  start(count: number, options: WorkersOptions): void
  /** Sends a message: a worker to its primary, the primary to all workers. */
  send(message: unknown): void
  onMessage(receive: (message: unknown, worker: number) => void): void
  /** Ends all workers, letting each drain; resolves when they have. */
  stop(): Promise<void>
}

/** What the primary gives its workers and wants to hear of them. */
export interface WorkersOptions {
  /** Environment variables besides the process's own. */
  readonly env: Readonly<Record<string, string>>
  readonly onExit: (worker: number, code: number | undefined) => void
}
