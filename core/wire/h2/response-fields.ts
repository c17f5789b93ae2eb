import { quote } from '../characters.ts'
import { RESPONSE, wireError } from '../errors.ts'
import { frameOf, UNSAID } from '../framing.ts'
import { withoutFields } from '../headers.ts'
import type { BodyFraming, HeaderList, ResponseHead, WireError } from '../types.ts'
import { FieldList } from './field-list.ts'

const STATUS = /^[1-5][0-9][0-9]$/

/**
 * Makes the head of a response to `method` of its fields (RFC 9113 section 8.3.2). `ends`: no body follows; where one
 * could, the head says that it is empty.
 */
export function responseFromFields(
  fields: HeaderList,
  ends: boolean,
  method: string,
): ResponseHead | WireError {
  const list = new FieldList('response')
  const problem = list.read(fields)
  if (problem !== undefined) return malformed(problem.detail, problem.section)
  const text = list.status ?? ''
  // RFC 9113 section 8.6: there is no changing of protocols.
  if (!STATUS.test(text) || text === '101') {
    return malformed(`Read ":status" ${quote(text)}: not allowed`, '8.3.2')
  }
  const status = Number(text)
  if (status < 200 || status === 204) return headOf(status, bare(list), 'none', 0)
  const frame = frameOf(list, false, RESPONSE)
  if (typeof frame === 'object') return frame
  const tunnel = method === 'CONNECT' && status < 300
  if (method === 'HEAD' || status === 304 || tunnel) return headOf(status, list.headers, 'none', 0)
  if (ends && frame > 0) {
    return malformed(`Read Content-Length "${frame}": no DATA follows`, '8.1.1')
  }
  if (frame !== UNSAID) return headOf(status, list.headers, 'length', frame)
  if (!ends) return headOf(status, list.headers, 'chunked', 0)
  // HTTP/1.1 has no other way to say that a body is there and empty.
  return headOf(status, [...list.headers, 'content-length', '0'], 'length', 0)
}

/** Neither of these may say how long a body is (RFC 9110 section 8.6): it has none, whatever it says. */
function bare({ headers, contentLength }: FieldList): HeaderList {
  return contentLength.count === 0 ? headers : withoutFields(headers, ['content-length'])
}

function headOf(
  status: number,
  headers: HeaderList,
  framing: BodyFraming,
  length: number,
): ResponseHead {
  return { status, reason: '', version: '2', headers, framing, length, keepAlive: true }
}

function malformed(detail: string, section: string): WireError {
  return wireError(RESPONSE.malformed, detail, `RFC 9113 section ${section}`)
}
