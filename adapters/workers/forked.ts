import { type ChildProcess, fork } from 'node:child_process'
import process from 'node:process'
import { type Claim, Claims, type Wanted } from './claims.ts'
import { REPLACE_AFTER_MS, type StartOptions } from './types.ts'

/** Tells a process that it is a worker, and whose: the primary's number. */
const VARIABLE = 'SALLYPORT_WORKER'

/** V8's flags are not passed on to a fork; these are what package.json starts Deno with. */
const FLAGS = { DENO_V8_FLAGS: '--max-semi-space-size=4' }

/** How often a worker looks whether its primary is there. */
const LOOK_EVERY_MS = 1000

/** What a worker asks before it listens, and what it is answered. */
interface ClaimMessage {
  readonly kind: 'claim'
  readonly id: number
  readonly wanted?: Wanted
  readonly claim?: Claim
}

/** With processes that each listen by themselves: the kernel hands each connection to one of them (SO_REUSEPORT). */
export class ForkedWorkers {
  readonly isWorker: boolean = process.env[VARIABLE] !== undefined
  readonly #children = new Map<number, ChildProcess>()
  readonly #claims = new Claims()
  readonly #asked = new Map<number, (claim: Claim) => void>()
  #receivers: ((message: unknown, worker: number) => void)[] = []
  #listening = false
  #stopping = false
  #started = 0
  #questions = 0
  #any = 0
  #whenGone: (() => void) | undefined

  /** Starts `count` processes with this process's arguments, and replaces those that die. */
  start(count: number, options: StartOptions): void {
    for (let i = 0; i < count; i++) this.#fork(options)
  }

  /** Sends a message: a worker to its primary, the primary to all workers. */
  send(message: unknown): void {
    if (this.isWorker) {
      if (process.connected === true) process.send?.(message)
      return
    }
    for (const child of this.#children.values()) {
      if (child.connected) child.send(message as object)
    }
  }

  onMessage(receive: (message: unknown, worker: number) => void): void {
    this.#receivers.push(receive)
    this.#listen()
  }

  /** The port that a worker listens on together with the others, or why it cannot. */
  claim({ host, port }: { readonly host: string; readonly port: number }): Promise<Claim> {
    this.#listen()
    const id = ++this.#questions
    const wanted = { host, port, index: port === 0 ? this.#any++ : 0 }
    return new Promise((resolve) => {
      this.#asked.set(id, resolve)
      this.send({ kind: 'claim', id, wanted } satisfies ClaimMessage)
    })
  }

  /** Ends all workers, letting each drain; resolves when they have. */
  async stop(): Promise<void> {
    this.#stopping = true
    if (this.#children.size === 0) return
    const gone = new Promise<void>((resolve) => this.#whenGone = resolve)
    for (const child of this.#children.values()) child.kill('SIGTERM')
    await gone
  }

  #fork(options: StartOptions): void {
    const [, program = '', ...args] = process.argv
    const worker = ++this.#started
    const env = { ...FLAGS, ...process.env, ...options.env, [VARIABLE]: String(process.pid) }
    const child = fork(program, args, { env })
    this.#children.set(worker, child)
    child.on('message', (message) => this.#take(message, worker))
    child.on('exit', (code) => {
      this.#children.delete(worker)
      if (this.#stopping) {
        if (this.#children.size === 0) this.#whenGone?.()
        return
      }
      options.onExit(worker, code ?? undefined)
      setTimeout(() => this.#stopping || this.#fork(options), REPLACE_AFTER_MS)
    })
  }

  /** Listens to the primary, in a worker. */
  #listen(): void {
    if (!this.isWorker || this.#listening) return
    this.#listening = true
    process.on('message', (message) => this.#take(message, 0))
    // A worker whose primary has died serves nobody's wishes any more. It may have died before anyone listened.
    process.on('disconnect', () => process.exit(1))
    setInterval(() => {
      if (String(process.ppid) !== process.env[VARIABLE]) process.exit(1)
    }, LOOK_EVERY_MS).unref()
  }

  #take(message: unknown, worker: number): void {
    if (!isClaim(message)) {
      for (const receive of this.#receivers) receive(message, worker)
      return
    }
    const { id, wanted, claim } = message
    if (claim !== undefined) {
      this.#asked.get(id)?.(claim)
      this.#asked.delete(id)
    } else if (wanted !== undefined) {
      void this.#claims.claim(wanted).then((found) => {
        const child = this.#children.get(worker)
        const answer: ClaimMessage = { kind: 'claim', id, claim: found }
        if (child?.connected === true) child.send(answer)
      })
    }
  }
}

function isClaim(message: unknown): message is ClaimMessage {
  return typeof message === 'object' && message !== null && 'kind' in message &&
    message.kind === 'claim'
}
