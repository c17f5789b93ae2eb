import t from 'tap'
import { BoundedMap } from '../../../adapters/sockets/bounded-map.ts'

t.test('BoundedMap forgets what was used longest ago', (t) => {
  const map = new BoundedMap<string>(3)
  const made: string[] = []
  const get = (key: string): string =>
    map.getOrMake(key, () => {
      made.push(key)
      return `value of ${key}`
    })
  for (const key of ['a', 'b', 'c', 'a', 'd', 'a', 'b']) t.equal(get(key), `value of ${key}`)
  t.same(made, ['a', 'b', 'c', 'd', 'b'])
  t.end()
})

t.test('BoundedMap keeps nothing of what could not be made', (t) => {
  const map = new BoundedMap<string>(1)
  t.throws(() =>
    map.getOrMake('a', () => {
      throw new Error('no')
    })
  )
  t.equal(map.getOrMake('a', () => 'b'), 'b')
  t.end()
})
