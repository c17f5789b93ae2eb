import t from 'tap'
import { Series } from '../../../../core/dialect/apisix/translate/series.ts'

t.test('Series: in the order in which documents came to be, whatever the order of the writes', (t) => {
  const series = new Series<string>()
  for (const [id, created] of [['c', 7], ['a', 3], ['b', 5]] as const) series.set(id, id, created)
  t.same(series.parts, ['a', 'b', 'c'])
  t.equal(series.parts, series.parts, 'the very same list')
  series.set('a', 'a2', 3)
  t.same(series.parts, ['a2', 'b', 'c'], 'a change keeps the place')
  series.delete('b')
  series.delete('nobody')
  t.same(series.parts, ['a2', 'c'])
  series.set('b', 'b2', 9)
  t.same(series.parts, ['a2', 'c', 'b2'], 'made anew it comes last')
  series.set('a', 'a3', 8)
  t.same(series.parts, ['c', 'a3', 'b2'])
  t.equal(series.get('a'), 'a3')
  series.delete('a')
  t.equal(series.get('a'), undefined)
  t.same(series.parts, ['c', 'b2'])
  t.end()
})
