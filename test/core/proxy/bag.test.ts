import t from 'tap'
import { Bag } from '../../../core/proxy/bag.ts'
import { Ticker } from '../../../core/proxy/ticker.ts'

t.test('Bag holds each thing once, and lets go of it', (t) => {
  const bag = new Bag<'place', { readonly name: string; place?: number }>('place')
  const [a, b, c] = [{ name: 'a' }, { name: 'b' }, { name: 'c' }]
  for (const each of [a, b, c, a, b]) bag.add(each)
  t.equal(bag.size, 3)
  bag.remove(a)
  bag.remove(a)
  t.same(bag.all().map(({ name }) => name).sort(), ['b', 'c'])
  bag.add(a)
  bag.remove(c)
  bag.remove(b)
  t.same(bag.all().map(({ name }) => name), ['a'])
  t.equal(bag.at(0)?.name, 'a')
  t.equal(bag.at(1), undefined)
  t.end()
})

t.test('Ticker ends what is late, also where that takes out others', (t) => {
  let tick = (): void => {}
  let now = 0
  const ticker = new Ticker({
    now: () => now,
    monotonic: () => now,
    soon: () => {},
    after: () => () => {},
    every: (_ms, run) => {
      tick = run
      return () => {}
    },
  })
  const ended: number[] = []
  const mortals = Array.from({ length: 10 }, (_, i) => ({
    deadline: i % 2 === 0 ? 5 : Infinity,
    expire: (): void => {
      ended.push(i)
      for (const each of mortals.slice(i)) ticker.remove(each)
    },
  }))
  for (const each of mortals) ticker.add(each)
  now = 10
  tick()
  t.same(ended.sort(), [0, 2, 4, 6, 8])
  tick()
  t.equal(ended.length, 5, 'none ends twice')
  t.end()
})
