import { type AddressInfo, createServer } from 'node:net'

/** An address, as a worker is about to listen on it. */
export interface Wanted {
  readonly host: string
  /** 0: any, the same one in each worker that asks for its `index`th. */
  readonly port: number
  readonly index: number
}

/** The port to listen on with others, or why that is not possible, such as `EADDRINUSE`. */
export type Claim = { readonly port: number } | { readonly code: string }

/**
 * The addresses that workers share. The kernel lets any process of one user join those that share a port: that it is
 * free of strangers is found out once, before the first worker has it.
 */
export class Claims {
  readonly #claims = new Map<string, Promise<Claim>>()

  claim({ host, port, index }: Wanted): Promise<Claim> {
    const key = `${host} ${port} ${port === 0 ? index : ''}`
    const known = this.#claims.get(key)
    if (known !== undefined) return known
    const found = tryOut(host, port)
    this.#claims.set(key, found)
    void found.then((claim) => {
      // The address may be free another time.
      if ('code' in claim) this.#claims.delete(key)
    })
    return found
  }
}

function tryOut(host: string, port: number): Promise<Claim> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', ({ code = 'UNKNOWN' }: Error & { code?: string }) => resolve({ code }))
    server.listen({ host, port, exclusive: true }, () => {
      const { port: free } = server.address() as AddressInfo
      server.close(() => resolve({ port: free }))
    })
  })
}
