import type { Duplex } from './duplex.ts'

/** Whether a TLS server asks for a client certificate, and whether the handshake goes on without. */
export type ClientMode = 'none' | 'request' | 'require'

/** A private key with its certificate chain, leaf first, in PEM. */
export interface Credentials {
  readonly chain: string
  readonly key: string
  /** Such as `RSA` or `EC P-256`. */
  readonly keyType: string
}

/** All that one TLS server handshake depends on. Equal ids mean equal content. */
export interface TlsServerProfile {
  /** Adapters keep what they build from a profile under this id. */
  readonly id: string
  /** At least one; several have keys of different types, the preferred one first. */
  readonly credentials: readonly Credentials[]
  readonly clientMode: ClientMode
  /** Protocols offered by ALPN, the preferred one first. */
  readonly alpn: readonly string[]
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3'
  /** The newest version that is spoken; undefined: the newest that there is. */
  readonly maxVersion?: 'TLSv1.2' | undefined
  /** PEM of the CAs named in CertificateRequest; empty names none. */
  readonly authorities: string
  /**
   * What protects session tickets. A ticket of one profile never opens another: of a connection's profile, 48 bytes;
   * of a snapshot's entry, what those are derived from.
   */
  readonly ticketKey: Uint8Array
}

/** A finished handshake. The peer has proved that it holds the key of `chain[0]`; nothing more. */
export interface TlsSession {
  readonly duplex: Duplex
  readonly alpn: string | undefined
  readonly protocol: string
  readonly cipher: string
  readonly resumed: boolean
  /** What the peer presented, DER, leaf first; empty where it presented none. */
  readonly chain: readonly Uint8Array[]
}

/** Why a handshake failed. */
export type TlsFailureReason =
  | 'certificate-missing'
  | 'timeout'
  | 'closed'
  | 'protocol'

/** A handshake that failed, as the value that a rejected promise carries. */
export class TlsFailure extends Error {
  readonly reason: TlsFailureReason
  constructor(reason: TlsFailureReason, message: string) {
    super(message)
    this.name = 'TlsFailure'
    this.reason = reason
  }
}

/** The server's side of TLS over an accepted connection. */
export interface TlsServer {
  /** Whether {@linkcode accept} picks among several credentials what the client can use; else the first counts. */
  readonly choosesCredentials: boolean
  /**
   * Does the handshake. `first` are the bytes already read from the connection.
   * Rejects with {@linkcode TlsFailure}; the connection is then closed.
   */
  accept(
    connection: Duplex,
    first: Uint8Array,
    profile: TlsServerProfile,
    timeoutMs: number,
  ): Promise<TlsSession>
}

/** All that a TLS client handshake depends on. Equal ids mean equal content. */
export interface TlsClientProfile {
  readonly id: string
  /** Adapters keep what they build from `credentials` under this id; profiles for several names share it. */
  readonly contextId: string
  /** The SNI to send; empty sends none. */
  readonly serverName: string
  readonly credentials: Credentials | undefined
  readonly alpn: readonly string[]
}
