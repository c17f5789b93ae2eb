import type { HeaderList } from './types.ts'

/** What a request's head says when it is sent on. Framing fields stand in `headers`. */
export interface RequestHeadParts {
  readonly method: string
  readonly target: string
  readonly headers: HeaderList
}

/** What a response's head says when it is sent on. */
export interface ResponseHeadParts {
  readonly status: number
  readonly reason: string
  readonly headers: HeaderList
}

/** A request's head as HTTP/1.1, as Latin-1 text. All parts must be checked ones: nothing is escaped here. */
export function serializeRequestHead({ method, target, headers }: RequestHeadParts): string {
  return `${method} ${target} HTTP/1.1\r\n${serializeFields(headers)}\r\n`
}

/** A response's head as HTTP/1.1, as Latin-1 text. All parts must be checked ones: nothing is escaped here. */
export function serializeResponseHead({ status, reason, headers }: ResponseHeadParts): string {
  return `HTTP/1.1 ${status} ${reason}\r\n${serializeFields(headers)}\r\n`
}

/** Field lines, without the empty line after them. */
export function serializeFields(headers: HeaderList): string {
  let text = ''
  for (let i = 0; i < headers.length; i += 2) {
    text += headers[i]! + ': ' + headers[i + 1]! + '\r\n'
  }
  return text
}

/** What stands before a chunk's data (RFC 9112 section 7.1). After the data comes {@linkcode CHUNK_END}. `length` is not 0. */
export function chunkHead(length: number): string {
  return `${length.toString(16)}\r\n`
}

/** What stands after a chunk's data. */
export const CHUNK_END = '\r\n'

/** The last chunk, the trailers and the end of a chunked body. */
export function lastChunk(trailers: HeaderList): string {
  return trailers.length === 0 ? '0\r\n\r\n' : `0\r\n${serializeFields(trailers)}\r\n`
}
