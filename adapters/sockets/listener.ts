import { createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import {
  type Address,
  type BoundListener,
  type Listener,
  ListenFailure,
} from '../../core/port/mod.ts'
import type { Duplex } from '../../core/port/mod.ts'
import { SocketDuplex } from './duplex.ts'

/** Asks the other processes that listen on an address for the port, or why it cannot be shared. */
export type Share = (
  address: Address,
) => Promise<{ readonly port: number } | { readonly code: string }>

/** Accepts TCP connections with `node:net`. */
export class SocketListener implements Listener {
  readonly #share: Share | undefined

  /** @param share where several processes listen on the same addresses, each by itself */
  constructor(share?: Share) {
    this.#share = share
  }

  async listen(
    { host, port }: Address,
    onConnection: (connection: Duplex) => void,
  ): Promise<BoundListener> {
    const shared = await this.#share?.({ host, port })
    if (shared !== undefined && 'code' in shared) {
      throw new ListenFailure(shared.code, `Listen on ${host}:${port}: ${shared.code}`)
    }
    // Half-open sockets let the core finish an answer after the client's FIN, if it wants to.
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      onConnection(new SocketDuplex(socket))
    })
    const options = { host, port: shared?.port ?? port, backlog: 4096 }
    return await new Promise((resolve, reject) => {
      server.once('error', (error: Error & { code?: string }) => {
        reject(new ListenFailure(error.code ?? 'UNKNOWN', error.message))
      })
      server.listen({ ...options, ...(shared && { reusePort: true }) }, () => {
        resolve(bound(server))
      })
    })
  }
}

function bound(server: Server): BoundListener {
  const { address, port } = server.address() as AddressInfo
  return {
    address: { host: address, port },
    close: () => new Promise((resolve) => void (server.close(() => resolve()))),
  }
}
