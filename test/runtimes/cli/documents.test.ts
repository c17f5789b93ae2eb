import t from 'tap'
import { hostClock } from '../../../adapters/host/mod.ts'
import type { Dialect } from '../../../core/dialect/mod.ts'
import { MemoryStore } from '../../../core/store/mod.ts'
import { Documents } from '../../../runtimes/cli/documents.ts'
import { Turns } from '../../../runtimes/cli/turns.ts'

t.test('a flood of changes is handed on a little at a time, in order, and none is lost', async (t) => {
  // Each look at the clock finds a millisecond gone.
  let now = 0
  const waits: number[] = []
  const clock = {
    ...hostClock,
    monotonic: () => now++,
    after: (ms: number, task: () => void) => {
      waits.push(ms)
      return hostClock.after(0, task)
    },
  }
  const told: number[] = []
  const translator = {
    take: () => ({ applications: new Set<string>(), others: true }),
    parts: () => t.fail('nobody asks'),
    documentOf: () => undefined,
  }
  const dialect = { name: 'apisix', root: '', translator } as unknown as Dialect
  const changed = (_: unknown, { revision }: { readonly revision: number }): void =>
    void told.push(revision)
  const turns = new Turns(clock)
  const user = { changed, stateChanged: () => {} }
  const documents = new Documents([dialect], { clock, turns, user })
  await documents.start(new MemoryStore({ clock: hostClock }))
  told.length = 0
  await new Promise((done) => hostClock.after(5, () => done(undefined)))
  const all = Array.from({ length: 100 }, (_, at) => at + 1)
  const changeOf = (at: number) => [{ key: `/routes/${at}`, document: undefined }]
  for (const revision of all) documents.onChanges(changeOf(revision), { revision })
  t.ok(told.length < 10, `${told.length} at once`)
  while (told.length < all.length) {
    await new Promise((done) => hostClock.after(1, () => done(undefined)))
  }
  t.same(told, all)
  t.ok(waits.length > 10 && waits.every((ms) => ms > 0 && ms <= 100), `rests: ${waits.join()}`)
  documents.stop()
})
