import t from 'tap'
import { ApiKeyTable } from '../../../core/plan/mod.ts'

t.test('get finds exactly the keys that were added', (t) => {
  const table = new ApiKeyTable<number>(0x1234567)
  for (let index = 0; index < 5000; index++) table.add(`key-${index}`, index)
  t.equal(table.size, 5000)
  for (let index = 0; index < 5000; index++) {
    if (table.get(`key-${index}`) !== index) t.fail(`key-${index}`)
  }
  for (const wrong of ['', 'key', 'key-', 'key-5000', 'KEY-1', 'key-1 ', 'key-1\0']) {
    t.equal(table.get(wrong), undefined, JSON.stringify(wrong))
  }
  t.end()
})

t.test('add keeps the first value of a key', (t) => {
  const table = new ApiKeyTable<string>(1)
  t.equal(table.add('key', 'first'), undefined)
  t.equal(table.add('key', 'second'), 'first')
  t.equal(table.get('key'), 'first')
  t.equal(table.size, 1)
  t.end()
})
