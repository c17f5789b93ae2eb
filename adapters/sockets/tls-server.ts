import { Buffer } from 'node:buffer'
import { constants } from 'node:crypto'
import process from 'node:process'
import { createSecureContext, type SecureContext, TLSSocket } from 'node:tls'
import type { TLSSocketOptions } from 'node:tls'
import {
  type Duplex,
  TlsFailure,
  type TlsServer,
  type TlsServerProfile,
  type TlsSession,
} from '../../core/port/mod.ts'
import { BoundedMap } from './bounded-map.ts'
import { presentedChain } from './chain.ts'
import { SocketDuplex } from './duplex.ts'

/** How long an alert may take to leave. */
const ALERT_MS = 50
/** How many profiles keep their contexts; each holds a parsed chain and key. */
const CONTEXTS = 2048

/**
 * TLS towards clients with `node:tls`, one secure context a profile.
 *
 * A bare `TLSSocket` is used, not `tls.Server`: there, `rejectUnauthorized` only makes the stack
 * insist on a certificate (alert `certificate_required`), and trusts or distrusts nobody; and each
 * connection can have its own client mode, tickets and certificate.
 */
export class SocketTlsServer implements TlsServer {
  /** OpenSSL chooses by all that the client offers; Deno's rustls is given one key and shows that. */
  readonly choosesCredentials: boolean = !('deno' in process.versions)
  readonly #contexts = new BoundedMap<SecureContext>(CONTEXTS)

  accept(
    connection: Duplex,
    first: Uint8Array,
    profile: TlsServerProfile,
    timeoutMs: number,
  ): Promise<TlsSession> {
    let context: SecureContext
    try {
      context = this.#contexts.getOrMake(profile.id, () => contextOf(profile))
    } catch (error) {
      connection.destroy()
      return Promise.reject(new TlsFailure('protocol', `Use server certificate: ${error}`))
    }
    const plain = connection as SocketDuplex
    const socket = plain.release()
    socket.unshift(first)
    const options: TLSSocketOptions & { secureContext: SecureContext } = {
      isServer: true,
      requestCert: profile.clientMode !== 'none',
      rejectUnauthorized: profile.clientMode === 'require',
      secureContext: context,
      ALPNProtocols: [...profile.alpn],
    }
    return handshake(new TLSSocket(socket, options), plain, timeoutMs)
  }
}

function contextOf(profile: TlsServerProfile): SecureContext {
  const options = {
    cert: profile.credentials.map((credentials) => credentials.chain),
    key: profile.credentials.map((credentials) => credentials.key),
    minVersion: profile.minVersion,
    ...(profile.maxVersion === undefined ? {} : { maxVersion: profile.maxVersion }),
    ticketKeys: Buffer.from(profile.ticketKey),
    sessionIdContext: profile.id.slice(0, 32),
    // RFC 9113 section 9.2.1; and whoever was identified stays who it is. Deno's rustls never does it.
    secureOptions: constants.SSL_OP_NO_RENEGOTIATION,
    ...(profile.authorities === '' ? {} : { ca: profile.authorities }),
  }
  return createSecureContext(options)
}

function handshake(
  socket: TLSSocket,
  plain: SocketDuplex,
  timeoutMs: number,
): Promise<TlsSession> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => fail('timeout', `No handshake within ${timeoutMs} ms`),
      timeoutMs,
    )
    const onError = (error: Error & { code?: string }): void => {
      fail(reasonOf(error), error.code ?? error.message)
    }
    const onClose = (): void => fail('closed', 'The client closed the connection in the handshake')
    const settle = (): void => {
      clearTimeout(timer)
      socket.off('error', onError).off('close', onClose).off('end', onClose).off('secure', onSecure)
    }
    const fail = (reason: TlsFailure['reason'], message: string): void => {
      settle()
      socket.on('error', () => {})
      const close = (): void => {
        destroy()
        reject(new TlsFailure(reason, message))
      }
      if (reason === 'timeout' || reason === 'closed') return close()
      // An alert that is being written must leave before the socket goes.
      setTimeout(close, ALERT_MS)
    }
    // Deno's stack would end the socket together with the alert.
    const destroy = socket.destroy.bind(socket)
    socket.destroy = (error) => {
      if (error === undefined) return destroy()
      onError(error)
      return socket
    }
    const onSecure = (): void => {
      settle()
      socket.destroy = destroy
      resolve(sessionOf(socket, new SocketDuplex(socket, plain)))
    }
    // On a half-open socket a client that leaves ends, and does not close.
    socket.on('error', onError).on('close', onClose).on('end', onClose).on('secure', onSecure)
  })
}

function reasonOf(error: Error & { code?: string }): TlsFailure['reason'] {
  if (error.code === 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE') return 'certificate-missing'
  return error.code === 'ECONNRESET' || error.code === 'EPIPE' ? 'closed' : 'protocol'
}

function sessionOf(socket: TLSSocket, duplex: SocketDuplex): TlsSession {
  return {
    duplex,
    alpn: typeof socket.alpnProtocol === 'string' ? socket.alpnProtocol : undefined,
    protocol: socket.getProtocol() ?? '',
    cipher: socket.getCipher()?.name ?? '',
    resumed: socket.isSessionReused(),
    chain: presentedChain(socket),
  }
}
