/** What only a store over messages can suffer: long lists, silent owners, clients that are gone. */
import t from 'tap'
import { hostClock, hostEntropy } from '../../../adapters/host/mod.ts'
import type { Clock } from '../../../core/port/mod.ts'
import { MemoryStore, RemoteStore, serveStore } from '../../../core/store/mod.ts'
import { good, refused, Seen } from '../../conformance/store-cases.ts'
import { Wire } from './channel.ts'

const by = 'tester'

t.test('a long list comes in parts and arrives whole', async (t) => {
  const wire = new Wire()
  const memory = new MemoryStore({ clock: hostClock })
  t.teardown(serveStore(memory, wire.owner, hostClock))
  const remote = new RemoteStore({
    channel: wire.client,
    clock: hostClock,
    entropy: hostEntropy,
  })
  t.teardown(() => remote.close())
  for (let part = 0; part < 12; part++) {
    const operations = Array.from(
      { length: 100 },
      (_, at) => ({ put: `/d/${part}-${at}`, value: at }),
    )
    good(t, await memory.commit({ by, operations }))
  }
  const page = good(t, await remote.list('/d/'))
  t.same(page, good(t, await memory.list('/d/')))
  t.equal(wire.sent, 3)
})

t.test('an owner that is silent is told as out of reach', async (t) => {
  const wire = new Wire()
  const options = { channel: wire.client, clock: hostClock, entropy: hostEntropy }
  const remote = new RemoteStore({ ...options, answerWithinMs: 20 })
  t.teardown(() => remote.close())
  refused(t, await remote.get('/a'), 'unavailable', /^Get "\/a": the process that owns the store/)
  refused(t, await remote.put('/a', 1, { by }), 'unavailable')
})

t.test('closing answers those who wait', async (t) => {
  const wire = new Wire()
  const remote = new RemoteStore({
    channel: wire.client,
    clock: hostClock,
    entropy: hostEntropy,
  })
  const waiting = remote.get('/a')
  await remote.close()
  refused(t, await waiting, 'closed')
})

t.test('watches of a client that fell silent end', async (t) => {
  const wire = new Wire()
  let now = 0
  let look: () => void = () => {}
  const clock: Clock = {
    ...hostClock,
    monotonic: () => now,
    every: (_ms, task) => {
      look = task
      return () => {}
    },
  }
  const memory = new MemoryStore({ clock: hostClock })
  t.teardown(serveStore(memory, wire.owner, clock))
  const quiet: Clock = { ...hostClock, every: () => () => {} }
  const remote = new RemoteStore({ channel: wire.client, clock: quiet, entropy: hostEntropy })
  t.teardown(() => remote.close())
  const seen = new Seen()
  remote.watch('/', 0, seen.receive)
  good(t, await remote.put('/a', 1, { by }))
  await seen.until((events) => events.length === 1)
  const before = wire.sent
  now = 30_000
  look()
  good(t, await memory.put('/a', 2, { by }))
  await seen.until((events) => events.length === 2)
  now = 60_000
  look()
  good(t, await memory.put('/a', 3, { by }))
  await new Promise((resolve) => setImmediate(resolve))
  t.equal(wire.sent, before + 1, 'nothing is sent to nobody')
})
