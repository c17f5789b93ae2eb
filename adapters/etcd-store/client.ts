import { Buffer } from 'node:buffer'
import { Etcd3, type IOptions } from 'etcd3'
import type { Clock } from '../../core/port/mod.ts'
import { type StoreFailure, storeFailure } from '../../core/store/mod.ts'
import type { EtcdStoreOptions, EtcdTls } from './options.ts'
import { adjustTls } from './tls.ts'

/** How long a member that failed is passed over while others are there. */
const AVOID_MS = 500
const FIRST_WAIT_MS = 50
const LONGEST_WAIT_MS = 1000

type Policy = NonNullable<NonNullable<IOptions['faultHandling']>['global']>

/** etcd's client, with one way to ask: again and at other members, until there is an answer or no more patience. */
export class EtcdClient {
  readonly etcd: Etcd3
  readonly clock: Clock
  readonly random: () => number
  readonly #patience: number
  readonly #endpoints: string
  #closed = false

  /** Throws where certificates or keys cannot be read. */
  constructor(options: EtcdStoreOptions) {
    const { endpoints, clock, random = Math.random, giveUpAfterMs = 10_000 } = options
    this.clock = clock
    this.random = random
    this.#patience = giveUpAfterMs
    this.#endpoints = endpoints.join(' ')
    this.etcd = new Etcd3(clientOptions(options))
    adjustTls(this.etcd, options.tls?.verify !== false)
  }

  /**
   * Asks until there is an answer. `doubt` is called after each try of which it is not known what became of it.
   * @returns The answer, or why there is none.
   */
  async ask<T>(
    action: string,
    question: () => Promise<T>,
    doubt?: () => void,
  ): Promise<T | StoreFailure> {
    const end = this.clock.monotonic() + this.#patience
    for (let tries = 0;; tries++) {
      if (this.#closed) return this.closedFailure(action)
      try {
        return await question()
      } catch (error) {
        const failure = this.failure(action, error)
        if (failure.failure !== 'unavailable') return failure
        doubt?.()
        const wait = backOff(tries, FIRST_WAIT_MS, LONGEST_WAIT_MS) * (0.5 + this.random() / 2)
        if (this.clock.monotonic() + wait > end) return failure
        await this.wait(wait)
      }
    }
  }

  wait(ms: number): Promise<void> {
    return new Promise((resolve) => void this.clock.after(ms, resolve))
  }

  failure(action: string, error: unknown): StoreFailure {
    if (this.#closed) return this.closedFailure(action)
    const message = error instanceof Error ? error.message : String(error)
    const code = FAILURES.find(([pattern]) => pattern.test(message))?.[1] ?? 'unavailable'
    return storeFailure(code, `${action} in etcd at ${this.#endpoints}: ${message}`)
  }

  closedFailure(action: string): StoreFailure {
    return storeFailure('closed', `${action} in etcd at ${this.#endpoints}: the store was closed`)
  }

  get closed(): boolean {
    return this.#closed
  }

  close(): void {
    this.#closed = true
    this.etcd.close()
  }
}

/** How long to wait after so many tries, before chance shortens it. */
export function backOff(tries: number, first: number, longest: number): number {
  return Math.min(longest, first * 2 ** Math.min(tries, 20))
}

/** etcd's own words (server/etcdserver/api/v3rpc/rpctypes/error.go) and what they mean here. */
const FAILURES = [
  [/database space exceeded/, 'full'],
  [/permission denied|authentication failed|invalid auth token|user name is empty/, 'denied'],
  [/has been compacted/, 'invalid'],
  [/request is too large|too many operations|larger than max/, 'invalid'],
] as const

function clientOptions(options: EtcdStoreOptions): IOptions {
  const { endpoints, user, tls, clock, answerWithinMs = 3000 } = options
  const secure = endpoints[0]?.startsWith('https:') === true
  return {
    hosts: endpoints.map((each) => each.replace(/\/$/, '')),
    ...(secure ? { credentials: credentialsOf(tls ?? {}) } : {}),
    ...(user === undefined ? {} : {
      auth: {
        username: user.name,
        password: user.password,
        callOptions: () => ({ deadline: clock.now() + answerWithinMs }),
      },
    }),
    defaultCallOptions: ({ isStream }) =>
      isStream ? {} : { deadline: clock.now() + answerWithinMs },
    faultHandling: { global: oncePolicy, host: () => avoidingPolicy(clock) },
    grpcOptions: {
      'grpc.max_receive_message_length': -1,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': LONGEST_WAIT_MS,
      ...(tls?.sni === undefined ? {} : { 'grpc.ssl_target_name_override': tls.sni }),
    },
  }
}

function credentialsOf({ ca, cert, key }: EtcdTls): NonNullable<IOptions['credentials']> {
  const given = {
    ...(ca === undefined ? {} : { rootCertificate: Buffer.from(ca) }),
    ...(cert === undefined ? {} : { certChain: Buffer.from(cert) }),
    ...(key === undefined ? {} : { privateKey: Buffer.from(key) }),
  }
  // Left out, the root certificates are the platform's; the package's types do not know that.
  return given as NonNullable<IOptions['credentials']>
}

type Execute = (work: (context: { signal: AbortSignal }) => unknown) => Promise<unknown>

const never = new AbortController().signal

/** Tries are counted by {@linkcode EtcdClient.ask}; nobody below it may repeat a write. */
const oncePolicy = policy(async (work) => await work({ signal: never }))

/** Passes a member over for a while after it failed; where all did, the failure is told again. */
function avoidingPolicy(clock: Clock): Policy {
  let until = 0
  let last: unknown
  return policy(async (work) => {
    if (clock.monotonic() < until) throw last
    try {
      return await work({ signal: never })
    } catch (error) {
      last = error
      const message = error instanceof Error ? error.message : ''
      if (!FAILURES.some(([pattern]) => pattern.test(message))) until = clock.monotonic() + AVOID_MS
      throw error
    }
  })
}

function policy(execute: Execute): Policy {
  const listener = (): { dispose(): void } => ({ dispose() {} })
  return { execute, onSuccess: listener, onFailure: listener } as unknown as Policy
}
