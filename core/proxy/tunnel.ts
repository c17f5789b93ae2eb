import type { Duplex, DuplexHandler } from '../port/mod.ts'
import type { Mortal, Ticker } from './ticker.ts'

/** How long an end may take to read what is left once the other has closed. */
const LAST_WORDS_MS = 5000

/** One end of a tunnel, with what it sent before the tunnel stood. */
export interface TunnelEnd {
  readonly duplex: Duplex
  readonly rest: Uint8Array | undefined
}

/** What a tunnel joins. */
export interface TunnelOptions {
  readonly client: TunnelEnd
  readonly upstream: TunnelEnd
  readonly ticker: Ticker
  /** The longest silence of both ends. */
  readonly idleMs: number
  /** Called once, with the bytes each way. */
  readonly onOver: (fromClient: number, fromUpstream: number) => void
}

/** Joins two connections that have left HTTP (RFC 9110 section 7.8): bytes both ways, each end slowed by the other. */
export function tunnel(options: TunnelOptions): void {
  const { client, upstream, ticker, idleMs, onOver } = options
  let over = false
  let ends = 0
  const mortal: Mortal = { deadline: ticker.now + idleMs, expire: finish }
  const fromClient = new Half(upstream.duplex, touch, closed)
  const fromUpstream = new Half(client.duplex, touch, closed)
  fromClient.from = client.duplex
  fromUpstream.from = upstream.duplex
  fromClient.drained = () => fromUpstream.from?.resume()
  fromUpstream.drained = () => fromClient.from?.resume()
  ticker.add(mortal)
  client.duplex.handle(fromClient)
  upstream.duplex.handle(fromUpstream)
  if (client.rest !== undefined) fromClient.onData(client.rest)
  if (upstream.rest !== undefined) fromUpstream.onData(upstream.rest)
  client.duplex.resume()
  upstream.duplex.resume()

  function touch(): void {
    // Whoever talks to an end that has closed gets no more time by it.
    if (ends === 0) mortal.deadline = ticker.now + idleMs
  }

  /** What one end sent before it closed must still reach the other. */
  function closed(): void {
    if (++ends === 2) return finish()
    client.duplex.end()
    upstream.duplex.end()
    mortal.deadline = ticker.now + Math.min(idleMs, LAST_WORDS_MS)
  }

  function finish(): void {
    if (over) return
    over = true
    ticker.remove(mortal)
    client.duplex.destroy()
    upstream.duplex.destroy()
    onOver(fromClient.bytes, fromUpstream.bytes)
  }
}

/** Hands on what one end sends to the other. */
class Half implements DuplexHandler {
  bytes = 0
  from: Duplex | undefined
  /** Called when this end takes bytes again. */
  drained: () => void = () => {}
  readonly #to: Duplex
  readonly #touch: () => void
  readonly #closed: () => void

  constructor(to: Duplex, touch: () => void, closed: () => void) {
    this.#to = to
    this.#touch = touch
    this.#closed = closed
  }

  onData(chunk: Uint8Array): void {
    this.bytes += chunk.length
    this.#touch()
    if (!this.#to.write(chunk)) this.from?.pause()
  }

  onEnd(): void {
    this.#to.end()
  }

  onDrain(): void {
    this.drained()
  }

  onClose(): void {
    this.#closed()
  }
}
