import t from 'tap'
import { SortedKeys } from '../../../core/store/mod.ts'

t.test('keys stay in order through any changes', (t) => {
  const keys = SortedKeys.of(['/b', '/a'])
  const known = new Set(['/a', '/b'])
  let seed = 1
  const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below
  for (let at = 0; at < 20_000; at++) {
    const key = `/${random(6000)}`
    if (random(3) === 0) {
      keys.delete(key)
      known.delete(key)
    } else {
      keys.add(key)
      known.add(key)
    }
  }
  const sorted = [...known].sort()
  t.equal(keys.size, sorted.length)
  t.strictSame([...keys.from('')], sorted)
  t.strictSame([...keys.from('/3')], sorted.filter((key) => key >= '/3'))
  t.strictSame([...keys.from('/3000x')], sorted.filter((key) => key >= '/3000x'))
  t.strictSame(keys.last(1500), sorted.slice(-1500).reverse())
  for (const key of sorted) keys.delete(key)
  t.strictSame([...keys.from('')], [])
  t.strictSame(keys.last(3), [])
  keys.add('/x')
  t.strictSame([...keys.from('')], ['/x'])
  t.end()
})
