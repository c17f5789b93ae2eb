import type { Etcd3 } from 'etcd3'
import { isIP } from 'node:net'

/** What @grpc/grpc-js hands to `tls.connect`. */
interface ConnectionOptions {
  host?: string
  servername?: string
  rejectUnauthorized?: boolean
}

/** What is reached inside the packages; each part may be missing in another version of them. */
interface Inside {
  readonly pool?: { readonly hosts?: readonly { readonly channelCredentials?: Credentials }[] }
}

interface Credentials {
  _isSecure?(): boolean
  _createSecureConnector?: (...args: unknown[]) => { connectionOptions?: ConnectionOptions }
}

/**
 * Two things that the packages have no switch for: an address is no server name (RFC 6066, section 3; Deno
 * refuses it) yet must stand in the certificate, and verification can be turned off.
 * Throws where the packages are built otherwise than expected, rather than connect under other rules.
 */
export function adjustTls(etcd: Etcd3, verify: boolean): void {
  const hosts = (etcd as unknown as Inside).pool?.hosts
  if (hosts === undefined) throw new Error('the etcd client is not built as expected')
  // All hosts share one object, as the package makes it.
  for (const credentials of new Set(hosts.map(({ channelCredentials }) => channelCredentials))) {
    if (credentials?._isSecure?.() === false) continue
    const create = credentials?._createSecureConnector
    if (credentials === undefined || create === undefined) {
      throw new Error('the gRPC client is not built as expected')
    }
    credentials._createSecureConnector = (...args) => {
      const connector = create.apply(credentials, args)
      const { connectionOptions } = connector
      if (connectionOptions === undefined) {
        throw new Error('the gRPC client is not built as expected')
      }
      if (isIP(connectionOptions.servername ?? '') !== 0) delete connectionOptions.servername
      if (!verify) connectionOptions.rejectUnauthorized = false
      return connector
    }
  }
}
