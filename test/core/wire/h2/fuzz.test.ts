/** Damaged frames: nothing is thrown, and the outcome never depends on how the bytes were cut. */
import t from 'tap'
import { type H2Case, h2Cases, play } from './recording.ts'
import { numbers } from './numbers.ts'

const ROUNDS = 3000

/** The frames with bytes of some changed, and some frames left out, doubled or moved. */
function damaged(frames: readonly string[], below: (limit: number) => number): string[] {
  const out = frames.flatMap((frame) => {
    const fate = below(12)
    return fate === 0 ? [] : fate === 1 ? [frame, frame] : [frame]
  })
  for (let i = below(4); i > 0 && out.length > 0; i--) {
    const at = below(out.length)
    const digits = [...out[at]!]
    if (digits.length === 0 || out[at]!.includes('*')) continue
    const places = digits.flatMap((digit, index) => digit === ' ' ? [] : [index])
    digits[places[below(Math.min(places.length, 40))]!] = below(16).toString(16)
    out[at] = digits.join('')
  }
  if (below(3) === 0) out.sort(() => below(2) - 0.5)
  return out
}

t.test('H2Connection reads damaged frames the same however they are cut', (t) => {
  const cases = [...h2Cases().values()].flat().filter(({ frames }) =>
    !frames.some((frame) => frame.includes('*'))
  )
  const below = numbers(42)
  const verdicts = new Set<string>()
  let differing: H2Case | undefined
  for (let round = 0; round < ROUNDS && differing === undefined; round++) {
    const one = cases[below(cases.length)]!
    const other = cases[below(cases.length)]!
    const frames = damaged([...one.frames, ...other.frames], below)
    const h2Case: H2Case = { ...one, frames, ...(below(2) > 0 ? { respond: below(30_000) } : {}) }
    const whole = play(h2Case)
    verdicts.add(whole.fault?.clause ?? 'none')
    const cuts = Array.from({ length: 400 }, (_, index) => index).filter(() => below(6) === 0)
    if (JSON.stringify(play(h2Case, cuts)) !== JSON.stringify(whole)) differing = h2Case
  }
  t.equal(differing, undefined)
  t.ok(verdicts.size > 10, `${verdicts.size} verdicts`)
  t.end()
})
