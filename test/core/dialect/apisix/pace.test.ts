/** When the answer to a write comes: once it is in force, or sooner in a flood. */
import t from 'tap'
import { hostClock } from '../../../../adapters/host/mod.ts'
import { Pace } from '../../../../core/dialect/apisix/api/pace.ts'
import type { InForce } from '../../../../core/dialect/types.ts'

const FINE: InForce = { ok: true }

/** A clock that is set by hand. */
function handClock() {
  let now = 0
  const due: { readonly at: number; readonly task: () => void }[] = []
  const pass = (ms: number): void => {
    now += ms
    for (const each of due.splice(0)) {
      if (each.at <= now) each.task()
      else due.push(each)
    }
  }
  const clock = {
    ...hostClock,
    monotonic: () => now,
    after: (ms: number, task: () => void) => {
      const entry = { at: now + ms, task }
      due.push(entry)
      return () => void due.splice(due.indexOf(entry), 1)
    },
  }
  return { clock, pass }
}

t.test('an answer waits until the write is in force, and tells what is wrong', async (t) => {
  const { clock } = handClock()
  const problems = [{ key: '/routes/1', severity: 'error' as const, message: 'no' }]
  const pace = new Pace(
    clock,
    (revision) => Promise.resolve(revision === 1 ? FINE : { ok: false, problems }),
  )
  t.strictSame(await pace.wait(1), [])
  t.strictSame(await pace.wait(2), problems)
})

t.test('not for ever', async (t) => {
  const { clock, pass } = handClock()
  const pace = new Pace(clock, () => new Promise<InForce>(() => {}))
  const waiting = pace.wait(1)
  pass(999)
  t.equal(await Promise.race([waiting, Promise.resolve('waits')]), 'waits')
  pass(1)
  t.strictSame(await waiting, [])
})

t.test('in a flood of writes that take long, answers come at once; after it they wait again', async (t) => {
  const { clock, pass } = handClock()
  let settle = (): void => {}
  const pace = new Pace(clock, () =>
    new Promise<InForce>((resolve) => {
      settle = () => {
        pass(20)
        resolve(FINE)
      }
    }))
  const waits = async (): Promise<boolean> => {
    const answer = pace.wait(1)
    const isWaiting = await Promise.race([
      answer.then(() => false),
      new Promise<boolean>((resolve) => setImmediate(() => resolve(true))),
    ])
    settle()
    await answer
    return isWaiting
  }
  t.equal(await waits(), true)
  for (let write = 1; write <= 300; write++) {
    pass(1)
    const answer = pace.wait(write)
    settle()
    await answer
  }
  pass(1)
  t.equal(await waits(), false)
  pass(1000)
  t.equal(await waits(), false, 'a pause')
  pass(2000)
  t.equal(await waits(), true, 'its end')
})
