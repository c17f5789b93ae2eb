import type { HeaderList, RequestHead, ResponseHead, SensitiveNames } from '../wire/mod.ts'
import type { Duplex } from '../port/mod.ts'
import type { ClientConnection } from './connection.ts'
import type { Http1Options } from './request-head.ts'

/** A client's connection, whatever version of HTTP it speaks. */
export interface Client {
  /** Closes once what is under way is done; at once where nothing is. */
  drain(): void
  /** Closes at once. */
  cut(): void
}

/** A response on its way to the client, before a codec gives it its form. */
export interface OutgoingResponse {
  readonly status: number
  readonly reason: string
  /** End-to-end fields alone; Content-Length among them where the length is known. */
  readonly headers: HeaderList
  /** Whether a body follows whose length is not known. */
  readonly openEnded: boolean
  /** Whether the connection ends with it, where that is one response's to say; undefined: it does not. */
  readonly last?: boolean | undefined
  readonly sensitive?: SensitiveNames
  /** Whether none follows; a Content-Length is then what another request would have been told. */
  readonly bodiless: boolean
}

/** The client's side of one exchange: an HTTP/1.1 connection for a while, or an HTTP/2 stream. */
export interface ClientSide {
  readonly connection: ClientConnection
  /** Whether bytes are being taken in, and {@linkcode ClientUser.onRequestArrived} will follow. */
  readonly arriving: boolean
  /** Passes on a 1xx response. */
  inform(head: ResponseHead): void
  respond(response: OutgoingResponse): void
  /** False: wait for {@linkcode ServerUser.onClientDrain}. */
  send(bytes: Uint8Array): boolean
  /** The response is whole. */
  finish(trailers: HeaderList): void
  /** The response can not be made whole: the client must be able to tell. */
  cut(): void
  /** Stops, and lets on again, the request's body. */
  holdBody(): void
  wantBody(): void
  /** Says that protocols are switched, and gives the bare connection away; undefined: not possible. */
  switchProtocols(headers: HeaderList): TakenOver | undefined
  /** Holds writes back until `uncork`, so that what is ready leaves together. */
  cork(): void
  uncork(): void
}

/** What the client's side tells its exchange. */
export interface ClientUser {
  readonly head: RequestHead
  onRequestBody(bytes: Uint8Array): void
  onRequestEnd(trailers: HeaderList): void
  onClientDrain(): void
  /** What one arrival of bytes brought has been handed over. */
  onRequestArrived(): void
  /** The client will not read the answer; by its own doing unless `code` says otherwise. */
  onClientGone(reason: string, code?: 'CLIENT_GONE' | 'DRAINING'): void
  /** The request turned out to be broken after its head was taken. */
  onRequestBroken(code: RequestFault, detail: string): void
}

/** What can be wrong with a request whose head was right. */
export type RequestFault = 'MALFORMED_REQUEST' | 'BODY_TOO_LARGE' | 'REQUEST_TIMEOUT'

/** Why an upstream connection could not do its part. */
export interface UpstreamFault {
  readonly code:
    | 'UPSTREAM_CLOSED'
    | 'UPSTREAM_MALFORMED'
    | 'UPSTREAM_TIMEOUT'
    | 'UPGRADE_UNSUPPORTED'
  readonly detail: string
  /** Whether nothing at all of an answer had come, on a connection that served others before. */
  readonly stale: boolean
  /** Whether the endpoint is sure not to have looked at the request, so that any may be sent again. */
  readonly untouched: boolean
}

/** One request on its way to an endpoint. */
export interface UpstreamRequest {
  readonly head: RequestHead
  readonly forward: Http1Options
  readonly user: ServerUser
  /** The longest silence of the endpoint, sending and taking, in milliseconds. */
  readonly readTimeout: number
  readonly sendTimeout: number
}

/** A connection that has left HTTP. */
export interface TakenOver {
  readonly duplex: Duplex
  /** What came behind the head. */
  readonly rest: Uint8Array | undefined
  /** To be called when the connection has ended. */
  readonly over: () => void
}

/** The endpoint's side of one exchange: an HTTP/1.1 connection for a while, or an HTTP/2 stream. */
export interface ServerSide {
  /** Sends the head. Its body follows by `send` and `finish`. */
  begin(request: UpstreamRequest): void
  /** Sends a piece of the body. False: wait for {@linkcode ServerUser.onUpstreamDrain}. */
  send(bytes: Uint8Array): boolean
  /** The request is whole. */
  finish(trailers: HeaderList): void
  /** Stops, and lets on again, the response's body. While held, the endpoint's silence is our doing. */
  hold(): void
  want(): void
  /** Holds writes back until `uncork`, so that what is ready leaves together. */
  cork(): void
  uncork(): void
  /** Gives the bare connection away after a 101; undefined: not possible. */
  takeOver(): TakenOver | undefined
  /** The exchange has lost interest. */
  destroy(): void
}

/** What the upstream's side tells its exchange. */
export interface ServerUser {
  onResponseHead(head: ResponseHead): void
  onResponseBody(bytes: Uint8Array): void
  onResponseEnd(trailers: HeaderList): void
  onUpstreamDrain(): void
  onUpstreamFault(fault: UpstreamFault): void
  /** Brackets the calls that one arrival of bytes causes. */
  onArrival(begins: boolean): void
}
