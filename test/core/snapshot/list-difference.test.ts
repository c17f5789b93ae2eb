import t from 'tap'
import { freshIn, listDifference, spliced } from '../../../core/snapshot/mod.ts'

/** A fixed sequence, the same each time. */
function* numbers(): Generator<number, never> {
  for (let state = 7;; state = (state * 48271) % 2147483647) yield state
}

t.test('listDifference: the later list is the earlier one with its hunks replaced', (t) => {
  const next = numbers()
  const take = (below: number): number => next.next().value % below
  let list: readonly { readonly name: string }[] = []
  for (let round = 0; round < 500; round++) {
    const after = [...list]
    for (let i = take(6); i > 0; i--) {
      const at = take(after.length + 1)
      const fresh = Array.from({ length: take(4) }, (_, n) => ({ name: `${round} ${i} ${n}` }))
      after.splice(at, take(4), ...fresh)
    }
    const hunks = listDifference(list, after)
    if (hunks === undefined) return t.fail(`round ${round}: too different`)
    const before = new Set(list)
    const names = spliced(
      list.map(({ name }) => name),
      hunks,
      (index) => `new ${after[index]?.name}`,
    )
    const wanted = after.map((each) => before.has(each) ? each.name : `new ${each.name}`)
    const fresh = after.filter((each) => !before.has(each)).length
    if (names.join() !== wanted.join() || freshIn(hunks) !== fresh) {
      t.same(names, wanted)
      return t.fail(`round ${round}: ${freshIn(hunks)} new, not ${fresh}`)
    }
    list = after
  }
  t.pass('all the same')
  t.end()
})

t.test('listDifference: the same list has none, and all that was made of it stays the very same', (t) => {
  const list = [{}, {}]
  t.same(listDifference(list, list), [])
  t.same(listDifference(list, [...list]), [])
  const made = ['a', 'b']
  t.equal(spliced(made, [], () => ''), made)
  t.end()
})

t.test('listDifference gives up where most is another', (t) => {
  const of = (length: number): object[] => Array.from({ length }, () => ({}))
  t.equal(listDifference(of(500), of(500)), undefined)
  t.same(listDifference(of(2), of(3)), [{ from: 0, out: 2, to: 0, into: 3 }])
  t.end()
})
