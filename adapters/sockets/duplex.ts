import type { Socket } from 'node:net'
import process from 'node:process'
import type { Address, Duplex, DuplexHandler } from '../../core/port/mod.ts'
import { collectAfter } from './collection.ts'

/**
 * Whether TLS goes on reading, decrypting and keeping while it is paused, without bound. Deno's does: there the socket
 * below is to be stopped, and so has to be one of our own.
 */
export const TLS_READS_ON: boolean = 'deno' in process.versions

/** What a socket reads by; neither runtime tells its types. */
interface Reading {
  readonly _handle?: { readStart?(): void; readStop?(): void } | null
}

/** Where a socket's bytes come from and go to, if not from and to itself. */
export interface Below {
  readonly remote: Address
  readonly local: Address
  readonly native: Socket
}

/** A TCP or TLS socket of `node:net` or `node:tls` as the core's {@linkcode Duplex}. */
export class SocketDuplex implements Duplex {
  readonly native: Socket
  readonly remote: Address
  readonly local: Address
  #handler: DuplexHandler | undefined
  #error: Error | undefined
  #ended = false
  readonly #data = (chunk: Uint8Array): void => {
    collectAfter?.(chunk.length)
    this.#handler?.onData(chunk)
  }
  readonly #end = (): void => {
    this.#ended = true
    this.#handler?.onEnd()
  }
  readonly #drain = (): void => this.#handler?.onDrain()
  readonly #fail = (error: Error): void => {
    this.#error ??= error
    // TLS sockets stay open after an alert, for somebody else to close.
    this.native.destroy()
  }
  readonly #close = (): void => this.#handler?.onClose(this.#error)
  readonly #below: Reading | undefined

  /** `below`: what the TLS of `socket` is laid over. */
  constructor(socket: Socket, below?: Below) {
    this.native = socket
    // Asked for at once: a socket that has closed no longer knows them.
    this.remote = below?.remote ?? address(socket.remoteAddress, socket.remotePort)
    this.local = below?.local ?? address(socket.localAddress, socket.localPort)
    this.#below = TLS_READS_ON ? below?.native as Reading | undefined : undefined
    // What happens before anyone handles it must not be lost: an end is told but once, wanted or not.
    socket.on('error', this.#fail).on('end', this.#end)
  }

  handle(handler: DuplexHandler): void {
    const first = this.#handler === undefined
    this.#handler = handler
    if (!first) return
    this.native.on('data', this.#data).on('drain', this.#drain)
    if (this.native.destroyed) return queueMicrotask(this.#close)
    this.native.on('close', this.#close)
    if (this.#ended) queueMicrotask(this.#end)
  }

  /** Takes every listener off, so that TLS can be laid over the socket. */
  release(): Socket {
    const socket = this.native
    socket.pause()
    socket.off('data', this.#data).off('end', this.#end).off('drain', this.#drain)
    socket.off('close', this.#close)
    this.#handler = undefined
    return socket
  }

  write(data: Uint8Array | string): boolean {
    if (this.native.destroyed) return true
    // Behind an empty write, Deno's TLS sends nothing any more.
    if (data.length === 0) return !this.native.writableNeedDrain
    return typeof data === 'string' ? this.native.write(data, 'latin1') : this.native.write(data)
  }

  cork(): void {
    this.native.cork()
  }

  uncork(): void {
    this.native.uncork()
  }

  end(): void {
    this.native.end()
  }

  destroy(reset = false): void {
    // libuv refuses to reset a socket that is being shut down, and Node then loses it, open and never closed.
    const may = !this.native.writableEnded && !('encrypted' in this.native)
    if (reset && may && 'resetAndDestroy' in this.native) this.native.resetAndDestroy()
    // Behind a reset as well, which may wait for bytes that the peer never takes.
    this.native.destroy()
  }

  pause(): void {
    this.native.pause()
    this.#below?._handle?.readStop?.()
  }

  resume(): void {
    this.#below?._handle?.readStart?.()
    this.native.resume()
  }
}

function address(host: string | undefined, port: number | undefined): Address {
  // A dual-stack socket shows IPv4 peers as ::ffff:a.b.c.d; the core knows them as a.b.c.d.
  const text = host?.startsWith('::ffff:') && host.includes('.') ? host.slice(7) : host
  return { host: text ?? '', port: port ?? 0 }
}
