/**
 * **workers** - several processes over the same listeners, with `node:cluster`, which Node and Deno both
 * have. It must never know what the processes do or say to each other.
 * @module
 */
import cluster from 'node:cluster'
import type { Worker } from 'node:cluster'
import process from 'node:process'

/** How soon a worker that died is replaced; one that dies at once must not spin. */
const REPLACE_AFTER_MS = 500

/** Processes that share listeners: the primary's view, and the worker's. */
export class ClusterWorkers {
  readonly isWorker: boolean = cluster.isWorker
  #receivers: ((message: unknown, worker: number) => void)[] = []
  #stopping = false
  #count = 0
  #whenGone: (() => void) | undefined

  /** Starts `count` processes with this process's arguments, and replaces those that die. */
  start(
    count: number,
    options: {
      readonly env: Readonly<Record<string, string>>
      readonly onExit: (worker: number, code: number | undefined) => void
    },
  ): void {
    cluster.on('message', (worker, message) => this.#receive(message, worker.id))
    cluster.on('exit', (worker: Worker, code: number | null) => {
      this.#count--
      if (this.#stopping) {
        if (this.#count === 0) this.#whenGone?.()
        return
      }
      options.onExit(worker.id, code ?? undefined)
      setTimeout(() => this.#stopping || this.#fork(options.env), REPLACE_AFTER_MS)
    })
    for (let i = 0; i < count; i++) this.#fork(options.env)
  }

  /** Sends a message: a worker to its primary, the primary to all workers. */
  send(message: unknown): void {
    if (this.isWorker) {
      if (process.connected === true) process.send?.(message)
      return
    }
    for (const worker of Object.values(cluster.workers ?? {})) {
      if (worker?.isConnected() === true) worker.send(message as object)
    }
  }

  onMessage(receive: (message: unknown, worker: number) => void): void {
    this.#receivers.push(receive)
    if (this.isWorker && this.#receivers.length === 1) {
      process.on('message', (message) => this.#receive(message, 0))
      // A worker whose primary has died serves nobody's wishes any more.
      process.on('disconnect', () => process.exit(1))
    }
  }

  /** Ends all workers, letting each drain; resolves when they have. */
  async stop(): Promise<void> {
    this.#stopping = true
    if (this.#count === 0) return
    const gone = new Promise<void>((resolve) => this.#whenGone = resolve)
    for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill('SIGTERM')
    await gone
  }

  #fork(env: Readonly<Record<string, string>>): void {
    this.#count++
    cluster.fork(env)
  }

  #receive(message: unknown, worker: number): void {
    for (const receive of this.#receivers) receive(message, worker)
  }
}
