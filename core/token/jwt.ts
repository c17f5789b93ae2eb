import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose'
import type { TokenVerdict } from '../plan/mod.ts'
import type { Fetcher } from '../port/mod.ts'
import type { JwtConfig } from '../snapshot/types.ts'
import { boundCertificate, invalid } from './claims.ts'
import type { Finder, Finding } from './kept.ts'
import { type TokenKey, TokenKeys } from './keys.ts'

/** How long it is kept what was found: keys change, and may be found to be lost. */
const KEPT_MS = 300_000

/** Checks JSON Web Tokens (RFC 7519) by their signature. */
export class JwtChecker implements Finder {
  readonly #config: JwtConfig
  readonly #keys: TokenKeys

  constructor(config: JwtConfig, { fetcher }: { readonly fetcher: Fetcher }) {
    this.#config = config
    this.#keys = new TokenKeys(config.keys, fetcher)
  }

  async find(token: string, now: number): Promise<Finding> {
    return { verdict: await this.#find(token, now), until: now + KEPT_MS }
  }

  async #find(token: string, now: number): Promise<TokenVerdict> {
    let algorithm: string
    try {
      algorithm = decodeProtectedHeader(token).alg ?? ''
    } catch {
      return invalid('the token is no JSON Web Token')
    }
    if (!this.#config.algorithms.includes(algorithm)) {
      return invalid(`the token's algorithm is not among ${this.#config.algorithms.join(', ')}`)
    }
    const key = await this.#keys.get(algorithm, now)
    const found = await this.#verify(token, key)
    if (found !== 'no such key') return found
    const newer = await this.#keys.anew(now)
    const again = newer === undefined ? found : await this.#verify(token, newer)
    return again === 'no such key'
      ? invalid('the token is signed with a key that is not known')
      : again
  }

  async #verify(token: string, key: TokenKey): Promise<TokenVerdict | 'no such key'> {
    const { algorithms, issuer, audience } = this.#config
    try {
      // Times are judged at each request; here they must only not be in the way.
      const { payload } = await jwtVerify(token, key as never, {
        ...{ algorithms: [...algorithms], currentDate: new Date(0), clockTolerance: 1e12 },
        ...(issuer === undefined ? {} : { issuer }),
        ...(audience.length === 0 ? {} : { audience: [...audience] }),
      })
      return this.#read(payload)
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey) return 'no such key'
      if (error instanceof errors.JOSEError) {
        return invalid(`the token is refused: ${error.message}`)
      }
      throw error
    }
  }

  #read(payload: JWTPayload): TokenVerdict {
    const { clockSkew, clientClaim, bound } = this.#config
    const { exp, nbf } = payload
    const certificate = boundCertificate(payload['cnf'])
    if (certificate === 'malformed') return invalid("the token's cnf cannot be read")
    if (bound && certificate === undefined) return invalid('the token is bound to no certificate')
    return {
      ok: true,
      clientIds: clientIds(payload, clientClaim),
      certificate,
      from: nbf === undefined ? -Infinity : nbf * 1000 - clockSkew,
      until: exp === undefined ? Infinity : exp * 1000 + clockSkew,
    }
  }
}

function clientIds(payload: JWTPayload, claim: string | undefined): string[] {
  const names = claim === undefined ? ['azp', 'aud', 'client_id'] : [claim]
  const found = names.flatMap((name) => payload[name]).flat()
  return found.filter((value): value is string => typeof value === 'string' && value !== '')
}
