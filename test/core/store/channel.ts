/** A channel within one process, as JSON and in its own time, the way messages between processes go. */
import type { StoreChannel } from '../../../core/store/mod.ts'

/** The owner's end, and any number of clients' ends. What the owner sends, all clients hear. */
export class Wire {
  #toOwner: ((message: unknown) => void)[] = []
  #toClients: ((message: unknown) => void)[] = []
  /** Messages that went to clients. */
  sent = 0

  readonly owner: StoreChannel = {
    send: (message) => {
      this.sent++
      later(this.#toClients, message)
    },
    onMessage: (receive) => void this.#toOwner.push(receive),
  }

  readonly client: StoreChannel = {
    send: (message) => later(this.#toOwner, message),
    onMessage: (receive) => void this.#toClients.push(receive),
  }
}

function later(receivers: readonly ((message: unknown) => void)[], message: unknown): void {
  const text = JSON.stringify(message)
  setImmediate(() => {
    for (const receive of receivers) receive(JSON.parse(text))
  })
}
