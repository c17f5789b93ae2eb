import { connect as connectTcp, type Socket } from 'node:net'
import { connect as overTls, type ConnectionOptions } from 'node:tls'
import type { Test } from 'tap'
import { Wire } from './wire.ts'
import type { KeyPairFiles } from './pki.ts'

/** Where to connect, besides the port. */
export interface PlainOptions {
  readonly host?: string
  /** The address to come from. */
  readonly from?: string
}

/** Opens a TCP connection. */
export async function plainClient(
  t: Test,
  port: number,
  options: PlainOptions = {},
): Promise<Wire> {
  const { host = '127.0.0.1', from } = options
  const local = from === undefined ? {} : { localAddress: from }
  const socket = connectTcp({ host, port, noDelay: true, ...local })
  return await opened(t, socket, 'connect')
}

/** What a TLS client shows and asks for. */
export interface TlsOptions extends PlainOptions {
  readonly sni?: string
  readonly certificate?: KeyPairFiles
  readonly more?: ConnectionOptions
}

/**
 * Does a TLS handshake, trusting whatever the server shows. Resolves as well where it fails: the wire is then closed,
 * and has an error.
 */
export async function tlsClient(t: Test, port: number, options: TlsOptions = {}): Promise<Wire> {
  const { host = '127.0.0.1', sni = '', certificate, more = {} } = options
  const shown = certificate === undefined ? {} : {
    cert: certificate.chain,
    key: certificate.key,
  }
  const socket = overTls({
    host,
    port,
    rejectUnauthorized: false,
    servername: sni,
    ...(options.from === undefined ? {} : { localAddress: options.from }),
    ...shown,
    ...more,
  })
  return await opened(t, socket, 'secureConnect')
}

/** A request's head as text; `Host` comes first, and what is in `fields` behind it. */
export function head(line: string, fields: readonly string[] = [], host = 'example.com'): string {
  return `${line} HTTP/1.1\r\nHost: ${host}\r\n${fields.map((each) => `${each}\r\n`).join('')}\r\n`
}

async function opened(t: Test, socket: Socket, event: string): Promise<Wire> {
  const wire = new Wire(socket)
  t.teardown(() => wire.close())
  await new Promise<void>((resolve) => {
    socket.once(event, () => resolve()).once('close', () => resolve())
  })
  socket.setNoDelay?.(true)
  return wire
}
