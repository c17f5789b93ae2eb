import { readdirSync, readFileSync } from 'node:fs'
import {
  DEFAULT_H2_LIMITS,
  H2Connection,
  H2Error,
  type H2Fault,
  type H2Limits,
  type H2Sink,
  type H2Stream,
  type HeaderList,
  plainLatin1,
} from '../../../../core/wire/mod.ts'

/** One case of `fixtures/wire/http2`. */
export interface H2Case {
  readonly name: string
  /** What it is about; of a fault, what the fault must name. */
  readonly clause: string
  /** Hexadecimal, with blanks anywhere; `61*9` is nine times 61. */
  readonly frames: readonly string[]
  readonly verdict: 'accept' | 'stream' | 'connection'
  /** The error's name in {@linkcode H2Error}. */
  readonly code?: string
  /** The stream that is reset. */
  readonly stream?: number
  readonly role?: 'server' | 'client'
  /** Methods of requests that a client has opened. */
  readonly open?: readonly string[]
  /** Whether preface and SETTINGS come before `frames`. */
  readonly greeting?: boolean
  readonly limits?: Partial<H2Limits>
  /** How long a body each request is answered with. */
  readonly respond?: number
  /** Whether the body's bytes are given back at once. */
  readonly consume?: boolean
  readonly told?: readonly string[]
  readonly sent?: readonly string[]
}

/** All that became of a connection. */
export interface Recording {
  readonly told: string[]
  readonly sent: string[]
  fault: H2Fault | undefined
  readonly streamFaults: H2Fault[]
}

const FOLDER = 'fixtures/wire/http2'
export const PREFACE = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(H2Error).map(([name, code]): [number, string] => [code, name]),
)
const TYPES = [
  'DATA',
  'HEADERS',
  'PRIORITY',
  'RST_STREAM',
  'SETTINGS',
  'PUSH_PROMISE',
  'PING',
  'GOAWAY',
  'WINDOW_UPDATE',
  'CONTINUATION',
]

/** The cases by file. */
export function h2Cases(): Map<string, H2Case[]> {
  const files = readdirSync(FOLDER).sort()
  return new Map(
    files.map((file) => [file, JSON.parse(readFileSync(`${FOLDER}/${file}`, 'utf8'))]),
  )
}

/** The name of an error code. */
export function codeName(code: number): string {
  return NAMES.get(code) ?? String(code)
}

/** The bytes of a case, greeting and all. */
export function bytesOf({ frames, role = 'server', greeting = true }: H2Case): Uint8Array {
  const hello = role === 'server' ? [hexOf(PREFACE), '000000 04 00 00000000'] : [
    '000000 04 00 00000000',
  ]
  const hex = (greeting ? [...hello, ...frames] : frames).map(expand).join('')
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

function expand(frame: string): string {
  return frame.split(' ').map((word) => {
    const [hex = '', times = '1'] = word.split('*')
    return hex.repeat(Number(times))
  }).join('')
}

function hexOf(text: string): string {
  return Array.from(text, (each) => each.charCodeAt(0).toString(16).padStart(2, '0')).join('')
}

/** A sink that writes down what it is told, `after` does more. */
export function recorder(
  recording: Recording,
  after: Partial<H2Sink> = {},
): H2Sink {
  const { told, streamFaults } = recording
  return {
    onHead(stream, fields, ends): void {
      told.push(`head ${stream.id}${ends ? ' ends' : ''}`)
      after.onHead?.(stream, fields, ends)
    },
    onHeadTooLarge(stream): void {
      told.push(`too-large ${stream.id}`)
      after.onHeadTooLarge?.(stream)
    },
    onData(stream, bytes): void {
      const text = bytes.length > 64 ? `${bytes.length} bytes` : plainLatin1(bytes, 0, bytes.length)
      told.push(`data ${stream.id} ${text}`)
      after.onData?.(stream, bytes)
    },
    onEnd(stream, trailers): void {
      told.push(['end', stream.id, ...pairs(trailers)].join(' '))
      after.onEnd?.(stream, trailers)
    },
    onReset(stream, fault): void {
      told.push(`reset ${stream.id} ${codeName(fault.code)}`)
      streamFaults.push(fault)
      after.onReset?.(stream, fault)
    },
    onWritable(stream): void {
      told.push(`writable ${stream.id}`)
      after.onWritable?.(stream)
    },
    onGoaway(fault): void {
      told.push(`goaway ${codeName(fault.code)}`)
      after.onGoaway?.(fault)
    },
    onFault(fault): void {
      if (recording.fault !== undefined) throw new Error('onFault came twice')
      recording.fault = fault
      after.onFault?.(fault)
    },
  }
}

function pairs(fields: HeaderList): string[] {
  return fields.flatMap((name, i) => i % 2 === 0 ? [`${name}: ${fields[i + 1]}`] : [])
}

/** Plays a case, its bytes cut at the given indices. */
export function play(h2Case: H2Case, cuts: readonly number[] = []): Recording {
  const recording: Recording = { told: [], sent: [], fault: undefined, streamFaults: [] }
  const { role = 'server', consume = true, respond } = h2Case
  const written: Uint8Array[] = []
  const after: Partial<H2Sink> = {
    onData: (stream, bytes) => consume && connection.consumed(stream, bytes.length),
    onEnd: (stream) => respond !== undefined && answer(connection, stream, respond),
  }
  const connection = new H2Connection(recorder(recording, after), {
    role,
    limits: { ...DEFAULT_H2_LIMITS, ...h2Case.limits },
    latin1: plainLatin1,
    write: (bytes) => void written.push(bytes),
    now: () => 0,
  })
  connection.start()
  for (const method of h2Case.open ?? []) {
    connection.open([':method', method, ':path', '/'], method !== 'POST')
  }
  connection.flush()
  written.length = 0
  const bytes = bytesOf(h2Case)
  let from = 0
  for (const cut of [...cuts, bytes.length]) {
    connection.receive(bytes.slice(from, cut))
    from = cut
  }
  connection.flush()
  recording.sent.push(...describe(concat(written)))
  return recording
}

function answer(connection: H2Connection, stream: H2Stream, length: number): void {
  connection.head(stream, [':status', '200'], false)
  if (length > 0) connection.data(stream, new Uint8Array(length))
  connection.finish(stream, [])
}

/** What frames say, a line each. */
export function describe(bytes: Uint8Array): string[] {
  const lines: string[] = []
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  for (let at = 0; at < bytes.length;) {
    const length = view.getUint32(at) >>> 8
    const payload = bytes.subarray(at + 9, at + 9 + length)
    lines.push(line(bytes[at + 3]!, bytes[at + 4]!, view.getUint32(at + 5), payload))
    at += 9 + length
  }
  return lines
}

function line(type: number, flags: number, id: number, payload: Uint8Array): string {
  const name = TYPES[type] ?? `type ${type}`
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength)
  const ends = (flags & 1) !== 0 ? ' ends' : ''
  const ack = (flags & 1) !== 0 ? ' ACK' : ''
  if (name === 'DATA') return `DATA ${id} ${payload.length}${ends}`
  if (name === 'HEADERS') return `HEADERS ${id}${ends}`
  if (name === 'RST_STREAM') return `RST_STREAM ${id} ${codeName(view.getUint32(0))}`
  if (name === 'SETTINGS') return `SETTINGS${ack}`
  if (name === 'PING') {
    const hex = Array.from(payload, (byte) => byte.toString(16).padStart(2, '0')).join('')
    return `PING${ack} ${hex}`
  }
  if (name === 'GOAWAY') return `GOAWAY ${view.getUint32(0)} ${codeName(view.getUint32(4))}`
  if (name === 'WINDOW_UPDATE') return `WINDOW_UPDATE ${id} ${view.getUint32(0)}`
  return `${name} ${id}`
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
