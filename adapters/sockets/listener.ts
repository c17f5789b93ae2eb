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

/** Accepts TCP connections with `node:net`. */
export class SocketListener implements Listener {
  listen(address: Address, onConnection: (connection: Duplex) => void): Promise<BoundListener> {
    // Half-open sockets let the core finish an answer after the client's FIN, if it wants to.
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      onConnection(new SocketDuplex(socket))
    })
    return new Promise((resolve, reject) => {
      server.once('error', (error: Error & { code?: string }) => {
        reject(new ListenFailure(error.code ?? 'UNKNOWN', error.message))
      })
      server.listen({ host: address.host, port: address.port, backlog: 4096 }, () => {
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
