/** Every case of fixtures/wire/http2: whole, byte by byte, and cut in two at every place. */
import t from 'tap'
import { bytesOf, type H2Case, h2Cases, play, type Recording } from './recording.ts'

for (const [file, cases] of h2Cases()) {
  t.test(file, (t) => {
    for (const h2Case of cases) {
      const whole = play(h2Case)
      t.equal(verdict(whole), expected(h2Case), `${h2Case.name} (${h2Case.clause})`)
      if (h2Case.told !== undefined) t.same(whole.told, h2Case.told, `${h2Case.name}: told`)
      if (h2Case.sent !== undefined) t.same(whole.sent, h2Case.sent, `${h2Case.name}: sent`)
      const same = JSON.stringify(whole)
      const differing = cuttings(bytesOf(h2Case).length).find((cuts) =>
        JSON.stringify(play(h2Case, cuts)) !== same
      )
      t.same(
        differing === undefined ? whole : play(h2Case, differing),
        whole,
        `${h2Case.name}: the same however it is cut`,
      )
    }
    t.end()
  })
}

t.test('there are many cases, each with a name of its own', (t) => {
  for (const [file, cases] of h2Cases()) {
    t.equal(new Set(cases.map(({ name }) => name)).size, cases.length, file)
  }
  const count = [...h2Cases().values()].flat().length
  t.ok(count >= 160, `${count} cases`)
  t.end()
})

/** How the connection judged, in a line. */
function verdict({ fault, sent, told, streamFaults }: Recording): string {
  const goaway = sent.find((line) => line.startsWith('GOAWAY'))
  if (goaway !== undefined || fault !== undefined) {
    return `connection: ${goaway?.replace(/^GOAWAY \d+ /, '')}, ${fault?.clause}`
  }
  const resets = sent.filter((line) => line.startsWith('RST_STREAM'))
  if (resets.length === 0) return 'accept'
  const isTold = told.some((line) => resets.includes(line.replace('reset', 'RST_STREAM')))
  const last = streamFaults.at(-1)?.clause
  return `stream: ${resets.join()}${isTold ? `, ${last}` : ''}`
}

function expected({ verdict, code, clause, stream, told }: H2Case): string {
  if (verdict === 'accept') return 'accept'
  if (verdict === 'connection') return `connection: ${code}, ${clause}`
  const isTold = told?.includes(`reset ${stream} ${code}`) === true
  return `stream: RST_STREAM ${stream} ${code}${isTold ? `, ${clause}` : ''}`
}

/** Ways to cut: each byte by itself, and in two at every place, or at some where there are many. */
function cuttings(length: number): number[][] {
  const every = Array.from({ length: Math.max(0, length - 1) }, (_, index) => index + 1)
  const step = length < 1000 ? 1 : Math.ceil(length / 20)
  return [every, ...every.filter((at) => at % step === 0).map((at) => [at])]
}
