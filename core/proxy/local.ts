import type { Peer } from '../decide/mod.ts'
import type { HeaderList, RequestHead } from '../wire/mod.ts'

/** Answers requests within the process: the admin API, the demo upstream. */
export type LocalHandler = (request: Request, peer: Peer) => Response | Promise<Response>

/** The longest request body a local handler is given, in bytes. */
export const LOCAL_BODY_SIZE: number = 16 * 1024 * 1024

/** A local answer, whole. */
export interface LocalAnswer {
  readonly status: number
  readonly headers: HeaderList
  readonly body: Uint8Array
}

/** Methods that no `Request` may have (the Fetch standard, section 2.2.1). */
const FORBIDDEN: ReadonlySet<string> = new Set(['CONNECT', 'TRACE', 'TRACK'])

/** Asks a local handler. Rejects where it does. */
export async function askLocally(
  handler: LocalHandler,
  request: { readonly head: RequestHead; readonly body: Uint8Array; readonly peer: Peer },
): Promise<LocalAnswer> {
  const { head, body, peer } = request
  if (FORBIDDEN.has(head.method)) return { status: 405, headers: [], body: new Uint8Array(0) }
  const headers = new Headers()
  for (let i = 0; i < head.headers.length; i += 2) {
    headers.append(head.headers[i] as string, head.headers[i + 1] as string)
  }
  const bodiless = head.method === 'GET' || head.method === 'HEAD'
  const init = { method: head.method, headers, ...(bodiless ? {} : { body: body as BodyInit }) }
  const response = await handler(new Request(urlOf(head, peer.secure), init), peer)
  const list: HeaderList = []
  response.headers.forEach((value, name) => {
    if (name !== 'content-length' && name !== 'connection') list.push(name, value)
  })
  return {
    status: response.status,
    headers: list,
    body: new Uint8Array(await response.arrayBuffer()),
  }
}

/** The URL that was asked for. A target such as `//a/b` is a path, not another authority. */
function urlOf({ target, authority }: RequestHead, secure: boolean): string {
  const scheme = secure ? 'https' : 'http'
  const path = target.startsWith('/') ? target : `/${target}`
  const url = `${scheme}://${authority}${path}`
  // HTTP knows names that URLs do not, such as 1.2.3.4.5.
  return URL.canParse(url) ? url : `${scheme}://localhost${path}`
}

/** Pieces as one. */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
