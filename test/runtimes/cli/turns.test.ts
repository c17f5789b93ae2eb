import t from 'tap'
import type { Clock } from '../../../core/mod.ts'
import { Turns } from '../../../runtimes/cli/turns.ts'

/** A clock that stands still but for what is said to pass: `others` for each turn of the event loop. */
function clockOf(others: number): Clock & { pass: (ms: number) => void; readonly rests: number[] } {
  let time = 0
  const rests: number[] = []
  return {
    now: () => time,
    monotonic: () => time,
    every: () => () => {},
    after(ms, task) {
      rests.push(ms)
      time += ms
      queueMicrotask(task)
      return () => {}
    },
    soon(task) {
      time += others
      queueMicrotask(task)
    },
    pass: (ms) => void (time += ms),
    rests,
  }
}

async function work(clock: ReturnType<typeof clockOf>, turns: number, ms: number): Promise<void> {
  const next = new Turns(clock).begin()
  for (let turn = 0; turn < turns; turn++) {
    clock.pass(ms)
    await next()
  }
}

t.test('long work rests while others are busy, six times as long as it worked', async (t) => {
  const clock = clockOf(0.5)
  await work(clock, 100, 2)
  t.ok(clock.rests.length > 80, `${clock.rests.length} rests`)
  t.ok(clock.rests.every((ms) => Math.abs(ms - 12) < 0.01))
})

t.test('long work does not rest while nobody else has anything to do', async (t) => {
  const clock = clockOf(0)
  await work(clock, 100, 2)
  t.same(clock.rests, [])
})

t.test('work that is soon over does not rest, and one long turn has a bounded rest', async (t) => {
  const short = clockOf(0.5)
  await work(short, 2, 2)
  t.same(short.rests, [])
  const long = clockOf(0.5)
  await work(long, 1, 1000)
  t.same(long.rests, [50])
})

t.test('two that work at the same time rest as long as one does', async (t) => {
  const clock = clockOf(0.5)
  const turns = new Turns(clock)
  const both = [turns.begin(), turns.begin()]
  const from = clock.monotonic()
  for (let turn = 0; turn < 100; turn++) {
    clock.pass(0.5)
    await both[turn % 2]?.()
  }
  t.ok(clock.monotonic() - from > 320, `${clock.monotonic() - from} ms for 50 ms of work`)
})

t.test('a turn goes on until it is long enough', async (t) => {
  const clock = clockOf(0.5)
  await work(clock, 4, 0.1)
  t.equal(Math.round(clock.monotonic() * 10), 4)
})
