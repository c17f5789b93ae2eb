import { refusal } from '../decide/mod.ts'
import type { Refusal } from '../decide/mod.ts'
import { endToEnd, getHeader, withoutFields } from '../wire/mod.ts'
import type { HeaderList } from '../wire/mod.ts'

/** Statuses whose responses have no body (Fetch Standard, "null body status"). */
const NO_BODY: ReadonlySet<number> = new Set([204, 205, 304])

/** What nginx answers where nobody is left to read it; it stands in no log. */
export const CLIENT_CLOSED_REQUEST: number = 499

/** Content codings that every host's `fetch` decodes, leaving the header as it was. */
const DECODED: ReadonlySet<string> = new Set(['gzip', 'br'])

/** An answer that is there as a whole. */
export interface WholeAnswer {
  readonly status: number
  readonly headers: HeaderList
  readonly body: Uint8Array
}

/** Such an answer as the host's own. */
export function wholeResponse({ status, headers, body }: WholeAnswer, request: Request): Response {
  const bodiless = request.method === 'HEAD' || NO_BODY.has(status)
  const list = new Headers()
  for (let i = 0; i + 1 < headers.length; i += 2) list.append(headers[i]!, headers[i + 1]!)
  return new Response(bodiless ? null : body as BodyInit, { status, headers: list })
}

/** The fields of an answer as the host has them, as a list. */
export function listOf(headers: Headers): HeaderList {
  const list: HeaderList = []
  headers.forEach((value, name) => list.push(name, value))
  return list
}

/** An upstream's answer without its body. */
export interface Answer {
  readonly status: number
  readonly statusText: string
  readonly headers: Headers
  readonly hasBody: boolean
}

/** What goes to the client of an upstream's answer, or why it cannot go. */
export function answerOf(response: Response): Answer | Refusal {
  const { status, statusText } = response
  // Hosts for browsers hide redirections behind status 0; there is nothing in them to pass on.
  if (status < 200 || status > 599) {
    return refusal('UPSTREAM_MALFORMED', `Read status: ${status} cannot be passed on`)
  }
  const fields = decodedFields(endToEnd(listOf(response.headers)))
  if (!Array.isArray(fields)) return fields
  const headers = new Headers()
  for (let i = 0; i < fields.length; i += 2) headers.append(fields[i]!, fields[i + 1]!)
  return { status, statusText, headers, hasBody: response.body !== null && !NO_BODY.has(status) }
}

/** The fields of a body that the host's `fetch` has decoded. */
function decodedFields(fields: HeaderList): HeaderList | Refusal {
  const coding = getHeader(fields, 'content-encoding')?.trim().toLowerCase() ?? ''
  if (coding === '' || coding === 'identity') return fields
  if (DECODED.has(coding)) return withoutFields(fields, ['content-encoding', 'content-length'])
  const detail = `Read Content-Encoding "${coding}": hosts decode only gzip and br alike`
  return refusal('UPSTREAM_MALFORMED', detail)
}
