import { getHeader, latin1Bytes, withoutFields } from '../wire/mod.ts'
import type { HeaderList, RequestHead, ResponseHead } from '../wire/mod.ts'

/** What a server appends to the client's key (RFC 6455 section 1.3). */
const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const KEY = 'sec-websocket-key'
const ACCEPT = 'sec-websocket-accept'
const KEY_BYTES = 16

/** Whether a request wants to leave HTTP for WebSocket. */
export function isWebSocket({ upgrade }: RequestHead): boolean {
  return upgrade.toLowerCase() === 'websocket'
}

/**
 * An extended CONNECT (RFC 8441 section 5) as the request of HTTP/1.1 that means the same, so that it is decided on as
 * one. HTTP/2 has no key; endpoints that speak HTTP/1.1 want one (RFC 6455 section 4.1).
 */
export function asUpgrade(head: RequestHead): RequestHead {
  const key = base64(crypto.getRandomValues(new Uint8Array(KEY_BYTES)))
  const headers = [...withoutFields(head.headers, [KEY]), 'Sec-WebSocket-Key', key]
  return { ...head, method: 'GET', headers }
}

/** Fields for an extended CONNECT, which has no use for a key. */
export function withoutKey(fields: HeaderList): HeaderList {
  return withoutFields(fields, [KEY])
}

/** Fields of an answer that tells a client of HTTP/2 that the tunnel stands. */
export function withoutAccept(fields: HeaderList): HeaderList {
  return withoutFields(fields, ['connection', 'upgrade', ACCEPT])
}

/** What a client of HTTP/1.1 wants to be told for its key: undefined where it sent none. */
export async function acceptOf(head: RequestHead): Promise<string | undefined> {
  const key = getHeader(head.headers, KEY)
  if (key === undefined) return undefined
  const digest = await crypto.subtle.digest('SHA-1', latin1Bytes(key + GUID))
  return base64(new Uint8Array(digest))
}

/** An endpoint's answer that the tunnel stands, as HTTP/1.1 says it. */
export function asSwitching(head: ResponseHead, accept: string | undefined): ResponseHead {
  const headers = [...withoutFields(head.headers, [ACCEPT]), 'Upgrade', 'websocket']
  if (accept !== undefined) headers.push('Sec-WebSocket-Accept', accept)
  return { ...head, status: 101, headers, framing: 'none', length: 0 }
}

function base64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes))
}
