import { isStoreFailure, type Operation, type Store } from '../../store/mod.ts'
import type { DialectContext, InForce } from '../types.ts'
import { asJson, get } from './balancer.ts'
import type { LoadBalancerDoc, TaskDoc } from './documents.ts'
import { failed, finished, putTask, readTask } from './tasks.ts'

/** How long a change may take to come into force, in milliseconds. */
const LONGEST = 120_000
/** Whose task has been under way for so long is dead, in milliseconds. */
const GIVEN_UP = LONGEST + 30_000
const ATTEMPTS = 8

/** Ends tasks: what came into force is finished, what cannot is undone. */
export class Settlement {
  readonly #context: DialectContext

  constructor(context: DialectContext) {
    this.#context = context
  }

  get #store(): Store {
    return this.#context.store
  }

  /** Whether nobody will end a task that another process began. */
  abandoned(task: TaskDoc): boolean {
    return this.#context.clock.now() - task.created_on > GIVEN_UP
  }

  /** Waits until a change is in force, or is known not to come, and ends its task. It never rejects. */
  async settle(task: TaskDoc, revision: number): Promise<void> {
    try {
      const fault = faultOf(await this.#inForce(revision))
      const undone = await this.#end(task, fault)
      if (undone !== undefined) await this.#inForce(undone)
    } catch (error) {
      this.#context.log.write('error', 'A task could not be ended', {
        task: task.id,
        reason: error instanceof Error ? error.message : String(error),
      })
    }
  }

  /**
   * Ends a task that another process left: its documents are put once more, so that what is wrong with them is told
   * as of that revision. It never rejects.
   */
  async resume(task: TaskDoc, revision: number): Promise<void> {
    const there = await Promise.all(task.undo.map(({ key }) => get(this.#store, key)))
    const documents = there.filter((each) => each !== undefined)
    const done = await this.#store.commit({
      by: 'gcore',
      operations: documents.map(({ key, value }) => ({ put: key, value })),
      conditions: documents.map(({ key, modifyRevision }) => ({ key, revision: modifyRevision })),
    })
    await this.settle(task, isStoreFailure(done) ? revision : done.revision)
  }

  async #inForce(revision: number): Promise<InForce> {
    const { clock, inForce } = this.#context
    let cancel: () => void = () => {}
    const message = `It did not come into force within ${LONGEST / 1000} seconds`
    const late = new Promise<InForce>((resolve) => {
      cancel = clock.after(
        LONGEST,
        () => resolve({ ok: false, problems: [{ key: '', severity: 'error', message }] }),
      )
    })
    const result = await Promise.race([inForce(revision), late])
    cancel()
    return result
  }

  /** @returns the revision at which the change was undone */
  async #end(begun: TaskDoc, fault: string | undefined): Promise<number | undefined> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const found = await readTask(this.#store, begun.id)
      if (found?.task.state !== 'RUNNING') return undefined
      const now = this.#context.clock.now()
      const { task } = found
      const { operations, conditions } = fault === undefined
        ? await this.#release(task)
        : await this.#undo(task)
      const ended = fault === undefined ? finished(task, now) : failed(task, now, fault)
      const done = await this.#store.commit({
        by: 'gcore',
        operations: [...operations, putTask(ended)],
        conditions,
      })
      if (!isStoreFailure(done)) return fault === undefined ? undefined : done.revision
      if (done.failure !== 'conflict') throw new Error(done.message)
    }
    throw new Error('others kept changing its load balancer')
  }

  /** Lets go of the load balancer that a task holds. */
  async #release(task: TaskDoc): Promise<Change> {
    const [first] = task.undo
    const found = first && await get(this.#store, first.key)
    const lb = found?.value as unknown as LoadBalancerDoc | undefined
    if (found === undefined || lb?.task?.id !== task.id) return { operations: [], conditions: [] }
    return {
      operations: [{ put: found.key, value: asJson({ ...lb, task: null }) }],
      conditions: [{ key: found.key, revision: found.modifyRevision }],
    }
  }

  /** Puts back what was there before a task, unless its load balancer is no longer that task's. */
  async #undo(task: TaskDoc): Promise<Change> {
    const [first] = task.undo
    const found = first && await get(this.#store, first.key)
    const lb = found?.value as unknown as LoadBalancerDoc | undefined
    if (first === undefined || (found !== undefined && lb?.task?.id !== task.id)) {
      return { operations: [], conditions: [] }
    }
    return {
      operations: task.undo.map(({ key, value }) =>
        value === null ? { delete: key } : { put: key, value: asJson(value) }
      ),
      conditions: [{ key: first.key, revision: found?.modifyRevision ?? 0 }],
    }
  }
}

interface Change {
  readonly operations: readonly Operation[]
  readonly conditions: readonly { readonly key: string; readonly revision: number }[]
}

/** Why a change is not in force. */
function faultOf(result: InForce): string | undefined {
  if (result.ok) return undefined
  const errors = result.problems.filter(({ severity }) => severity === 'error')
  return errors.map(({ message }) => message).join('; ') || undefined
}
