/**
 * **sockets** - TCP and TLS, both directions, with `node:net` and `node:tls`, which Node and Deno both
 * have. Fills {@linkcode Duplex}, Listener, TlsServer and Dialer. It must never know HTTP, and never
 * judge a certificate.
 * @module
 */
export { SocketDialer } from './dialer.ts'
export { SocketDuplex } from './duplex.ts'
export { SocketListener } from './listener.ts'
export { SocketTlsServer } from './tls-server.ts'
