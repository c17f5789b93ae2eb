import { createHash, createHmac } from 'node:crypto'
import t from 'tap'
import { hmacSha256, sha256 } from '../../../core/pki/sha256.ts'

t.test('sha256 is that of everybody else, whatever the length', (t) => {
  for (let length = 0; length < 300; length++) {
    const bytes = Uint8Array.from({ length }, (_, at) => (at * 7 + length) & 0xff)
    const expected = createHash('sha256').update(bytes).digest('hex')
    if (sha256(bytes) !== expected) t.fail(`of ${length} bytes`)
  }
  const inner = new Uint8Array(1000).fill(97).subarray(3, 900)
  t.equal(sha256(inner), createHash('sha256').update(inner).digest('hex'), 'of a part of a buffer')
  t.end()
})

t.test('hmacSha256 is that of everybody else', (t) => {
  const key = new Uint8Array(32).fill(5)
  const message = new TextEncoder().encode('a message')
  const expected = createHmac('sha256', key).update(message).digest()
  t.strictSame([...hmacSha256(key, message)], [...expected])
  t.end()
})
