import type { Duplex, DuplexHandler } from '../port/mod.ts'
import type { Mortal, Ticker } from './ticker.ts'

/** What a look at the first bytes of a connection may say. */
export type Glance<T> =
  | { readonly kind: 'more' }
  /** Enough was seen; `used` bytes at the start are taken away, the rest stays. */
  | { readonly kind: 'done'; readonly value: T; readonly used: number }
  | { readonly kind: 'bad'; readonly detail: string }

/** How a peek ends. */
export type Peeked<T> =
  | { readonly kind: 'done'; readonly value: T; readonly rest: Uint8Array }
  | { readonly kind: 'bad'; readonly detail: string; readonly rest: Uint8Array }
  | { readonly kind: 'gone' }

/** What a peek looks at, and how long. */
export interface PeekOptions<T> {
  readonly duplex: Duplex
  /** Bytes that were read before. */
  readonly first: Uint8Array
  readonly look: (bytes: Uint8Array) => Glance<T>
  readonly ticker: Ticker
  readonly timeoutMs: number
}

/**
 * Phase **peek**: reads until `look` has seen enough. The connection is left paused. `look` bounds the
 * bytes by calling too many of them bad.
 */
export function peek<T>(options: PeekOptions<T>): Promise<Peeked<T>> {
  return new Promise((resolve) => new Peek(options, resolve))
}

class Peek<T> implements DuplexHandler, Mortal {
  deadline: number
  readonly #options: PeekOptions<T>
  readonly #resolve: (peeked: Peeked<T>) => void
  #bytes: Uint8Array
  #over = false

  constructor(options: PeekOptions<T>, resolve: (peeked: Peeked<T>) => void) {
    this.#options = options
    this.#resolve = resolve
    this.#bytes = options.first
    this.deadline = options.ticker.now + options.timeoutMs
    options.ticker.add(this)
    options.duplex.handle(this)
    options.duplex.resume()
    if (options.first.length > 0) this.#look()
  }

  onData(chunk: Uint8Array): void {
    if (this.#bytes.length === 0) this.#bytes = chunk
    else {
      const both = new Uint8Array(this.#bytes.length + chunk.length)
      both.set(this.#bytes)
      both.set(chunk, this.#bytes.length)
      this.#bytes = both
    }
    if (!this.#over) this.#look()
  }

  onEnd(): void {
    this.#options.duplex.destroy()
  }

  onDrain(): void {}

  onClose(): void {
    this.#finish({ kind: 'gone' })
  }

  expire(): void {
    const detail = `Nothing whole came within ${this.#options.timeoutMs} ms`
    this.#finish({ kind: 'bad', detail, rest: this.#bytes })
  }

  #look(): void {
    const glance = this.#options.look(this.#bytes)
    if (glance.kind === 'more') return
    this.#options.duplex.pause()
    const rest = this.#bytes
    if (glance.kind === 'bad') return this.#finish({ kind: 'bad', detail: glance.detail, rest })
    this.#finish({ kind: 'done', value: glance.value, rest: rest.subarray(glance.used) })
  }

  #finish(peeked: Peeked<T>): void {
    if (this.#over) return
    this.#over = true
    this.#options.ticker.remove(this)
    this.#resolve(peeked)
  }
}
