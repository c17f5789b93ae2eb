/** Where one end of a connection is. `host` is an IP address in text, without brackets. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** What a connection tells its user. Set with {@linkcode Duplex.handle}; may be replaced at any time. */
export interface DuplexHandler {
  /** Bytes from the other side. The chunk belongs to the receiver. */
  onData(chunk: Uint8Array): void
  /** The other side will send no more; our side may still write. */
  onEnd(): void
  /** What `write` could not take at once has left; writing may go on. */
  onDrain(): void
  /** Always the last call, exactly once. `error` says why, where it was not an orderly end. */
  onClose(error: Error | undefined): void
}

/** A reliable stream of bytes both ways: a TCP connection, or what TLS makes of one. */
export interface Duplex {
  readonly remote: Address
  readonly local: Address
  /** The platform's own socket, for adapters of the same platform only. */
  readonly native: unknown
  handle(handler: DuplexHandler): void
  /** Sends bytes; a string is sent as Latin-1, one byte a character. False: wait for `onDrain`. */
  write(data: Uint8Array | string): boolean
  /** Holds small writes back until `uncork`, so that they leave in one piece. Calls nest. */
  cork(): void
  uncork(): void
  /** Sends what is written, then says that no more will come. */
  end(): void
  /** Ends both directions at once. With `reset`, the peer can tell it from an orderly end. */
  destroy(reset?: boolean): void
  /** Stops `onData` until `resume`; the other side is slowed down by it. */
  pause(): void
  resume(): void
}
