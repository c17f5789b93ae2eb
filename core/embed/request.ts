import { refusal } from '../decide/mod.ts'
import type { Refusal } from '../decide/mod.ts'
import type { Limits } from '../snapshot/mod.ts'
import { normalisePath, parseAuthority } from '../wire/mod.ts'
import type { HeaderList, RequestHead } from '../wire/mod.ts'

/** Methods that `fetch` cannot send (Fetch Standard, "forbidden method"). */
const UNSENDABLE: ReadonlySet<string> = new Set(['CONNECT', 'TRACE', 'TRACK'])

/** Methods that `fetch` sends without a body. */
export const BODILESS: ReadonlySet<string> = new Set(['GET', 'HEAD'])

/** Whether a request's body goes upstream. */
export function hasBody(request: Request): boolean {
  return request.body !== null && !BODILESS.has(request.method)
}

/** A request's head as the gateway's decisions take it, or why there is no deciding. */
export function headOf(request: Request, limits: Limits): RequestHead | Refusal {
  const { method } = request
  if (UNSENDABLE.has(method)) return refusal('METHOD_UNSUPPORTED', `Method ${method}`)
  const url = new URL(request.url)
  const named = parseAuthority(url.host)
  if (named === undefined) return refusal('MALFORMED_REQUEST', `Read host "${url.host}": malformed`)
  const path = normalisePath(url.pathname)
  if (typeof path !== 'string') {
    return refusal('MALFORMED_REQUEST', `Read path "${url.pathname}": ${path.message}`)
  }
  const headers: HeaderList = []
  request.headers.forEach((value, name) => headers.push(name, value))
  const target = path + url.search
  return tooLarge({ target, headers, request }, limits) ?? {
    method,
    target,
    path,
    query: url.search,
    authority: url.host,
    host: named.host,
    version: '1.1',
    headers,
    framing: hasBody(request) ? 'chunked' : 'none',
    length: 0,
    keepAlive: true,
    upgrade: '',
    expectContinue: false,
  }
}

interface Measured {
  readonly target: string
  readonly headers: HeaderList
  readonly request: Request
}

/** The colon, the space and the line's end that a field has on the wire of HTTP/1.1. */
const FIELD_EXTRA = 4

function tooLarge({ target, headers, request }: Measured, limits: Limits): Refusal | undefined {
  const { targetSize, headerCount, headSize, bodySize } = limits
  if (target.length > targetSize) {
    return refusal('TARGET_TOO_LONG', `Read request target: more than ${targetSize} bytes`)
  }
  if (headers.length / 2 > headerCount) {
    return refusal('HEAD_TOO_LARGE', `Read fields: more than ${headerCount}`)
  }
  const size = headers.reduce((sum, text) => sum + text.length + FIELD_EXTRA / 2, target.length)
  if (size > headSize) return refusal('HEAD_TOO_LARGE', `Read head: more than ${headSize} bytes`)
  const declared = Number(request.headers.get('content-length') ?? 0)
  return bodySize > 0 && declared > bodySize ? bodyTooLarge(bodySize) : undefined
}

/** A request whose body is larger than allowed, in bytes. */
export function bodyTooLarge(bodySize: number): Refusal {
  return refusal('BODY_TOO_LARGE', `Read body: more than ${bodySize} bytes`)
}
