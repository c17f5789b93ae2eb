import t from 'tap'
import { Unfolder } from '../../../core/wire/mod.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (all: Uint8Array): string => new TextDecoder().decode(all)

const HEAD =
  'GET / HTTP/1.1\r\nHost: a\r\nX-Cert: -----BEGIN\n\tAAAA\r\n BBBB\r\nY: z\r\n\r\nbody\n\tstays'
const READ =
  'GET / HTTP/1.1\r\nHost: a\r\nX-Cert: -----BEGIN \tAAAA   BBBB\r\nY: z\r\n\r\nbody\n\tstays'

t.test('folded lines become one, and nothing behind the head changes', (t) => {
  t.equal(text(new Unfolder().take(bytes(HEAD))), READ)
  t.end()
})

t.test('it does not matter how a head is cut', (t) => {
  const head = 'A: b\n\tc\r\nD: e\r\n\r\n'
  for (let first = 1; first < head.length; first++) {
    for (let second = first; second < head.length; second++) {
      const unfolder = new Unfolder()
      const parts = [head.slice(0, first), head.slice(first, second), head.slice(second)]
      const read = parts.map((part) => text(unfolder.take(bytes(part)))).join('')
      if (read !== 'A: b \tc\r\nD: e\r\n\r\n') t.fail(`${first} ${second}: ${JSON.stringify(read)}`)
    }
  }
  t.pass('all ways')
  t.end()
})
