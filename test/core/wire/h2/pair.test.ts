/** Both roles against each other, over memory. */
import t from 'tap'
import {
  DEFAULT_H2_LIMITS,
  H2Connection,
  H2Error,
  type H2Limits,
  type H2Sink,
  type H2Stream,
  type HeaderList,
  plainLatin1,
} from '../../../../core/wire/mod.ts'
import { numbers } from './numbers.ts'
import { concat, describe, recorder, type Recording } from './recording.ts'

const REQUEST = [':method', 'POST', ':scheme', 'https', ':path', '/', ':authority', 'a.example']

interface End {
  readonly connection: H2Connection
  readonly recording: Recording
  /** What it wrote and the other end has not read. */
  readonly pipe: Uint8Array[]
}

function end(role: 'server' | 'client', limits: Partial<H2Limits>, after: Partial<H2Sink>): End {
  const recording: Recording = { told: [], sent: [], fault: undefined, streamFaults: [] }
  const pipe: Uint8Array[] = []
  const connection = new H2Connection(recorder(recording, after), {
    role,
    limits: { ...DEFAULT_H2_LIMITS, ...limits },
    latin1: plainLatin1,
    write: (bytes) => void pipe.push(bytes),
    now: () => 0,
  })
  connection.start()
  return { connection, recording, pipe }
}

/** Carries bytes both ways, cut by `cut`, until there are none. */
function carry(one: End, other: End, cut: (length: number) => number = (length) => length): void {
  for (let quiet = 0; quiet < 2;) {
    quiet++
    for (const [from, to] of [[one, other], [other, one]] as const) {
      from.connection.flush()
      const bytes = concat(from.pipe.splice(0))
      for (let at = 0; at < bytes.length;) {
        const length = Math.max(1, cut(bytes.length - at))
        to.connection.receive(bytes.slice(at, at + length))
        at += length
        quiet = 0
      }
    }
  }
}

/** What one end sends on a stream, piece by piece as it is allowed. */
class Sender {
  left: Uint8Array[]
  readonly #connection: H2Connection
  readonly #trailers: HeaderList

  constructor(connection: H2Connection, pieces: Uint8Array[], trailers: HeaderList) {
    this.#connection = connection
    this.left = pieces
    this.#trailers = trailers
  }

  send(stream: H2Stream): void {
    for (let next = this.left.shift(); next !== undefined; next = this.left.shift()) {
      if (!this.#connection.data(stream, next)) return
    }
    this.#connection.finish(stream, this.#trailers)
  }
}

interface Held {
  readonly stream: H2Stream
  bytes: number
}

t.test('bodies arrive whole both ways, however small the windows', (t) => {
  const below = numbers(3)
  for (let round = 0; round < 25; round++) {
    const limits = (): Partial<H2Limits> => ({
      streamWindow: 1 + below(round % 2 === 0 ? 300 : 100_000),
      connectionWindow: below(200_000),
      // Windows of a few bytes need as many of them.
      windowUpdates: Infinity,
    })
    const got = new Map<string, Uint8Array[]>()
    const ends = new Map<string, HeaderList>()
    const held: { readonly end: End; readonly held: Held }[] = []
    const senders = new Map<H2Stream, Sender>()
    const sent = new Map<string, Uint8Array>()
    const body = (key: string): Uint8Array[] => {
      const pieces = Array.from(
        { length: below(6) },
        () => Uint8Array.from({ length: below(8000) }, () => below(256)),
      )
      sent.set(key, concat(pieces))
      return pieces
    }
    const after = (key: string, self: () => End): Partial<H2Sink> => ({
      onData(stream, bytes): void {
        const name = `${key} ${stream.id}`
        got.set(name, [...(got.get(name) ?? []), bytes])
        if (below(2) > 0) self().connection.consumed(stream, bytes.length)
        else held.push({ end: self(), held: { stream, bytes: bytes.length } })
      },
      onEnd: (stream, trailers) => void ends.set(`${key} ${stream.id}`, trailers),
      onWritable: (stream) => senders.get(stream)?.send(stream),
    })
    const server: End = end('server', limits(), {
      ...after('request', () => server),
      onHead(stream): void {
        server.connection.head(stream, [':status', '103'], false)
        server.connection.head(stream, [':status', '200'], false)
        const pieces = body(`response ${stream.id}`)
        senders.set(stream, new Sender(server.connection, pieces, ['x-sum', String(stream.id)]))
        senders.get(stream)!.send(stream)
      },
    })
    const client: End = end('client', limits(), after('response', () => client))
    for (let i = 0; i < 5; i++) {
      const stream = client.connection.open(REQUEST, false)!
      const sender = new Sender(client.connection, body(`request ${stream.id}`), [])
      senders.set(stream, sender)
      sender.send(stream)
    }
    carry(client, server, (length) => below(length) + 1)
    while (held.length > 0) {
      const { end: by, held: one } = held.splice(below(held.length), 1)[0]!
      by.connection.consumed(one.stream, one.bytes)
      if (below(3) === 0 || held.length === 0) carry(client, server, (length) => below(length) + 1)
    }
    for (const [key, bytes] of sent) {
      if (!equal(concat(got.get(key) ?? []), bytes)) t.fail(`round ${round}: ${key}`)
      const trailers = key.startsWith('response') ? ['x-sum', key.slice(9)] : []
      if (ends.get(key)?.join() !== trailers.join()) t.fail(`round ${round}: end of ${key}`)
    }
    t.equal(sent.size, 10)
    t.equal(client.recording.fault, undefined)
    t.equal(server.recording.fault, undefined)
    t.equal(client.connection.streams + server.connection.streams, 0)
  }
  t.end()
})

function equal(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at])
}

function pair(
  limits: Partial<H2Limits> = {},
  after: { server?: Partial<H2Sink>; client?: Partial<H2Sink> } = {},
): { server: End; client: End } {
  const server = end('server', limits, after.server ?? {})
  const client = end('client', limits, after.client ?? {})
  carry(client, server)
  return { server, client }
}

t.test('H2Connection hands on one piece a flush', (t) => {
  const { server, client } = pair()
  for (let i = 0; i < 20; i++) client.connection.open(REQUEST, true)
  t.equal(client.pipe.length, 0, 'nothing leaves before it')
  t.ok(client.connection.gathered > 0)
  client.connection.flush()
  t.equal(client.pipe.length, 1)
  t.equal(client.connection.gathered, 0)
  client.connection.flush()
  t.equal(client.pipe.length, 1)
  carry(client, server)
  t.equal(server.connection.streams, 20)
  t.end()
})

t.test('H2Connection opens as many streams as the other side takes', (t) => {
  const { server, client } = pair({ concurrentStreams: 3 })
  const opened = [1, 2, 3, 4].map(() => client.connection.open(REQUEST, true))
  t.same(opened.map((stream) => stream?.id), [1, 3, 5, undefined])
  t.notOk(client.connection.canOpen)
  t.notOk(server.connection.canOpen, 'a server opens none')
  client.connection.reset(opened[1]!, H2Error.Cancel)
  t.ok(client.connection.canOpen)
  t.equal(client.connection.open(REQUEST, true)?.id, 7)
  carry(client, server)
  t.same(server.recording.told, [
    ...['head 1 ends', 'end 1', 'head 3 ends', 'end 3', 'head 5 ends', 'end 5'],
    ...['reset 3 Cancel', 'head 7 ends', 'end 7'],
  ])
  t.end()
})

t.test('H2Connection drains: what is under way goes on, what is new is refused', (t) => {
  const streams: H2Stream[] = []
  const { server, client } = pair({}, { server: { onHead: (stream) => void streams.push(stream) } })
  client.connection.open(REQUEST, false)
  carry(client, server)
  client.connection.open(REQUEST, true)
  server.connection.drain()
  server.connection.drain()
  carry(client, server)
  t.same(client.recording.told, ['goaway NoError', 'reset 3 RefusedStream'])
  t.equal(client.connection.open(REQUEST, true), undefined)
  server.connection.head(streams[0]!, [':status', '200'], true)
  carry(client, server)
  t.same(client.recording.told.slice(2), ['head 1 ends', 'end 1'])
  t.equal(server.connection.streams, 1, 'the request has not ended')
  t.equal(server.recording.fault, undefined)
  t.end()
})

t.test('H2Connection aborts with GOAWAY and says no more', (t) => {
  const { server, client } = pair()
  const stream = client.connection.open(REQUEST, false)!
  carry(client, server)
  server.connection.abort(H2Error.Internal, 'Out of order')
  t.same(describe(server.pipe[0]!), ['GOAWAY 1 Internal'])
  t.equal(server.connection.streams, 0)
  server.connection.flush()
  client.connection.data(stream, new Uint8Array(5))
  client.connection.flush()
  server.connection.receive(client.pipe[0]!)
  server.connection.abort(H2Error.Protocol, '')
  t.equal(server.pipe.length, 1)
  t.same(server.recording.told, ['head 1'])
  t.equal(server.recording.fault, undefined, 'it was our own wish')
  t.equal(client.connection.open(REQUEST, true)?.id, 3, 'not read yet')
  client.connection.receive(server.pipe[0]!)
  t.equal(client.recording.told[0], 'goaway Internal')
  t.notOk(client.connection.canOpen)
  t.end()
})

t.test('H2Connection gives back what was held when a stream is over', (t) => {
  const streams: H2Stream[] = []
  const { server, client } = pair(
    { connectionWindow: 0, streamWindow: 65_535 },
    { server: { onHead: (stream) => void streams.push(stream) } },
  )
  for (let i = 0; i < 4; i++) {
    const stream = client.connection.open(REQUEST, false)!
    t.ok(client.connection.data(stream, new Uint8Array(60_000)), 'the window is whole again')
    carry(client, server)
    if (i % 2 === 0) server.connection.reset(streams[i]!, H2Error.Cancel)
    else client.connection.reset(stream, H2Error.Cancel)
    carry(client, server)
    server.connection.consumed(streams[i]!, 60_000)
    carry(client, server)
  }
  const stream = client.connection.open(REQUEST, false)!
  t.notOk(client.connection.data(stream, new Uint8Array(65_536)), 'but no larger than it was')
  t.equal(server.recording.fault, undefined)
  t.end()
})

t.test('H2Connection drops what is sent on a stream that is over', (t) => {
  const streams: H2Stream[] = []
  const { server, client } = pair({}, { server: { onHead: (stream) => void streams.push(stream) } })
  const stream = client.connection.open(REQUEST, true)!
  carry(client, server)
  client.connection.reset(stream, H2Error.Cancel)
  carry(client, server)
  server.connection.head(streams[0]!, [':status', '200'], false)
  t.ok(server.connection.data(streams[0]!, new Uint8Array(1_000_000)), 'nothing to wait for')
  server.connection.finish(streams[0]!, [])
  server.connection.reset(streams[0]!, H2Error.Cancel)
  t.equal(server.connection.gathered, 0)
  t.end()
})

t.test('H2Connection ends a stream with the frame that is written anyway', (t) => {
  const streams: H2Stream[] = []
  const { server, client } = pair({}, { server: { onHead: (stream) => void streams.push(stream) } })
  for (let i = 0; i < 3; i++) client.connection.open(REQUEST, true)
  carry(client, server)
  const [one, two, three] = streams as [H2Stream, H2Stream, H2Stream]
  for (const stream of streams) server.connection.head(stream, [':status', '200'], false)
  server.connection.data(one, new Uint8Array(5))
  server.connection.finish(one, [])
  server.connection.data(two, new Uint8Array(5))
  server.connection.data(three, new Uint8Array(5))
  server.connection.finish(two, [])
  server.connection.flush()
  server.connection.finish(three, [])
  server.connection.flush()
  t.same(server.pipe.flatMap(describe), [
    ...['HEADERS 1', 'HEADERS 3', 'HEADERS 5', 'DATA 1 5 ends', 'DATA 3 5', 'DATA 5 5'],
    ...['DATA 3 0 ends', 'DATA 5 0 ends'],
  ])
  t.end()
})

t.test('H2Connection splits a head that no frame holds', (t) => {
  const fields: HeaderList[] = []
  const { server, client } = pair({}, {
    server: { onHead: (_stream, list) => void fields.push([...list]) },
  })
  const large = Array.from({ length: 8 }, (_, i) => [`x-${i}`, `${i}\xff`.repeat(2500)]).flat()
  client.connection.open([...REQUEST, ...large], true)
  client.connection.flush()
  t.match(describe(client.pipe[0]!), ['HEADERS 1 ends', 'CONTINUATION 1'])
  carry(client, server)
  t.same(fields, [[...REQUEST, ...large]])
  t.end()
})

t.test('H2Connection shares the connection window between streams', (t) => {
  const { server, client } = pair({ connectionWindow: 0, streamWindow: 65_535 })
  const streams = [1, 2, 3].map(() => client.connection.open(REQUEST, false)!)
  for (const stream of streams) client.connection.data(stream, new Uint8Array(60_000))
  carry(client, server)
  const before = server.recording.told.length
  t.equal(server.recording.told.filter((line) => line.startsWith('data 1')).length, 4)
  server.connection.receive(new Uint8Array(0))
  client.connection.receive(Uint8Array.of(0, 0, 4, 8, 0, 0, 0, 0, 0, 0, 0, 0xc0, 0))
  client.connection.flush()
  const turns = describe(client.pipe[0]!)
  t.same(turns, ['DATA 3 16384', 'DATA 5 16384', 'DATA 3 16384'], 'in turns')
  t.ok(before > 0)
  t.end()
})
