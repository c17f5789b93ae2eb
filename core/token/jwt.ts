import { decodeJwt, decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from 'jose'
import type { TokenVerdict } from '../plan/mod.ts'
import type { Fetcher } from '../port/mod.ts'
import type { JwtConfig, TokenTypesConfig } from '../snapshot/types.ts'
import { boundCertificate, claimAt, invalid } from './claims.ts'
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
    const said = payloadOf(token)
    const verdict = await this.#find(token, said, now)
    const whom = said === undefined || verdict.ok
      ? verdict
      : { ...verdict, clientIds: clientIds(said, this.#config) }
    return { verdict: whom, until: now + KEPT_MS }
  }

  async #find(token: string, said: JWTPayload | undefined, now: number): Promise<TokenVerdict> {
    let header: { readonly alg?: string; readonly typ?: string }
    try {
      header = decodeProtectedHeader(token)
    } catch {
      return invalid('the token is no JSON Web Token')
    }
    const { alg: algorithm = '', typ } = header
    if (!this.#config.algorithms.includes(algorithm)) {
      return invalid(`the token's algorithm is not among ${this.#config.algorithms.join(', ')}`)
    }
    if (!isTyped(typ, this.#config.types)) return invalid('the token is of another type')
    const issuer = typeof said?.iss === 'string' ? said.iss : undefined
    const found = await this.#verifyAny(token, await this.#keys.get({ algorithm, issuer }, now))
    if (found !== 'no such key') return found
    const newer = await this.#keys.anew(now)
    const again = newer === undefined ? found : await this.#verify(token, newer)
    return again === 'no such key'
      ? invalid('the token is signed with a key that is not known')
      : again
  }

  /** By the first key that fits. */
  async #verifyAny(
    token: string,
    keys: readonly TokenKey[],
  ): Promise<TokenVerdict | 'no such key'> {
    let found: TokenVerdict | 'no such key' = 'no such key'
    for (const key of keys) {
      found = await this.#verify(token, key)
      if (found !== 'no such key' && found.ok) return found
    }
    return found
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
      if (error instanceof errors.JWKSMultipleMatchingKeys) {
        return await this.#verifyAny(token, await someOf(error))
      }
      if (error instanceof errors.JOSEError) {
        return invalid(`the token is refused: ${error.message}`)
      }
      throw error
    }
  }

  #read(payload: JWTPayload): TokenVerdict {
    const { clockSkew, bound } = this.#config
    const { exp, nbf } = payload
    const certificate = boundCertificate(payload['cnf'])
    if (certificate === 'malformed') return invalid("the token's cnf cannot be read")
    if (bound && certificate === undefined) {
      return { ...invalid('the token is bound to no certificate'), lacks: 'certificate' }
    }
    return {
      ok: true,
      clientIds: clientIds(payload, this.#config),
      certificate,
      from: nbf === undefined ? -Infinity : nbf * 1000 - clockSkew,
      until: exp === undefined ? Infinity : exp * 1000 + clockSkew,
    }
  }
}

/** Keys of a set that are tried with a token that does not name its own. */
const MOST_KEYS = 20

async function someOf(keys: AsyncIterable<CryptoKey>): Promise<CryptoKey[]> {
  const some: CryptoKey[] = []
  for await (const key of keys) {
    if (some.push(key) === MOST_KEYS) break
  }
  return some
}

/** What a token says of itself, whether it is genuine or not. */
function payloadOf(token: string): JWTPayload | undefined {
  try {
    return decodeJwt(token)
  } catch {
    return undefined
  }
}

function isTyped(typ: string | undefined, types: TokenTypesConfig | undefined): boolean {
  if (types === undefined) return true
  const { expected, ignoreCase, ignoreMissing } = types
  if (typ === undefined) return ignoreMissing
  const like = (text: string): string => ignoreCase ? text.toLowerCase() : text
  return expected.some((each) => like(each) === like(typ))
}

/** Whom a token names, the likeliest first; where one alone counts, the first of the first claim that there is. */
function clientIds(payload: JWTPayload, { clientClaim, oneClient }: JwtConfig): string[] {
  const names = clientClaim === undefined ? ['azp', 'aud', 'client_id'] : [clientClaim]
  const found = names.flatMap((name) => claimAt(payload, name))
    .filter((value): value is string => typeof value === 'string' && value !== '')
  return oneClient === true ? found.slice(0, 1) : found
}
