import { createHash } from 'node:crypto'
import t from 'tap'
import { sha256Hex } from '../../../core/filter/digest.ts'

t.test('sha256Hex is SHA-256, whatever the length', (t) => {
  for (const text of ['', 'abc', '127.0.0.1', '2001:db8::1', 'x'.repeat(55), 'x'.repeat(56)]) {
    t.equal(sha256Hex(text), createHash('sha256').update(text).digest('hex'), `${text.length}`)
  }
  const long = 'ä'.repeat(1000)
  t.equal(sha256Hex(long), createHash('sha256').update(long).digest('hex'))
  t.end()
})
