import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { randomBytes } from 'node:crypto'
import process from 'node:process'
import type { Test } from 'tap'
import { hostClock } from '../../adapters/host/mod.ts'
import type { Clock, LogLevel } from '../../core/port/mod.ts'
import type { Problem } from '../../core/snapshot/mod.ts'
import type { Host, LineSink } from '../../runtimes/cli/host.ts'
import { processHost } from '../../runtimes/cli/process-host.ts'
import { Service } from '../../runtimes/cli/service.ts'
import { problemLines } from '../../runtimes/cli/snapshot-source.ts'

const PATIENCE_MS = 10_000

/** A line of the access log. */
export interface LogLine {
  readonly [key: string]: string | number | undefined
  readonly listener: string
  readonly sni: string
  readonly status: number
  readonly method?: string
  readonly code?: string
  readonly detail?: string
}

/** What the gateway tells its operator. */
export interface Told {
  readonly level: LogLevel
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** Real time that a test can set forward. */
export class TestClock implements Clock {
  #ahead = 0
  readonly #tasks = new Set<() => void>()

  now(): number {
    return hostClock.now() + this.#ahead
  }

  monotonic(): number {
    return hostClock.monotonic() + this.#ahead
  }

  every(ms: number, task: () => void): () => void {
    this.#tasks.add(task)
    const stop = hostClock.every(ms, task)
    return () => {
      this.#tasks.delete(task)
      stop()
    }
  }

  after(ms: number, task: () => void): () => void {
    return hostClock.after(ms, task)
  }

  soon(task: () => void): void {
    hostClock.soon(task)
  }

  /** Lets milliseconds pass at once. */
  skip(ms: number): void {
    this.#ahead += ms
    for (const task of [...this.#tasks]) task()
  }
}

/** Keeps the access log, and lets tests wait for lines. */
class LineKeeper implements LineSink {
  readonly dropped = 0
  readonly raw: string[] = []
  readonly lines: LogLine[] = []
  #waiting: (() => void)[] = []

  append(line: string): void {
    this.raw.push(line)
    this.lines.push(JSON.parse(line) as LogLine)
    for (const again of this.#waiting.splice(0)) again()
  }

  reopen(): void {}

  close(): Promise<void> {
    return Promise.resolve()
  }

  next(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve))
  }
}

/** How a gateway in a test differs from one at work. */
export interface GatewayOptions {
  readonly clock?: Clock
  /** Changes the host. */
  readonly host?: (host: Host) => Host
  /** What session tickets are protected with. */
  readonly secret?: Uint8Array
}

/** The real gateway in the test's own process, on sockets of loopback. */
export class TestGateway {
  readonly service: Service
  /** What was told to the operator. */
  readonly told: Told[]
  /** What was found about the configuration at start. */
  readonly problems: readonly Problem[]
  readonly file: string
  readonly #log: LineKeeper

  constructor(service: Service, kept: {
    readonly told: Told[]
    readonly problems: readonly Problem[]
    readonly log: LineKeeper
  }) {
    this.service = service
    this.told = kept.told
    this.problems = kept.problems
    this.file = service.file
    this.#log = kept.log
  }

  /** The port of a listener; of the only one where no name is given. */
  port(name?: string): number {
    const { addresses } = this.service.gateway
    const found = name === undefined ? [...addresses.values()][0] : addresses.get(name)
    if (found === undefined) throw new Error(`Find listener "${name}": there is none`)
    return found.port
  }

  /** Access-log lines so far. */
  get lines(): readonly LogLine[] {
    return this.#log.lines
  }

  /** The same, as they are written. */
  get rawLines(): readonly string[] {
    return this.#log.raw
  }

  /** The first access-log line with these values, once it is there. */
  async line(wanted: Readonly<Record<string, string | number>>): Promise<LogLine> {
    return await this.lineWhere(
      JSON.stringify(wanted),
      (line) => Object.entries(wanted).every(([key, value]) => line[key] === value),
    )
  }

  /** The first access-log line that `fits`, once it is there. */
  async lineWhere(what: string, fits: (line: LogLine) => boolean): Promise<LogLine> {
    let late = false
    const timer = setTimeout(() => late = true, PATIENCE_MS)
    for (;;) {
      const found = this.lines.find(fits)
      if (found !== undefined) {
        clearTimeout(timer)
        return found
      }
      if (late) break
      let nudge: ReturnType<typeof setTimeout> | undefined
      await Promise.race([
        this.#log.next(),
        new Promise((resolve) => nudge = setTimeout(resolve, PATIENCE_MS)),
      ])
      clearTimeout(nudge)
    }
    throw new Error(`Wait for line ${what}: not there, but ${this.rawLines.slice(-10).join('')}`)
  }

  /** Writes another configuration and puts it in force, if it is good. Returns what is wrong, else undefined. */
  async reconfigure(yaml: string): Promise<string | undefined> {
    writeFileSync(this.file, yaml)
    await this.service.reloadNow()
    return this.service.reload.stale?.reason
  }

  /** Resolves once this message has been told to the operator, counted from now. */
  toldOf(message: string): Promise<Told> {
    return new Promise((resolve) => {
      this.told.push = (...items) => {
        for (const told of items) if (told.message === message) resolve(told)
        return Array.prototype.push.apply(this.told, items)
      }
    })
  }

  /** Resolves once a listener has this many open connections. */
  async connections(count: number, listener = 'main'): Promise<void> {
    await this.#counted('connection', () => this.service.counters().connections[listener], count)
  }

  /** Resolves once there are this many open connections to an upstream. */
  async upstreamConnections(count: number, upstream = 'main'): Promise<void> {
    const open = (): number | undefined => this.service.counters().upstreamConnections[upstream]
    await this.#counted('upstreamConnection', open, count)
  }

  async #counted(
    event: 'connection' | 'upstreamConnection',
    open: () => number | undefined,
    count: number,
  ): Promise<void> {
    const { observer } = this.service
    if ((open() ?? 0) === count) return
    const before = observer[event].bind(observer)
    await new Promise<void>((resolve) => {
      observer[event] = (name, change) => {
        before(name, change)
        if ((open() ?? 0) === count) resolve()
      }
    })
    observer[event] = before
  }

  /** How often a code was counted. */
  refusals(code: string): number {
    return this.service.counters().refusals[code] ?? 0
  }
}

/** Starts the gateway with a configuration; it ends with the test. `yaml` may name files beside `folder`. */
export async function startGateway(
  t: Test,
  yaml: string,
  options: GatewayOptions = {},
): Promise<TestGateway> {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-gateway-'))
  t.teardown(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'gateway.yaml')
  writeFileSync(file, yaml)
  const told: Told[] = []
  const log = new LineKeeper()
  const host = testHost({ told, log }, options)
  const secret = options.secret ?? new Uint8Array(randomBytes(32))
  const service = new Service(host, file, { secret })
  const { snapshot, problems } = await service.load()
  if (snapshot === undefined) throw new Error(`Start the gateway: ${problemLines(problems)}`)
  const failed = await service.listen()
  if (failed !== '') throw new Error(failed)
  t.teardown(async () => {
    await service.gateway.drain(0)
    await service.drain()
  })
  return new TestGateway(service, { told, problems, log })
}

function testHost(
  { told, log }: { readonly told: Told[]; readonly log: LineKeeper },
  options: GatewayOptions,
): Host {
  const runtime = 'deno' in process.versions ? 'deno' : 'node'
  const host: Host = {
    ...processHost({ runtime, args: [], program: 'sallyport' }),
    openLines: () => log,
    log: {
      write(level, message, fields = {}) {
        told.push({ level, message, fields })
      },
    },
    clock: options.clock ?? hostClock,
  }
  return options.host === undefined ? host : options.host(host)
}
