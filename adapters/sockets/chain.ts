import type { TLSSocket } from 'node:tls'

/** Longest chain that is taken from a peer; what lies beyond is left out. */
const MAX_CERTIFICATES = 32

interface PeerCertificate {
  readonly raw?: Uint8Array
  readonly issuerCertificate?: PeerCertificate
}

/**
 * The DER of what the peer presented, leaf first. `authorized` is never asked: what a chain is worth
 * is the core's to say.
 */
export function presentedChain(socket: TLSSocket): Uint8Array[] {
  const chain: Uint8Array[] = []
  let next = socket.getPeerCertificate(true) as PeerCertificate | undefined
  while (next?.raw !== undefined && chain.length < MAX_CERTIFICATES) {
    chain.push(new Uint8Array(next.raw))
    // A self-signed certificate names itself as its issuer.
    if (next.issuerCertificate === next) break
    next = next.issuerCertificate
  }
  return chain
}
