import type { Duplex } from '../port/mod.ts'
import { ResponseParser } from '../wire/mod.ts'
import type { Finding } from './probe.ts'
import type { Schedule, Task } from './types.ts'

/** Bounds on the answer to a check. */
const LIMITS = { headSize: 64 * 1024, headerCount: 1000 }

/** A request as bytes, and how long its answer may take. */
export interface Question {
  readonly schedule: Schedule
  /** In the schedule's time. */
  readonly deadline: number
  readonly method: string
  /** The whole request. */
  readonly head: string
}

/** Sends a request and waits for the head of its answer alone. Gives its status, or what came instead of one. */
export function askStatus(duplex: Duplex, question: Question): Promise<number | Finding> {
  const { schedule, head, method } = question
  return new Promise((resolve) => {
    const settle = (found: number | Finding): void => {
      schedule.remove(task)
      resolve(found)
    }
    const task: Task = {
      deadline: question.deadline,
      expire: () => settle({ outcome: 'timeout', reason: 'The check was not answered in time' }),
    }
    const parser = new ResponseParser({
      onHead: ({ status }) => status >= 200 ? settle(status) : undefined,
      onBody: () => {},
      onEnd: () => {},
      onError: ({ detail }) =>
        settle({ outcome: 'tcp', reason: `The answer is no HTTP: ${detail}` }),
    }, { limits: LIMITS })
    const gone = (): void =>
      settle({ outcome: 'tcp', reason: 'The connection was closed before an answer' })
    schedule.add(task)
    parser.next(method)
    duplex.handle({
      onData: (chunk) => void parser.push(chunk),
      onEnd: gone,
      onDrain: () => {},
      onClose: gone,
    })
    duplex.write(head)
    duplex.resume()
  })
}
