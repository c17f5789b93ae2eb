/** Damaged messages: nothing is thrown, and the outcome never depends on how the bytes were cut. */
import t from 'tap'
import { parseClientHello, parseProxyHeader } from '../../../core/wire/mod.ts'
import { readMessage, wireCases } from './reading.ts'

const ROUNDS = 6000
const HOSTILE = [
  '\r',
  '\n',
  '\0',
  ' ',
  '\t',
  ':',
  ';',
  ',',
  '\r\n',
  '\r\n\r\n',
  '\x7f',
  '\xff',
  '0',
  '%2e',
  '/..',
  '"',
]

/** Numbers that look random, the same in each run. */
function numbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return Math.floor(state / 0x1_0000_0000 * below)
  }
}

function damaged(text: string, below: (limit: number) => number): string {
  const at = below(text.length + 1)
  const piece = HOSTILE[below(HOSTILE.length)]!
  switch (below(3)) {
    case 0:
      return text.slice(0, at) + piece + text.slice(at)
    case 1:
      return text.slice(0, at) + piece + text.slice(at + piece.length)
    default:
      return text.slice(0, at) + text.slice(at + 1 + below(4))
  }
}

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
