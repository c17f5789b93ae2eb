import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls, createSecureContext } from 'node:tls'
import type { ConnectionOptions, SecureContext, TLSSocket } from 'node:tls'
import {
  type Dialed,
  type Dialer,
  DialFailure,
  type DialTarget,
  type TlsClientProfile,
} from '../../core/port/mod.ts'
import { BoundedMap } from './bounded-map.ts'
import { presentedChain } from './chain.ts'
import { type Below, SocketDuplex, TLS_READS_ON } from './duplex.ts'

/** How many profiles keep their contexts. */
const CONTEXTS = 1024

/** Makes outgoing connections with `node:net` and `node:tls`; trusts whoever answers, the core judges. */
export class SocketDialer implements Dialer {
  readonly #contexts = new BoundedMap<SecureContext>(CONTEXTS)

  async dial(target: DialTarget): Promise<Dialed> {
    const { tls, preface, timeoutMs } = target
    const started = performance.now()
    try {
      if (tls === undefined) return await connected(openTcp(target), target)
      if (preface === undefined && !TLS_READS_ON) {
        return await connected(this.#openTls(target, tls), target)
      }
      // TLS laid over a socket takes what that one was given only once it stands.
      const { duplex } = await connected(openTcp(target), { ...target, tls: undefined })
      const below = duplex as SocketDuplex
      below.release()
      const left = Math.max(1, timeoutMs - (performance.now() - started))
      const socket = this.#openTls(target, tls, below.native)
      return await connected(socket, { ...target, timeoutMs: left }, below)
    } catch (error) {
      if (error instanceof DialFailure) throw error
      throw new DialFailure('other', `Connect to ${target.host}: ${error}`)
    }
  }

  /** TLS over a connection of its own, or over one that stands. */
  #openTls(target: DialTarget, profile: TlsClientProfile, under?: Socket): TLSSocket {
    const secureContext = this.#contexts.getOrMake(profile.contextId, () =>
      createSecureContext({
        minVersion: 'TLSv1.2',
        ...(profile.credentials === undefined
          ? {}
          : { cert: profile.credentials.chain, key: profile.credentials.key }),
      }))
    const options: ConnectionOptions & { allowHalfOpen: boolean } = {
      ...(under === undefined ? { host: target.host, port: target.port } : { socket: under }),
      secureContext,
      // The verdict is core/pki's, on the chain that comes back.
      rejectUnauthorized: false,
      checkServerIdentity: () => undefined,
      servername: profile.serverName,
      ALPNProtocols: [...profile.alpn],
      allowHalfOpen: true,
    }
    return connectTls(options)
  }
}

function openTcp({ host, port, preface }: DialTarget): Socket {
  const socket = connectTcp({ host, port, noDelay: true, allowHalfOpen: true })
  if (preface !== undefined) socket.write(preface)
  return socket
}

/** `below`: the connection that stands already, below the TLS of `socket`. */
function connected(socket: Socket, target: DialTarget, below?: Below): Promise<Dialed> {
  const ready = target.tls === undefined ? 'connect' : 'secureConnect'
  let tcpStands = below !== undefined
  return new Promise((resolve, reject) => {
    const fail = (error: Error & { code?: string }): void => {
      settle()
      socket.on('error', () => {}).destroy()
      reject(failureOf(error, target, tcpStands))
    }
    const late = (): void => fail(Object.assign(new Error('timed out'), { code: 'ETIMEDOUT' }))
    const gone = (): void => fail(Object.assign(new Error('closed'), { code: 'ECONNRESET' }))
    const timer = setTimeout(late, target.timeoutMs)
    const settle = (): void => {
      clearTimeout(timer)
      socket.off('error', fail).off('close', gone)
    }
    socket.once('connect', () => void (tcpStands = true))
    socket.on('error', fail).on('close', gone)
    socket.once(ready, () => {
      settle()
      if (target.tls !== undefined) socket.setNoDelay(true)
      resolve(dialed(socket, target.tls !== undefined, below))
    })
  })
}

function dialed(socket: Socket, secure: boolean, below: Below | undefined): Dialed {
  const duplex = new SocketDuplex(socket, below)
  if (!secure) return { duplex, alpn: undefined, chain: [] }
  const tls = socket as TLSSocket
  const alpn = typeof tls.alpnProtocol === 'string' ? tls.alpnProtocol : undefined
  return { duplex, alpn, chain: presentedChain(tls) }
}

function failureOf(
  error: Error & { code?: string },
  target: DialTarget,
  tcpStands: boolean,
): DialFailure {
  const where = `Connect to ${target.host}:${target.port}: ${error.code ?? error.message}`
  if (error.code === 'ETIMEDOUT') return new DialFailure('timeout', where)
  if (error.code === 'ENOTFOUND' || error.code === 'EAI_AGAIN') {
    return new DialFailure('name', where)
  }
  if (target.tls !== undefined && tcpStands) return new DialFailure('tls', where)
  return new DialFailure(error.code === 'ECONNREFUSED' ? 'refused' : 'other', where)
}
