import t from 'tap'
import { hostClock } from '../../../adapters/host/mod.ts'
import { Lull } from '../../../runtimes/cli/lull.ts'

t.test('there is no traffic where none ended for a second', (t) => {
  let [now, exchanges] = [7000, 0]
  const lull = new Lull({ ...hostClock, monotonic: () => now }, () => exchanges)
  t.notOk(lull.isOn, 'nothing is known at first')
  now += 999
  t.notOk(lull.isOn)
  now += 1
  t.ok(lull.isOn)
  exchanges++
  t.notOk(lull.isOn)
  now += 1000
  t.ok(lull.isOn)
  now += 5000
  exchanges++
  t.notOk(lull.isOn, 'whenever it came')
  t.end()
})
