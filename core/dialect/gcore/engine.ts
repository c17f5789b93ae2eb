import { isStoreFailure, type Operation, type Store } from '../../store/mod.ts'
import type { DialectContext } from '../types.ts'
import { after, asJson, type Balancer, get, list, type Outcome, readBalancer } from './balancer.ts'
import type { ReadBalancer } from './balancer.ts'
import { type LoadBalancerDoc, type Lock, type Place, ROOT, type SecretDoc } from './documents.ts'
import type { TaskDoc, Undo } from './documents.ts'
import { conflict, notFound } from './faults.ts'
import { familyOf, newId } from './ids.ts'
import { addressKey, balancerKey, poolKey, secretKey } from './keys.ts'
import { unfit } from './contents.ts'
import { Locks } from './locks.ts'
import { check, impossible, referencesOf } from './plan/checks.ts'
import { type Making, makingFor } from './plan/making.ts'
import { addressesOf, portTaken, socketOf } from './plan/vip.ts'
import { Settlement } from './settlement.ts'
import { storeFault } from './store-fault.ts'
import { failed, finished, putTask, readTask, runningTask } from './tasks.ts'
import type { TaskContent } from './tasks.ts'

/** A change that is to be made, as a task. */
export interface Work {
  readonly place: Place
  readonly type: string
  readonly kind: Lock['kind']
  readonly requestId: string
  /** An id of the load balancer, or of something below it; for `create`, the new one's. */
  readonly id: string
  /** What a client is told that `id` is. */
  readonly noun: string
  /** What the change makes; undefined: nothing changes. For `create`, `before` is undefined. */
  readonly plan: (before: Balancer | undefined, making: Making) => Outcome | undefined
}

/** How many times a change is decided anew where another came in between. */
const ATTEMPTS = 8
/** The longest an answer waits for its task to end, in milliseconds; most end within a few. */
const PATIENCE = 3_000
/** How long another process's task is waited for, in steps of milliseconds. */
const STEPS: readonly number[] = [20, 50, 100, 200, 400, 800, 1_600]

interface Begun {
  readonly task: TaskDoc
  readonly revision: number
}

/** Makes changes, each as a task that holds its load balancer until it is in force or undone. */
export class Engine {
  readonly #context: DialectContext
  readonly #settlement: Settlement
  readonly #locks = new Locks()

  constructor(context: DialectContext) {
    this.#context = context
    this.#settlement = new Settlement(context)
  }

  get #store(): Store {
    return this.#context.store
  }

  /**
   * Begins a change and waits a while for its end.
   * @returns the ids of its tasks: one, or none where nothing changes
   * @throws ApiFault where the change makes no sense
   */
  async change(work: Work): Promise<{ readonly tasks: readonly string[] }> {
    const release = await this.#locks.take(familyOf(work.id))
    const begun = await this.#begin(work).catch((error: unknown) => {
      release()
      throw error
    })
    if (begun === undefined || begun.task.state !== 'RUNNING') release()
    else await this.#patiently(this.#settlement.settle(begun.task, begun.revision).finally(release))
    return { tasks: begun === undefined ? [] : [begun.task.id] }
  }

  /** Ends what a process that died left under way. */
  async recover(): Promise<void> {
    const found = await list(this.#store, `${ROOT}/tasks/`)
    await Promise.all(found.map(async ({ value, modifyRevision }) => {
      const task = value as unknown as TaskDoc
      if (task.state === 'RUNNING') await this.#adopt(task, modifyRevision)
    }))
  }

  /** Makes a change to secrets, which is in force at once. */
  async changeSecrets(
    content: Omit<TaskContent, 'id' | 'now'>,
    decide: () => Promise<{
      readonly operations: readonly Operation[]
      readonly created?: readonly string[]
      readonly fault?: string
    }>,
  ): Promise<{ readonly tasks: readonly string[] }> {
    const release = await this.#locks.take(placeName(content.place))
    try {
      const { operations, created, fault } = await decide()
      const task = this.#task(content, { created: created && { secrets: created } })
      const ended = fault === undefined
        ? finished(task, task.created_on)
        : failed(task, task.created_on, fault)
      const all = fault === undefined ? operations : []
      const done = await this.#store.commit({ by: BY, operations: [...all, putTask(ended)] })
      if (isStoreFailure(done)) throw storeFault(done)
      return { tasks: [task.id] }
    } finally {
      release()
    }
  }

  #task(
    content: Omit<TaskContent, 'id' | 'now'>,
    options: { readonly created?: TaskDoc['created_resources'] | undefined } = {},
  ): TaskDoc {
    const id = newId(this.#context.entropy)
    const created = options.created ?? undefined
    const { clock } = this.#context
    return runningTask({ ...content, id, now: clock.now() }, { created, holds: null, undo: [] })
  }

  async #begin(work: Work): Promise<Begun | undefined> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const before = await this.#free(work)
      const release = await this.#locks.take(placeName(work.place))
      try {
        const begun = await this.#attempt(work, before)
        if (begun !== 'again') return begun
      } finally {
        release()
      }
    }
    throw conflict('The load balancer is being changed by others, try again')
  }

  /** The load balancer as it is, once no other task holds it. @throws ApiFault 404, 409 */
  async #free({ place, id, kind, noun }: Work): Promise<ReadBalancer | undefined> {
    if (kind === 'create') return undefined
    for (const step of [...STEPS, 0]) {
      const found = await readBalancer(this.#store, place, id)
      if (found === undefined) throw notFound(noun, id)
      if (found.lb.task === null) return found
      const under = await readTask(this.#store, found.lb.task.id)
      if (under?.task.state !== 'RUNNING') return found
      // A task of this process holds the lock that we have, so this one is another's, or a dead one's.
      const left = this.#settlement.abandoned(under.task)
      if (left) await this.#settlement.resume(under.task, under.revision)
      else if (step > 0) await this.#sleep(step)
    }
    throw conflict('The load balancer is locked by another task, try again')
  }

  async #attempt(
    work: Work,
    before: ReadBalancer | undefined,
  ): Promise<Begun | undefined | 'again'> {
    const draft = this.#task(work)
    const making = makingFor(before?.lb.id ?? work.id, {
      entropy: this.#context.entropy,
      now: draft.created_on,
      taskId: draft.id,
    })
    const outcome = work.plan(before, making)
    if (outcome === undefined) return undefined
    const { fault, secrets, claims } = await this.#judge(work.place, outcome, before)
    if (fault !== undefined) return await this.#fail(draft, fault)
    const { operations, conditions, undo } = transactionOf(work, { before, outcome, task: draft })
    const task = {
      ...draft,
      created_resources: outcome.created ?? null,
      holds: before?.lb.id ?? work.id,
      undo,
    }
    const puts = claims.map(({ key }) => ({ put: key, value: { task: task.id } }))
    const all = [...operations, ...puts, putTask(task)]
    const spare = MAX_KEYS - all.length
    const done = await this.#store.commit({
      by: BY,
      operations: all,
      conditions: [...conditions, ...claims, ...secrets.slice(0, Math.max(0, spare))],
    })
    if (!isStoreFailure(done)) return { task, revision: done.revision }
    if (done.failure === 'conflict') return 'again'
    throw storeFault(done)
  }

  /**
   * Why an outcome cannot be, the secrets that it newly needs as they are, and the addresses at which it needs ports
   * that it had not. @throws ApiFault
   */
  async #judge(
    place: Place,
    outcome: Outcome,
    before: ReadBalancer | undefined,
  ): Promise<Judgement> {
    const { fault: known } = outcome
    if (outcome.lb === undefined || known !== undefined) {
      return { fault: known, secrets: [], claims: [] }
    }
    const next = before === undefined
      ? { lb: outcome.lb, pools: new Map([...outcome.pools].filter(isPut)) }
      : after(before, outcome)
    check(next, before)
    const { fault, secrets } = await this.#judgeSecrets(place, next, before)
    // Read before the others are looked at: who takes a port at the same address meanwhile is found out by it.
    const claims = await this.#claims(outcome.lb, before?.lb)
    const others = await list(this.#store, `${ROOT}/loadbalancers/`)
    const taken = portTaken(
      outcome.lb,
      others.map(({ value }) => value as unknown as LoadBalancerDoc),
    )
    return { fault: fault ?? impossible(next) ?? taken, secrets, claims }
  }

  async #claims(
    lb: LoadBalancerDoc,
    before: LoadBalancerDoc | undefined,
  ): Promise<readonly Condition[]> {
    const had = new Set(before?.listeners.map(socketOf))
    const addresses = addressesOf(lb).filter((address) =>
      before === undefined || !addressesOf(before).includes(address) ||
      lb.listeners.some((each) => !had.has(socketOf(each)))
    )
    return await Promise.all(addresses.map(async (address) => {
      const key = addressKey(address)
      const found = await get(this.#store, key)
      return { key, revision: found?.modifyRevision ?? 0 }
    }))
  }

  async #judgeSecrets(
    place: Place,
    next: Balancer,
    before: Balancer | undefined,
  ): Promise<{ readonly fault: string | undefined; readonly secrets: readonly Condition[] }> {
    const known = new Set((before === undefined ? [] : referencesOf(before)).map(nameOf))
    const secrets = new Map<string, Condition>()
    let fault: string | undefined
    for (const reference of referencesOf(next)) {
      if (known.has(nameOf(reference))) continue
      known.add(nameOf(reference))
      const key = secretKey(place, reference.id)
      const found = await get(this.#store, key)
      if (found === undefined) throw notFound('Secret', reference.id)
      secrets.set(key, { key, revision: found.modifyRevision })
      fault ??= unfit(found.value as unknown as SecretDoc, reference.use)
    }
    return { fault, secrets: [...secrets.values()] }
  }

  async #fail(draft: TaskDoc, fault: string): Promise<Begun> {
    const task = failed(draft, draft.created_on, fault)
    const done = await this.#store.commit({ by: BY, operations: [putTask(task)] })
    if (isStoreFailure(done)) throw storeFault(done)
    return { task, revision: done.revision }
  }

  async #adopt(task: TaskDoc, revision: number): Promise<void> {
    const release = await this.#locks.take(familyOf(task.holds ?? task.id))
    await this.#patiently(this.#settlement.resume(task, revision).finally(release))
  }

  /** Waits for a task, but not too long: whoever asked can ask for its state. */
  async #patiently(settled: Promise<void>): Promise<void> {
    let cancel: () => void = () => {}
    const enough = new Promise<void>((resolve) => {
      cancel = this.#context.clock.after(PATIENCE, resolve)
    })
    await Promise.race([settled, enough])
    cancel()
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.#context.clock.after(ms, resolve))
  }
}

/** Who makes the changes, for those who watch the store. */
export const BY = 'gcore'
/** Keys that one transaction may speak of. */
const MAX_KEYS = 100

interface Judgement {
  readonly fault: string | undefined
  readonly secrets: readonly Condition[]
  readonly claims: readonly Condition[]
}

interface Condition {
  readonly key: string
  readonly revision: number
}

function nameOf({ id, use }: { readonly id: string; readonly use: string }): string {
  return `${id} ${use}`
}

function placeName({ project, region }: Place): string {
  return `place ${project} ${region}`
}

function isPut<T>(entry: readonly [string, T | undefined]): entry is [string, T] {
  return entry[1] !== undefined
}

/** A change as operations on documents, the conditions that it was decided on, and how it is undone. */
function transactionOf(
  { place, kind }: Work,
  { before, outcome, task }: {
    readonly before: ReadBalancer | undefined
    readonly outcome: Outcome
    readonly task: TaskDoc
  },
): {
  readonly operations: readonly Operation[]
  readonly conditions: readonly Condition[]
  readonly undo: readonly Undo[]
} {
  const id = before?.lb.id ?? outcome.lb?.id ?? ''
  const lock = { id: task.id, kind, touched: outcome.touched ?? [] }
  const updated_at = before === undefined ? null : task.created_on
  const lb = outcome.lb && { ...outcome.lb, updated_at, task: lock }
  const parts = [
    { key: balancerKey(place, id), was: before?.lb, is: lb },
    ...[...outcome.pools].map(([poolId, is]) => (
      { key: poolKey(place, poolId), was: before?.pools.get(poolId), is }
    )),
  ]
  return {
    operations: parts.map(({ key, is }) =>
      is === undefined ? { delete: key } : { put: key, value: asJson(is) }
    ),
    conditions: parts.map(({ key }) => ({ key, revision: before?.revisions.get(key) ?? 0 })),
    undo: parts.map(({ key, was }) => ({ key, value: was ?? null })),
  }
}
