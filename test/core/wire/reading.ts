import { readdirSync, readFileSync } from 'node:fs'
import {
  type HeaderList,
  latin1Bytes,
  plainLatin1,
  type RequestHead,
  RequestParser,
  type ResponseHead,
  ResponseParser,
  type WireError,
} from '../../../core/wire/mod.ts'

/** All that a parser told about one message. */
export interface Reading {
  head: RequestHead | ResponseHead | undefined
  interim: number[]
  body: string
  trailers: HeaderList | undefined
  error: WireError | undefined
  /** What `eof` said, where the message was not whole by then. */
  cut: WireError | undefined
  /** Bytes that were not taken. */
  rest: string
  switched: boolean
}

/** One case of `fixtures/wire/http1`. */
export interface WireCase {
  readonly name: string
  readonly clause: string
  readonly bytes: string
  /** Of the request that a response answers; absent in requests. */
  readonly method?: string
  readonly verdict: 'accept' | 'reject' | 'incomplete'
  readonly code?: string
  readonly head?: Record<string, unknown>
  readonly body?: string
  readonly trailers?: HeaderList
  readonly interim?: number[]
  readonly switched?: boolean
  readonly rest?: string
}

/** The bounds that the cases were written for. */
export const LIMITS = { headSize: 4096, targetSize: 1024, headerCount: 64, bodySize: 1000 }

const FOLDER = 'fixtures/wire/http1'

/** The cases by file. */
export function wireCases(): Map<string, WireCase[]> {
  const files = readdirSync(FOLDER).sort()
  return new Map(
    files.map((file) => [file, JSON.parse(readFileSync(`${FOLDER}/${file}`, 'utf8'))]),
  )
}

interface Reader {
  readonly parser: RequestParser | ResponseParser
  readonly reading: Reading
}

function reader(method: string | undefined, limits: typeof LIMITS): Reader {
  const reading: Reading = {
    head: undefined,
    interim: [],
    body: '',
    trailers: undefined,
    error: undefined,
    cut: undefined,
    rest: '',
    switched: false,
  }
  const sink = {
    onHead(head: RequestHead | ResponseHead): void {
      if (reading.head !== undefined) reading.interim.push((reading.head as ResponseHead).status)
      reading.head = { ...head, headers: [...head.headers] }
    },
    onBody(bytes: Uint8Array): void {
      reading.body += plainLatin1(bytes, 0, bytes.length)
    },
    onEnd(trailers: HeaderList): void {
      if (reading.trailers !== undefined) throw new Error('onEnd came twice')
      reading.trailers = trailers
    },
    onError(error: WireError): void {
      if (reading.error !== undefined) throw new Error('onError came twice')
      reading.error = error
    },
  }
  if (method === undefined) return { parser: new RequestParser(sink, { limits }), reading }
  const parser = new ResponseParser(sink, { limits })
  parser.next(method)
  return { parser, reading }
}

/** Reads one message, its bytes cut at the given indices. `method` is given for responses. */
export function readMessage(
  text: string,
  cuts: readonly number[],
  { method, limits = LIMITS }: { method?: string | undefined; limits?: typeof LIMITS } = {},
): Reading {
  const { parser, reading } = reader(method, limits)
  const ends = [...cuts, text.length]
  let at = 0
  for (const end of ends) {
    if (parser.done || end === at) continue
    at += parser.push(latin1Bytes(text.slice(at, end)))
    if (at < end) break
  }
  if (!parser.done && reading.error === undefined) reading.cut = parser.eof()
  // What comes after an error is swallowed, however much of it came.
  reading.rest = reading.error === undefined ? text.slice(at) : ''
  reading.switched = parser instanceof ResponseParser && parser.switched
  return reading
}

/** Ways to cut `length` bytes: each by itself, and in two at every place, or at some where there are many. */
export function cuttings(length: number): number[][] {
  const every = Array.from({ length: Math.max(0, length - 1) }, (_, index) => index + 1)
  const step = Math.max(1, Math.floor(length / 400))
  return [every, ...every.filter((at) => at % step === 0).map((at) => [at])]
}
