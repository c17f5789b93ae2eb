import cluster from 'node:cluster'
import type { Worker } from 'node:cluster'
import process from 'node:process'
import { REPLACE_AFTER_MS, type StartOptions } from './types.ts'

/** With `node:cluster`: the primary accepts, and hands each connection to a worker. */
export class ClusterWorkers {
  readonly isWorker: boolean = cluster.isWorker
  #receivers: ((message: unknown, worker: number) => void)[] = []
  #stopping = false
  #count = 0
  #whenGone: (() => void) | undefined

  /** Starts `count` processes with this process's arguments, and replaces those that die. */
  start(count: number, options: StartOptions): void {
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
