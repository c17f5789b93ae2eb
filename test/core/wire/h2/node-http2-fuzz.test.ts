/** Damaged frames, read by our codec and by `node:http2`: a request that both take is the same to both. */
import t from 'tap'
import { Buffer } from 'node:buffer'
import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import process from 'node:process'
import { createInterface } from 'node:readline'
import {
  DEFAULT_H2_LIMITS,
  H2Connection,
  H2Error,
  type HeaderList,
  plainLatin1,
  requestFromFields,
} from '../../../../core/wire/mod.ts'
import { numbers } from './numbers.ts'
import { bytesOf, h2Cases, recorder } from './recording.ts'

const ROUNDS = Number(process.env['SALLYPORT_FUZZ_ROUNDS'] ?? 600)
const SEED = Number(process.env['SALLYPORT_FUZZ_SEED'] ?? 5)
const LIMITS = { targetSize: 8192, bodySize: 0 }

/** One request, as one of the two understood it. */
interface Found {
  readonly method: string
  readonly path: string
  readonly names: string
  body: string
  whole: boolean
}

/** The frames with digits of some changed, and some frames left out or doubled. */
function damaged(frames: readonly string[], below: (limit: number) => number): string[] {
  const out = frames.flatMap((frame) => {
    const fate = below(12)
    return fate === 0 ? [] : fate === 1 ? [frame, frame] : [frame]
  })
  for (let i = below(4); i > 0 && out.length > 0; i--) {
    const at = below(out.length)
    const digits = [...out[at]!]
    const places = digits.flatMap((digit, index) => digit === ' ' ? [] : [index])
    if (places.length === 0) continue
    digits[places[below(Math.min(places.length, 60))]!] = below(16).toString(16)
    out[at] = digits.join('')
  }
  return out
}

function namesIn(names: readonly string[]): string {
  return [...new Set(names.filter((name) => !name.startsWith(':')))].sort().join()
}

function foundOf(fields: HeaderList, whole: boolean): Found {
  const value = (name: string): string => fields[fields.indexOf(name) + 1] ?? ''
  const names = namesIn(fields.filter((_, i) => i % 2 === 0))
  return { method: value(':method'), path: value(':path'), names, body: '', whole }
}

/** The requests that we take, by stream. */
function ours(bytes: Uint8Array): Map<number, Found> {
  const found = new Map<number, Found>()
  const sink = recorder({ told: [], sent: [], fault: undefined, streamFaults: [] }, {
    onHead: (stream, fields, ends) => {
      if ('code' in requestFromFields(fields, ends, LIMITS)) {
        return connection.reset(stream, H2Error.Protocol)
      }
      found.set(stream.id, foundOf(fields, ends))
    },
    onData: (stream, data) => {
      const mine = found.get(stream.id)
      if (mine !== undefined) mine.body += plainLatin1(data, 0, data.length)
      connection.consumed(stream, data.length)
    },
    onEnd: (stream) => {
      const mine = found.get(stream.id)
      if (mine !== undefined) mine.whole = true
    },
    onReset: (stream) => void found.delete(stream.id),
  })
  const connection = new H2Connection(sink, {
    role: 'server',
    limits: DEFAULT_H2_LIMITS,
    latin1: plainLatin1,
    write: () => {},
    now: () => 0,
  })
  connection.start()
  connection.receive(bytes)
  return found
}

/** What `node:http2` takes each connection's bytes for. Run by Node, whatever runs the test. */
async function reference(connections: readonly Uint8Array[]): Promise<Record<string, Found>[]> {
  const child = spawn('node', [resolve('test/support/http2-reference.mjs')], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  // Node 20 crashes after some ten thousands of such connections: what it answered until then counts.
  child.stdin.on('error', () => {})
  child.stdin.end(connections.map((bytes) => `${Buffer.from(bytes).toString('base64')}\n`).join(''))
  const answers: Record<string, Found>[] = []
  for await (const line of createInterface({ input: child.stdout })) answers.push(JSON.parse(line))
  return answers
}

t.test('what H2Connection takes for a request, node:http2 takes for the same', async (t) => {
  const cases = [...h2Cases().values()].flat().filter(({ role, frames }) =>
    role !== 'client' && !frames.some((frame) => frame.includes('*'))
  )
  const below = numbers(SEED)
  const connections = Array.from({ length: ROUNDS }, () => {
    const one = cases[below(cases.length)]!
    const other = cases[below(cases.length)]!
    const frames = damaged([...one.frames, ...other.frames], below)
    return bytesOf({ ...one, frames, greeting: true })
  })
  const answers = await reference(connections)
  const disagreeing: unknown[] = []
  let both = 0
  for (const [i, theirs] of answers.entries()) {
    for (const [id, mine] of ours(connections[i]!)) {
      const their = theirs[id]
      if (!mine.whole || their?.whole !== true) continue
      both++
      if (JSON.stringify(their) !== JSON.stringify(mine)) disagreeing.push(mine, their)
    }
  }
  t.same(disagreeing, [])
  t.ok(both > answers.length / 20, `${both} requests of ${answers.length} connections`)
})
