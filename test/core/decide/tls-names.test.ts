import t from 'tap'
import type { ListenerConfig } from '../../../core/snapshot/types.ts'
import * as scene from './scene.ts'
import { clients, listener, mainOf, tlsEntry } from './scene.ts'

function tls(...entries: ListenerConfig['tls'][number][]): scene.Parts {
  return { listeners: [listener({ tls: entries })] }
}

t.test('names.select: the exact name, one label below a wildcard, then the entry without names', async (t) => {
  const snapshot = await scene.snapshotOf(tls(
    tlsEntry(['test.com', '*.test.com'], clients(), 'test.com'),
    tlsEntry(['a.test.com']),
    tlsEntry([], clients(), 'fallback'),
  ))
  const at = (sni: string): string | undefined =>
    mainOf(snapshot).names.select(sni)?.certificates[0]?.subject
  t.equal(at('test.com'), 'CN=test.com')
  t.equal(at('b.test.com'), 'CN=test.com')
  t.equal(at('a.test.com'), 'CN=a.test.com')
  t.equal(at('b.a.test.com'), 'CN=fallback', 'a wildcard takes one label (RFC 9525 section 6.3)')
  t.equal(at(''), 'CN=fallback')
  t.equal(at('other.org'), 'CN=fallback')
  const strict = await scene.snapshotOf(tls(tlsEntry(['a.test'])))
  t.equal(mainOf(strict).names.select(''), undefined)
  t.equal(mainOf(strict).names.select('b.test'), undefined)
})

t.test('names.select looks up as often among ten thousand names as among ten', async (t) => {
  const lookUps = async (count: number, entries: number): Promise<number> => {
    const names = Array.from({ length: count }, (_, index) => `n${index}.test`)
    const size = count / entries
    const all = Array.from(
      { length: entries },
      (_, index) =>
        tlsEntry(names.slice(index * size, (index + 1) * size), clients(), names[index * size]),
    )
    const { names: selection } = mainOf(await scene.snapshotOf(tls(...all)))
    let steps = 0
    const counted = t.capture(Map.prototype, 'get', Map.prototype.get)
    for (const sni of [names[0]!, names.at(-1)!, 'a.n1.test', 'other', '']) selection.select(sni)
    steps += counted().length
    counted.restore()
    return steps
  }
  const few = await lookUps(10, 10)
  t.ok(few >= 5 && few <= 15)
  t.equal(await lookUps(10_000, 10_000), few, 'an entry for each')
  t.equal(await lookUps(10_000, 1), few, 'all in one entry')
})

t.test('names.select: after any changes of the entries it is as if all were compiled anew', async (t) => {
  let state = 7
  let made = 0
  const take = (below: number): number => (state = (state * 48271) % 2147483647) % below
  const any = (): ReturnType<typeof tlsEntry> => {
    const name = [
      `n${take(40)}.test`,
      `*.n${take(40)}.test`,
      `x${take(999)}.test`,
    ][take(3)] as string
    const entry = tlsEntry(take(30) === 0 ? [] : [name], clients(), `c${made++}.test`)
    return take(30) === 0 ? { ...entry, withoutName: true } : entry
  }
  let entries = Array.from({ length: 20 }, any)
  let snapshot = await scene.snapshotOf(tls(...entries))
  const probes = [...Array(40).keys()].flatMap((n) => [`n${n}.test`, `a.n${n}.test`])
  for (let round = 0; round < 200; round++) {
    entries = [...entries]
    const at = take(entries.length)
    entries.splice(at, take(3), ...Array.from({ length: take(3) }, any))
    const previous = snapshot
    snapshot = await scene.snapshotOf(tls(...entries), { previous, news: true })
    const anew = await scene.snapshotOf(tls(...entries))
    for (const sni of ['', 'other.org', ...probes]) {
      const [found, wanted] = [snapshot, anew].map((each) =>
        entries.indexOf(mainOf(each).names.select(sni)?.config as never)
      )
      if (found !== wanted) return t.fail(`round ${round}: "${sni}": ${found}, not ${wanted}`)
    }
  }
  t.end()
})
