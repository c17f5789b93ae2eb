/** What a peer may do for free, and when it is enough. */
import t from 'tap'
import {
  DEFAULT_H2_LIMITS,
  H2Connection,
  H2Error,
  type H2Limits,
  type H2Sink,
  plainLatin1,
} from '../../../../core/wire/mod.ts'
import { bytesOf, type H2Case, recorder, type Recording } from './recording.ts'

const LIMITS: H2Limits = { ...DEFAULT_H2_LIMITS, span: 1000 }
const POST = '83 87 84 41 09 61 2e 65 78 61 6d 70 6c 65'
const OPEN = (id: number): string => `00000e 01 04 ${number(id)} ${POST}`
const PING = '000008 06 00 00000000 0000000000000000'

function number(value: number): string {
  return value.toString(16).padStart(8, '0')
}

function frames(list: readonly string[], greeting = false): Uint8Array {
  const h2Case: H2Case = { name: '', clause: '', verdict: 'accept', frames: list, greeting }
  return bytesOf(h2Case)
}

interface Victim {
  readonly connection: H2Connection
  readonly recording: Recording
  written: number
  time: number
}

function victim(limits: Partial<H2Limits> = {}, after: Partial<H2Sink> = {}): Victim {
  const recording: Recording = { told: [], sent: [], fault: undefined, streamFaults: [] }
  const connection = new H2Connection(recorder(recording, after), {
    role: 'server',
    limits: { ...LIMITS, ...limits },
    latin1: plainLatin1,
    write: (bytes) => void (each.written += bytes.length),
    now: () => each.time,
  })
  const each: Victim = { connection, recording, written: 0, time: 0 }
  connection.start()
  connection.receive(frames([], true))
  connection.flush()
  return each
}

/** Sends what `make` makes, time after time; how often it was borne. */
function flood({ connection, recording }: Victim, make: (i: number) => readonly string[]): number {
  for (let i = 0; i < 20_000; i++) {
    connection.receive(frames(make(i)))
    connection.flush()
    if (recording.fault !== undefined) return i
  }
  return Infinity
}

const id = (i: number): number => 2 * i + 1
const FLOODS: readonly {
  readonly name: string
  readonly clause: keyof H2Limits
  readonly first?: readonly string[]
  readonly make: (i: number) => readonly string[]
  readonly borne: number
}[] = [
  {
    name: 'streams opened and reset (CVE-2023-44487)',
    clause: 'resets',
    make: (i) => [OPEN(id(i)), `000004 03 00 ${number(id(i))} 00000008`],
    borne: LIMITS.resets,
  },
  {
    name: 'streams that must be reset (CVE-2025-8671)',
    clause: 'resets',
    make: (i) => [OPEN(id(i)), `000004 08 00 ${number(id(i))} 00000000`],
    borne: LIMITS.resets,
  },
  {
    name: 'more streams than are allowed',
    clause: 'resets',
    make: (i) => [OPEN(id(i))],
    borne: LIMITS.resets + LIMITS.concurrentStreams,
  },
  // The greeting was the first of them.
  { name: 'PING', clause: 'controls', make: () => [PING], borne: LIMITS.controls - 1 },
  {
    name: 'SETTINGS',
    clause: 'controls',
    make: () => ['000006 04 00 00000000 000400010000'],
    borne: LIMITS.controls - 1,
  },
  {
    name: 'SETTINGS ACK',
    clause: 'controls',
    make: () => ['000000 04 01 00000000'],
    borne: LIMITS.controls,
  },
  {
    name: 'PRIORITY',
    clause: 'controls',
    make: (i) => [`000005 02 00 ${number(id(i))} 0000000000`],
    borne: LIMITS.controls - 1,
  },
  {
    name: 'frames of unknown types',
    clause: 'controls',
    make: () => ['000000 10 00 00000000'],
    borne: LIMITS.controls - 1,
  },
  {
    name: 'RST_STREAM of a stream that is over',
    clause: 'controls',
    first: [OPEN(1), '000004 03 00 00000001 00000008'],
    make: () => ['000004 03 00 00000001 00000008'],
    borne: LIMITS.controls,
  },
  {
    name: 'GOAWAY',
    clause: 'controls',
    make: () => ['000008 07 00 00000000 0000000000000000'],
    borne: LIMITS.controls - 1,
  },
  {
    name: 'DATA without bytes (CVE-2019-9518)',
    clause: 'emptyData',
    first: [OPEN(1)],
    make: () => ['000000 00 00 00000001'],
    borne: LIMITS.emptyData,
  },
  {
    name: 'DATA with padding alone',
    clause: 'emptyData',
    first: [OPEN(1)],
    make: () => ['000002 00 08 00000001 0100'],
    borne: LIMITS.emptyData,
  },
  {
    name: 'WINDOW_UPDATE of the connection',
    clause: 'windowUpdates',
    make: () => ['000004 08 00 00000000 00000001'],
    borne: LIMITS.windowUpdates,
  },
  {
    name: 'WINDOW_UPDATE of a stream',
    clause: 'windowUpdates',
    first: [OPEN(1)],
    make: () => ['000004 08 00 00000001 00000001'],
    borne: LIMITS.windowUpdates,
  },
]

for (const { name, clause, first = [], make, borne } of FLOODS) {
  t.test(`H2Connection bears ${name} up to ${clause}`, (t) => {
    const each = victim()
    each.connection.receive(frames(first))
    t.equal(flood(each, make), borne)
    t.match(each.recording.fault, { code: H2Error.EnhanceYourCalm, clause })
    const before = each.written
    each.connection.receive(frames([PING]))
    each.connection.flush()
    t.equal(each.written, before, 'nothing is answered any more')
    t.equal(each.connection.streams, 0)
    const slow = victim()
    slow.connection.receive(frames(first))
    const far = borne * 2
    const seen = flood(slow, (i) => {
      slow.time += slow.recording.fault === undefined && i < far ? LIMITS.span : 0
      return i < far ? make(i) : [PING]
    })
    t.ok(seen >= far, 'time heals')
    t.end()
  })
}

t.test('H2Connection bounds CONTINUATION frames, empty ones as well', (t) => {
  for (const frame of ['000000 09 00 00000001', '000004 09 00 00000001 82828282']) {
    const each = victim()
    each.connection.receive(frames([`00000e 01 00 00000001 ${POST}`]))
    t.equal(flood(each, () => [frame]), LIMITS.continuations)
    t.match(each.recording.fault, { code: H2Error.EnhanceYourCalm, clause: 'continuations' })
  }
  const each = victim({ headSize: 1000 })
  each.connection.receive(frames([`00000e 01 00 00000001 ${POST}`]))
  t.equal(flood(each, () => ['0003e8 09 00 00000001 82*1000']), 3)
  t.match(each.recording.fault, { code: H2Error.EnhanceYourCalm, clause: 'headSize' })
  t.end()
})

t.test('H2Connection bounds what an index may stand for', (t) => {
  const each = victim()
  const entry = '40 01 78 7f a1 1e 61*4000'
  const bomb = 'be*5000'
  const length = (14 + 6 + 4000 + 5000).toString(16).padStart(6, '0')
  each.connection.receive(frames([`${length} 01 05 00000001 ${POST} ${entry} ${bomb}`]))
  t.match(each.recording.fault, undefined)
  t.same(each.recording.told, ['too-large 1'], '5000 fields of a name cost little')
  const more = victim({ headSize: 10_000 })
  more.connection.receive(frames([`${length} 01 05 00000001 ${POST} ${entry} ${bomb}`]))
  t.match(more.recording.fault, { code: H2Error.EnhanceYourCalm, clause: 'headSize' })
  t.end()
})

t.test('H2Connection bounds answers that wait', (t) => {
  const each = victim({ pendingControl: 170 })
  each.connection.receive(frames(Array.from({ length: 10 }, () => PING)))
  t.equal(each.recording.fault, undefined)
  each.connection.flush()
  each.connection.receive(frames(Array.from({ length: 10 }, () => PING)))
  t.equal(each.recording.fault, undefined)
  each.connection.receive(frames([PING]))
  t.match(each.recording.fault, { code: H2Error.EnhanceYourCalm, clause: 'pendingControl' })
  t.end()
})

t.test('H2Connection takes WINDOW_UPDATE for DATA that it sent, but not for drops', (t) => {
  const after: Partial<H2Sink> = {
    onHead(stream): void {
      connection.head(stream, [':status', '200'], false)
      connection.data(stream, new Uint8Array(100_000_000))
    },
  }
  const each = victim({}, after)
  const { connection } = each
  connection.receive(frames([OPEN(1)]))
  const update = ['000004 08 00 00000001 00004000', '000004 08 00 00000000 00004000']
  t.equal(flood({ ...each, connection }, (i) => i < 5000 ? update : []), Infinity)
  const drops = victim({}, {
    onHead: (stream) => {
      drops.connection.head(stream, [':status', '200'], false)
      drops.connection.data(stream, new Uint8Array(100_000))
    },
  })
  drops.connection.receive(frames([
    ...['000006 04 00 00000000 000400000000', OPEN(1), '000004 08 00 00000000 7fff0000'],
  ]))
  const borne = flood(drops, () => ['000004 08 00 00000001 00000001'])
  t.ok(borne <= LIMITS.windowUpdates, `${borne}`)
  t.match(drops.recording.fault, { clause: 'windowUpdates' })
  t.end()
})

t.test('H2Connection takes PING and PRIORITY with work', (t) => {
  const each = victim({ resets: 100_000 })
  const borne = flood(each, (i) =>
    i < 3000
      ? [
        ...[OPEN(id(i)), PING, `000001 00 01 ${number(id(i))} 61`, PING],
        `000004 03 00 ${number(id(i))} 00000008`,
      ]
      : [])
  t.equal(borne, Infinity)
  t.end()
})

t.test('H2Connection counts resets of its user that blame the other side', (t) => {
  const each = victim({}, {
    onHead: (stream) => each.connection.reset(stream, H2Error.Protocol),
  })
  t.equal(flood(each, (i) => [OPEN(id(i))]), LIMITS.resets)
  const calm = victim({}, {
    onHead: (stream) => calm.connection.reset(stream, H2Error.Cancel),
  })
  t.equal(flood(calm, (i) => i < 3000 ? [OPEN(id(i))] : []), Infinity)
  t.end()
})
