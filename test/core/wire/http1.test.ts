/** Every case of fixtures/wire/http1: whole, byte by byte, and cut in two at every place. */
import t from 'tap'
import { cuttings, type Reading, readMessage, type WireCase, wireCases } from './reading.ts'

for (const [file, cases] of wireCases()) {
  t.test(file, (t) => {
    for (const wireCase of cases) {
      const { bytes, method } = wireCase
      const whole = readMessage(bytes, [], { method })
      t.match(whole, expected(wireCase), `${wireCase.name} (${wireCase.clause})`)
      if (wireCase.head?.headers !== undefined) {
        t.same(whole.head?.headers, wireCase.head.headers, `${wireCase.name}: headers`)
      }
      const differing = cuttings(bytes.length).find((cuts) =>
        JSON.stringify(readMessage(bytes, cuts, { method })) !== JSON.stringify(whole)
      )
      const cutRead = differing === undefined ? whole : readMessage(bytes, differing, { method })
      t.same(cutRead, whole, `${wireCase.name}: the same however it is cut`)
    }
    t.end()
  })
}

t.test('there are many cases, each with a name of its own', (t) => {
  for (const [file, cases] of wireCases()) {
    t.equal(new Set(cases.map(({ name }) => name)).size, cases.length, file)
  }
  const count = [...wireCases().values()].flat().length
  t.ok(count >= 120, `${count} cases`)
  t.end()
})

function expected(wireCase: WireCase): Partial<Record<keyof Reading, unknown>> {
  const { verdict, code, head, body, trailers, interim, switched, rest } = wireCase
  if (verdict === 'reject') return { error: { code, clause: /^RFC/ }, trailers: undefined }
  if (verdict === 'incomplete') {
    return { error: undefined, cut: { clause: /^RFC/ }, trailers: undefined }
  }
  return {
    error: undefined,
    cut: undefined,
    ...(head === undefined ? {} : { head }),
    body: body ?? '',
    trailers: trailers ?? [],
    interim: interim ?? [],
    switched: switched ?? false,
    rest: rest ?? '',
  }
}
