import type { Address, Duplex } from './duplex.ts'
import type { TlsClientProfile } from './tls.ts'

/** An address the process accepts connections on. */
export interface BoundListener {
  readonly address: Address
  /** Accepts no more; connections that stand are left alone. */
  close(): Promise<void>
}

/** Accepts TCP connections. */
export interface Listener {
  /** Rejects with {@linkcode ListenFailure}. Port 0 takes a free one. */
  listen(address: Address, onConnection: (connection: Duplex) => void): Promise<BoundListener>
}

/** An address that could not be bound; `code` is the system's word, such as `EADDRINUSE`. */
export class ListenFailure extends Error {
  readonly code: string
  constructor(code: string, message: string) {
    super(message)
    this.name = 'ListenFailure'
    this.code = code
  }
}

/** Where to connect. */
export interface DialTarget extends Address {
  readonly tls: TlsClientProfile | undefined
  /** Milliseconds for TCP and TLS together. */
  readonly timeoutMs: number
  /** Bytes that are sent before anything else, TLS included; undefined: none. */
  readonly preface?: Uint8Array | undefined
}

/** An outgoing connection that stands. `chain` is as in {@linkcode TlsSession}. */
export interface Dialed {
  readonly duplex: Duplex
  readonly alpn: string | undefined
  readonly chain: readonly Uint8Array[]
}

/** Why an outgoing connection failed. */
export type DialFailureReason = 'refused' | 'timeout' | 'name' | 'tls' | 'other'

/** An outgoing connection that failed, as the value that a rejected promise carries. */
export class DialFailure extends Error {
  readonly reason: DialFailureReason
  constructor(reason: DialFailureReason, message: string) {
    super(message)
    this.name = 'DialFailure'
    this.reason = reason
  }
}

/** Asks hosts for an echo (ICMP). */
export interface Pinger {
  /** Whether one came in time; undefined: this host cannot ask. Never rejects. */
  ping(host: string, timeoutMs: number): Promise<boolean | undefined>
}

/** Makes outgoing connections. Whether the peer is to be trusted is not its business. */
export interface Dialer {
  /** Rejects with {@linkcode DialFailure}. */
  dial(target: DialTarget): Promise<Dialed>
}
