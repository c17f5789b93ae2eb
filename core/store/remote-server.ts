import type { Clock } from '../port/mod.ts'
import { isStoreFailure } from './failure.ts'
import {
  type Asked,
  isAsked,
  type ListPart,
  type StoreChannel,
  type Told,
} from './remote-messages.ts'
import type { Store } from './types.ts'

/** Documents in one message. */
const PART = 500
/** Clients say every 10 seconds that they are there. */
const FORGET_AFTER_MS = 35_000
const LOOK_EVERY_MS = 10_000

interface Client {
  readonly watches: Map<number, () => void>
  heard: number
}

/**
 * Lets the clients at the other end of a channel use a store. Watches of clients that fell silent end.
 * @returns How to stop.
 */
export function serveStore(store: Store, channel: StoreChannel, clock: Clock): () => void {
  const server = new StoreServer(store, channel, clock)
  channel.onMessage((message) => {
    if (isAsked(message)) void server.take(message)
  })
  const cancel = clock.every(LOOK_EVERY_MS, () => server.forgetSilent())
  return () => {
    cancel()
    server.stop()
  }
}

class StoreServer {
  readonly #store: Store
  readonly #channel: StoreChannel
  readonly #clock: Clock
  readonly #clients = new Map<string, Client>()
  #stopped = false

  constructor(store: Store, channel: StoreChannel, clock: Clock) {
    this.#store = store
    this.#channel = channel
    this.#clock = clock
  }

  async take({ client: name, id, question }: Asked): Promise<void> {
    if (this.#stopped) return
    const client = this.#client(name)
    const told = { store: 'tell', client: name, id } as const
    switch (question.ask) {
      case 'get':
        return this.#send({ ...told, answer: await this.#store.get(question.key) })
      case 'commit':
        return this.#send({ ...told, answer: await this.#store.commit(question.transaction) })
      case 'list': {
        const page = await this.#store.list(question.prefix, question)
        if (isStoreFailure(page)) return this.#send({ ...told, answer: page })
        const { documents, revision, more } = page
        for (let at = 0; at === 0 || at < documents.length; at += PART) {
          const last = at + PART >= documents.length
          const part: ListPart = { documents: documents.slice(at, at + PART), revision, more, last }
          this.#send({ ...told, answer: part })
        }
        return
      }
      case 'watch': {
        const { prefix, after } = question
        const stop = this.#store.watch(prefix, after, (event) => {
          if (event.kind === 'compacted' || event.kind === 'ended') client.watches.delete(id)
          this.#send({ ...told, event })
        })
        client.watches.set(id, stop)
        return
      }
      case 'unwatch':
        client.watches.get(question.watch)?.()
        return void client.watches.delete(question.watch)
      case 'bye':
        return this.#forget(name)
    }
  }

  forgetSilent(): void {
    const before = this.#clock.monotonic() - FORGET_AFTER_MS
    for (const [name, { heard }] of this.#clients) if (heard < before) this.#forget(name)
  }

  stop(): void {
    this.#stopped = true
    for (const name of this.#clients.keys()) this.#forget(name)
  }

  #client(name: string): Client {
    const client = this.#clients.get(name) ?? { watches: new Map(), heard: 0 }
    client.heard = this.#clock.monotonic()
    this.#clients.set(name, client)
    return client
  }

  #forget(name: string): void {
    for (const stop of this.#clients.get(name)?.watches.values() ?? []) stop()
    this.#clients.delete(name)
  }

  #send(told: Told): void {
    if (!this.#stopped) this.#channel.send(told)
  }
}
