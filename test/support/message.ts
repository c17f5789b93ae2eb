import { Buffer } from 'node:buffer'

/** A request or response as a test reads it; all text is Latin-1. */
export interface Message {
  /** The request line or status line. */
  readonly start: string
  /** 0 for requests. */
  readonly status: number
  readonly headers: readonly (readonly [string, string])[]
  readonly body: string
  readonly chunked: boolean
  readonly trailers: readonly (readonly [string, string])[]
  /** The value of a field, several joined; undefined where there is none. */
  header(name: string): string | undefined
}

/** How a message ends where its head does not say. */
export interface ReadOptions {
  /** Whether this is the answer to HEAD. */
  readonly head?: boolean
  /** Whether the connection has ended. */
  readonly ended?: boolean
}

/** A message that was read, and how many bytes it took. */
export interface ReadMessage {
  readonly message: Message
  readonly used: number
}

/**
 * Reads one message from the start of `bytes`: a reader of its own, so that the gateway's is not measured by itself.
 * Undefined while it is not whole. Throws where chunks are malformed.
 */
export function readMessage(bytes: Buffer, options: ReadOptions = {}): ReadMessage | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const [start = '', ...lines] = bytes.toString('latin1', 0, end).split('\r\n')
  const headers = lines.map(field)
  const status = start.startsWith('HTTP/') ? Number(start.split(' ')[1]) : 0
  const body = readBody(bytes, end + 4, { ...options, headers, status })
  if (body === undefined) return undefined
  const { used, ...rest } = body
  const header = (name: string): string | undefined => valueOf(headers, name)
  return { used, message: { start, status, headers, header, ...rest } }
}

interface Body {
  readonly body: string
  readonly chunked: boolean
  readonly trailers: readonly (readonly [string, string])[]
  readonly used: number
}

interface BodyOptions extends ReadOptions {
  readonly headers: readonly (readonly [string, string])[]
  readonly status: number
}

function readBody(bytes: Buffer, from: number, options: BodyOptions): Body | undefined {
  const { headers, status, head = false, ended = false } = options
  const plain = (to: number): Body => {
    const body = bytes.toString('latin1', from, to)
    return { body, chunked: false, trailers: [], used: to }
  }
  if (head || (status >= 100 && status < 200) || status === 204 || status === 304) {
    return plain(from)
  }
  if (valueOf(headers, 'transfer-encoding') !== undefined) return readChunks(bytes, from)
  const length = valueOf(headers, 'content-length')
  if (length !== undefined) {
    return bytes.length - from >= Number(length) ? plain(from + Number(length)) : undefined
  }
  if (status === 0) return plain(from)
  return ended ? plain(bytes.length) : undefined
}

function readChunks(bytes: Buffer, from: number): Body | undefined {
  const parts: Buffer[] = []
  for (let at = from;;) {
    const line = bytes.indexOf('\r\n', at)
    if (line < 0) return undefined
    const text = bytes.toString('latin1', at, line)
    if (!/^[0-9a-f]+$/i.test(text)) throw new Error(`Read chunk size ${JSON.stringify(text)}`)
    const size = parseInt(text, 16)
    if (size === 0) return readTrailers(bytes, line + 2, Buffer.concat(parts))
    at = line + 2 + size + 2
    if (bytes.length < at) return undefined
    parts.push(bytes.subarray(line + 2, line + 2 + size))
  }
}

function readTrailers(bytes: Buffer, from: number, content: Buffer): Body | undefined {
  const trailers: (readonly [string, string])[] = []
  for (let at = from;;) {
    const line = bytes.indexOf('\r\n', at)
    if (line < 0) return undefined
    const text = bytes.toString('latin1', at, line)
    at = line + 2
    if (text === '') return { body: content.toString('latin1'), chunked: true, trailers, used: at }
    trailers.push(field(text))
  }
}

function field(line: string): readonly [string, string] {
  const colon = line.indexOf(':')
  return [line.slice(0, colon), line.slice(colon + 1).trim()]
}

function valueOf(
  headers: readonly (readonly [string, string])[],
  name: string,
): string | undefined {
  const values = headers.filter(([each]) => each.toLowerCase() === name.toLowerCase())
  return values.length === 0 ? undefined : values.map(([, value]) => value).join(', ')
}
