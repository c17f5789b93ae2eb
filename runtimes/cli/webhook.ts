import type { Clock, Fetcher, Log, WebhookConfig } from '../../core/mod.ts'

/** How long after a failure the next attempt is made, in milliseconds. */
const WAITS: readonly number[] = [1_000, 10_000, 60_000, 600_000, 3_600_000]
const TIMEOUT_MS = 10_000
/** Events that may wait for their turn; beyond, the log alone has them. */
const MOST_WAITING = 1_000

/** What a webhook works with. */
export interface WebhookHost {
  readonly fetcher: Fetcher
  readonly clock: Clock
  readonly log: Log
}

/**
 * Sends events to an operator's own service: JSON by POST, with `x-sallyport-timestamp` (seconds since 1970) and
 * `x-sallyport-signature`, which is `sha256=` and the HMAC-SHA256, in hex, of timestamp, a dot and the body.
 */
export class Webhook {
  readonly #host: WebhookHost
  readonly #config: () => WebhookConfig | undefined
  readonly #cancels = new Set<() => void>()
  #waiting = 0

  constructor(host: WebhookHost, config: () => WebhookConfig | undefined) {
    this.#host = host
    this.#config = config
  }

  /** Sends an event, again and again where it is not taken: at least once, or the log says that it was not. */
  send(event: Readonly<Record<string, unknown>>): void {
    if (this.#config() === undefined || this.#waiting >= MOST_WAITING) return
    this.#waiting++
    void this.#attempt(JSON.stringify(event), 0)
  }

  /** Gives up on what has not been taken yet. */
  close(): void {
    for (const cancel of this.#cancels) cancel()
    this.#cancels.clear()
  }

  async #attempt(body: string, failures: number): Promise<void> {
    const config = this.#config()
    const reason = config === undefined ? '' : await this.#post(config, body)
    if (reason === '') return void this.#waiting--
    const wait = WAITS[failures]
    const { clock, log } = this.#host
    if (wait === undefined) {
      this.#waiting--
      return log.write('error', 'The webhook did not take an event', { reason, event: body })
    }
    log.write('warn', 'The webhook did not take an event, it is sent again', { reason, wait })
    const cancel = clock.after(wait, () => {
      this.#cancels.delete(cancel)
      void this.#attempt(body, failures + 1)
    })
    this.#cancels.add(cancel)
  }

  /** Why it was not taken; empty: it was. */
  async #post({ url, secret }: WebhookConfig, body: string): Promise<string> {
    const timestamp = String(Math.floor(this.#host.clock.now() / 1000))
    try {
      const headers = {
        'x-sallyport-timestamp': timestamp,
        ...(secret === undefined
          ? {}
          : { 'x-sallyport-signature': `sha256=${await hmac(secret, `${timestamp}.${body}`)}` }),
      }
      const { status } = await this.#host.fetcher.fetch({
        ...{ url, headers, timeoutMs: TIMEOUT_MS, maxBytes: 65_536, mayConnect: () => true },
        body: { type: 'application/json', data: new TextEncoder().encode(body) },
      })
      return status >= 200 && status < 300 ? '' : `it answered ${status}`
    } catch (error) {
      return error instanceof Error ? error.message : String(error)
    }
  }
}

async function hmac(secret: string, text: string): Promise<string> {
  const { subtle } = globalThis.crypto
  const bytes = (value: string): Uint8Array<ArrayBuffer> => new TextEncoder().encode(value)
  const algorithm = { name: 'HMAC', hash: 'SHA-256' }
  const key = await subtle.importKey('raw', bytes(secret), algorithm, false, ['sign'])
  const signature = new Uint8Array(await subtle.sign('HMAC', key, bytes(text)))
  return [...signature].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
