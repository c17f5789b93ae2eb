/** What is to be got by one HTTP/1.1 request; redirects are not followed. */
export interface FetchTarget {
  /** Absolute, of scheme `http`, or `https`: then the server must prove itself by the roots of the host. */
  readonly url: string
  /** Sent by POST; undefined: a GET. */
  readonly body: { readonly type: string; readonly data: Uint8Array } | undefined
  /** Further header fields, by their names in lower case. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Milliseconds from the name's lookup to the last byte. */
  readonly timeoutMs: number
  /** The longest body that is taken. */
  readonly maxBytes: number
  /** Whether an address, by which the name was resolved, may be connected to. */
  readonly mayConnect: (ip: string) => boolean
}

/** An answer over HTTP, whatever its status. */
export interface FetchAnswer {
  readonly status: number
  /** Where a redirect leads, as it stands in the answer. */
  readonly location: string | undefined
  readonly body: Uint8Array
}

/** A request without an answer, as the error that a rejected promise carries. The message says why, in a few words. */
export class FetchFailure extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'FetchFailure'
  }
}

/** Gets bytes over plain HTTP. What they are worth is not its business. */
export interface Fetcher {
  /** Rejects with {@linkcode FetchFailure}. */
  fetch(target: FetchTarget): Promise<FetchAnswer>
}
