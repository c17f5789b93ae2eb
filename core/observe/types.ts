/** What one exchange was and how it ended. Times in milliseconds, sizes in bytes of body. */
export interface ExchangeRecord {
  /** Epoch milliseconds at which the head was read. */
  readonly time: number
  readonly listener: string
  readonly address: string
  readonly sni: string
  readonly version: string
  readonly method: string
  readonly host: string
  readonly path: string
  readonly status: number
  readonly requestBytes: number
  readonly responseBytes: number
  readonly duration: number
  /** From the choice of an endpoint to the response's head; -1 where none came. */
  readonly upstreamDuration: number
  /** Name of the route or API; empty where none matched. */
  readonly route: string
  readonly plan: string
  readonly application: string
  /** SHA-256 of the client certificate, empty without. */
  readonly certificate: string
  readonly endpoint: string
  /** The refusal's code, empty where the request was forwarded and answered. */
  readonly code: string
  readonly detail: string
}

/** A connection, or bytes on it, refused before there was an exchange. */
export interface ConnectionRefusal {
  readonly time: number
  readonly listener: string
  readonly address: string
  readonly sni: string
  readonly certificate: string
  /** What was answered; 0 where the connection was closed without. */
  readonly status: number
  readonly code: string
  readonly detail: string
}

/** A connection that was no HTTP, and how it ended. Times in milliseconds, sizes in bytes. */
export interface StreamRecord {
  /** Epoch milliseconds at which the connection was taken. */
  readonly time: number
  readonly listener: string
  readonly address: string
  readonly sni: string
  /** From the client, and to it. */
  readonly received: number
  readonly sent: number
  readonly duration: number
  /** How long it took to connect to the endpoint; -1: no connection came to stand. */
  readonly connectDuration: number
  readonly upstream: string
  readonly endpoint: string
  /** The refusal's code, empty where bytes went both ways. */
  readonly code: string
  readonly detail: string
}

/** A handshake that was finished, or why it was not. */
export interface HandshakeRecord {
  readonly listener: string
  /** `ok`, or the failure's reason. */
  readonly result: string
  readonly resumed: boolean
}

/** Whoever wants to know what the gateway does. Called on the data path: it must be quick and never throw. */
export interface Observer {
  exchange(record: ExchangeRecord): void
  stream(record: StreamRecord): void
  refusedConnection(refusal: ConnectionRefusal): void
  handshake(record: HandshakeRecord): void
  /** A downstream connection was opened (1) or closed (-1). */
  connection(listener: string, change: 1 | -1): void
  /** An upstream connection was opened (1) or closed (-1). */
  upstreamConnection(upstream: string, change: 1 | -1): void
}
