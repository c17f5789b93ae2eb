import t from 'tap'
import { PersistentMap } from '../../../core/snapshot/persistent-map.ts'

/** A fixed sequence, the same each time. */
function* numbers(): Generator<number, never> {
  for (let state = 7;; state = (state * 48271) % 2147483647) yield state
}

t.test('PersistentMap is what a copy would be, after any changes', (t) => {
  const next = numbers()
  const take = (below: number): number => next.next().value % below
  const start = new Map([['a', 1], ['b', 2], ['c', 3]])
  let map = PersistentMap.of(new Map(), { put: start, remove: [] })
  let truth = new Map(map)
  let earlier = { map, truth }
  for (let round = 0; round < 2000; round++) {
    const put = new Map<string, number>()
    for (let i = take(3); i > 0; i--) put.set(`k${take(900)}`, round)
    const remove = Array.from({ length: take(3) }, () => `k${take(900)}`)
    const before = map
    map = PersistentMap.of(map, { put, remove })
    const keys = PersistentMap.between(before, map)
    const changed = [...put.keys(), ...remove].filter((key) => before.get(key) !== map.get(key))
    if (keys === undefined || changed.some((key) => !keys.has(key)) || keys.size > 6) {
      return t.fail(`round ${round}: ${changed.join()} changed, ${[...keys ?? []].join()} are told`)
    }
    truth = new Map(truth)
    for (const key of remove) truth.delete(key)
    for (const [key, value] of put) truth.set(key, value)
    if (map.size !== truth.size) return t.fail(`round ${round}: ${map.size}, not ${truth.size}`)
    const probe = `k${take(900)}`
    if (map.get(probe) !== truth.get(probe) || map.has(probe) !== truth.has(probe)) {
      return t.fail(`round ${round}: ${probe}`)
    }
    if (take(20) === 0) {
      const names = [...new Set([...earlier.truth.keys(), ...truth.keys()])]
      const differs = names.filter((key) => earlier.truth.get(key) !== truth.get(key)).sort()
      t.same([...PersistentMap.between(earlier.map, map) ?? []].sort(), differs)
      t.same([...earlier.map].sort(), [...earlier.truth].sort())
      earlier = { map, truth }
    }
    if (round % 100 === 0) {
      t.same([...map].sort(), [...truth].sort())
      t.same([...map.keys()], [...map].map(([key]) => key))
      t.same([...map.values()], [...map].map(([, value]) => value))
    }
  }
  t.same([...map].sort(), [...truth].sort())
  t.end()
})

t.test('PersistentMap gives back the very same map where nothing changes', (t) => {
  const map = new Map([['a', 1]])
  t.equal(PersistentMap.of(map, { put: new Map(), remove: ['b'] }), map)
  t.end()
})
