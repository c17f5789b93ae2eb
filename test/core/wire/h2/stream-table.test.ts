import t from 'tap'
import { StreamTable } from '../../../../core/wire/h2/stream-table.ts'
import { Stream } from '../../../../core/wire/h2/streams.ts'

t.test('StreamTable finds what a Map would find', (t) => {
  const table = new StreamTable()
  const map = new Map<number, Stream>()
  let seed = 7
  const random = (below: number): number => {
    seed = (seed * 1103515245 + 12345) & 0x7fff_ffff
    return seed % below
  }
  let differences = 0
  for (let id = 1; id < 20_000; id += 2) {
    if (random(3) > 0) {
      const stream = new Stream(id, 1, 1)
      table.add(stream)
      map.set(id, stream)
    }
    while (map.size > 200 || (map.size > 0 && random(5) > 2)) {
      const ids = [...map.keys()]
      const gone = ids[random(ids.length)] as number
      table.delete(gone)
      map.delete(gone)
    }
    table.delete(id + 100_000)
    const asked = id - 2 * random(100)
    if (table.get(asked) !== map.get(asked) || table.size !== map.size) differences++
  }
  t.equal(differences, 0)
  const byNumber = (one: Stream, other: Stream): number => one.id - other.id
  t.same(table.values().sort(byNumber).map(({ id }) => id), [...map.keys()])
  table.clear()
  t.equal(table.size, 0)
  t.same(table.values(), [])
  t.end()
})
