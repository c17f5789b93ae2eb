/** Damaged messages: nothing is thrown, and the outcome never depends on how the bytes were cut. */
import t from 'tap'
import { parseClientHello, parseProxyHeader } from '../../../core/wire/mod.ts'
import { damaged } from './damage.ts'
import { numbers } from './h2/numbers.ts'
import { readMessage, wireCases } from './reading.ts'

const ROUNDS = 6000
t.test('parsers read damaged messages the same however they are cut', (t) => {
  const cases = [...wireCases().values()].flat().filter(({ bytes }) => bytes.length < 600)
  const below = numbers(42)
  let differing = ''
  for (let round = 0; round < ROUNDS && differing === ''; round++) {
    const { bytes, method } = cases[below(cases.length)]!
    let text = bytes
    for (let i = below(3); i >= 0; i--) text = damaged(text, below)
    const whole = JSON.stringify(readMessage(text, [], { method }))
    const every = Array.from({ length: text.length }, (_, index) => index)
    const some = every.filter(() => below(8) === 0)
    for (const cuts of [every, some]) {
      if (JSON.stringify(readMessage(text, cuts, { method })) !== whole) differing = text
    }
  }
  t.equal(differing, '')
  t.end()
})

t.test('what comes first on a connection is read without throwing', (t) => {
  const below = numbers(7)
  for (let round = 0; round < ROUNDS; round++) {
    const bytes = Uint8Array.from({ length: below(80) }, () => below(256))
    bytes.set([22, 3, 1, 0, below(90), 1, 0, 0, below(90)].slice(0, bytes.length))
    parseClientHello(bytes)
    bytes.set([13, 10, 13, 10, 0, 13, 10, 81, 85, 73, 84, 10, 33].slice(0, bytes.length))
    parseProxyHeader(bytes)
  }
  t.pass('none threw')
  t.end()
})
