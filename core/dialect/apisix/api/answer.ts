import type { Json } from '../../../store/types.ts'

/** What is answered. A body that is text goes out as it is, anything else as JSON. */
export interface Answer {
  readonly status: number
  readonly body?: Json
  readonly headers?: Readonly<Record<string, string>>
}

/** A refusal in APISIX's shape. */
export function refuse(status: number, message: string): Answer {
  return { status, body: { error_msg: message } }
}

/** There is no such document. */
export const KEY_NOT_FOUND: Answer = { status: 404, body: { message: 'Key not found' } }

/** The response: JSON ends with a line break, as in APISIX. */
export function toResponse(answer: Answer, headers: Readonly<Record<string, string>>): Response {
  const { status, body } = answer
  const all = new Headers({ 'Content-Type': 'application/json', ...headers, ...answer.headers })
  if (body === undefined || status === 204) return new Response(null, { status, headers: all })
  const text = typeof body === 'string' ? body : `${JSON.stringify(body)}\n`
  return new Response(text, { status, headers: all })
}

/** A page as nginx makes them. */
export function page(status: number, title: string, server: string): Answer {
  const body = `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n` +
    `<center><h1>${title}</h1></center>\r\n<hr><center>${server}</center>\r\n</body>\r\n</html>\r\n`
  return { status, body, headers: { 'Content-Type': 'text/html' } }
}
