import t from 'tap'
import { type KeyedEntry, SniNames } from '../../../../core/dialect/apisix/translate/sni-names.ts'
import { tlsEntry } from '../../decide/scene.ts'

t.test('SniNames: after any changes each name is that of the oldest document which has it', (t) => {
  let state = 7
  const take = (below: number): number => (state = (state * 48271) % 2147483647) % below
  let made = 0
  const any = (): KeyedEntry => {
    // Names are wanted twice now and then, and then no more.
    const names = Array.from({ length: 1 + take(2) }, () => `n${take(400)}.test`)
    return { key: `/ssls/${made++}`, entry: tlsEntry([...new Set(names)]) }
  }
  const names = new SniNames(() => {})
  let all = Array.from({ length: 5 }, any)
  let clear = 0
  for (let round = 0; round < 500; round++) {
    all = [...all]
    all.splice(take(all.length + 1), take(4), ...Array.from({ length: take(4) }, any))
    if (all.length > 25) all = all.slice(0, 5)
    const found = names.share(all)
    const wanted = new SniNames(() => {}).share(all)
    clear += Number(wanted.problems.length === 0)
    const told = ({ entries }: typeof found): string[] => entries.map((each) => each.names.join())
    const [one, other] = [found, wanted].map((each) => [told(each), each.problems])
    if (JSON.stringify(one) !== JSON.stringify(other)) {
      t.same(one, other)
      return t.fail(`round ${round}`)
    }
  }
  t.pass('all the same')
  t.ok(clear > 50 && clear < 450, `${clear} of 500 had no name twice`)
  t.end()
})
