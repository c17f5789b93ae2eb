import { createLocalJWKSet, importSPKI, importX509, type JSONWebKeySet } from 'jose'
import type { Fetcher } from '../port/mod.ts'
import type { TokenKeysConfig } from '../snapshot/types.ts'

/** What a signature is checked with. */
export type TokenKey = CryptoKey | Uint8Array | ReturnType<typeof createLocalJWKSet>

/** How long a JWK set is good, and how soon it may be fetched again for a key that it does not have. */
const GOOD_MS = 600_000
const AGAIN_MS = 10_000
const TIMEOUT_MS = 5_000
const MOST_BYTES = 1_048_576

/** The keys of one issuer of tokens. */
export class TokenKeys {
  readonly #config: TokenKeysConfig
  readonly #fetcher: Fetcher
  #set: { readonly keys: TokenKey; readonly at: number } | undefined
  #fetching: Promise<TokenKey> | undefined

  constructor(config: TokenKeysConfig, fetcher: Fetcher) {
    this.#config = config
    this.#fetcher = fetcher
  }

  /** The key, or the set that has it. Rejects where there is none. */
  async get(algorithm: string, now: number): Promise<TokenKey> {
    const config = this.#config
    if ('secret' in config) return new TextEncoder().encode(config.secret)
    if ('key' in config) return await readKey(new TextDecoder().decode(config.key.data), algorithm)
    if (this.#set !== undefined && now - this.#set.at < GOOD_MS) return this.#set.keys
    return await this.#fetch(config.url, now)
  }

  /** A newer set for a key that the one at hand does not have; undefined where it is too early to ask again. */
  async anew(now: number): Promise<TokenKey | undefined> {
    const config = this.#config
    if (!('url' in config) || (this.#set !== undefined && now - this.#set.at < AGAIN_MS)) {
      return undefined
    }
    return await this.#fetch(config.url, now)
  }

  /** Where the set cannot be fetched, the one at hand goes on counting. */
  #fetch(url: string, now: number): Promise<TokenKey> {
    return this.#fetching ??= this.#load(url, now)
      .catch((error) => {
        if (this.#set === undefined) throw error
        return this.#set.keys
      })
      .finally(() => this.#fetching = undefined)
  }

  async #load(url: string, now: number): Promise<TokenKey> {
    const { status, body } = await this.#fetcher.fetch({
      ...{ url, body: undefined, timeoutMs: TIMEOUT_MS, maxBytes: MOST_BYTES },
      mayConnect: () => true,
    })
    if (status !== 200) throw new Error(`${url} answered ${status}`)
    const keys = createLocalJWKSet(JSON.parse(new TextDecoder().decode(body)) as JSONWebKeySet)
    this.#set = { keys, at: now }
    return keys
  }
}

async function readKey(text: string, algorithm: string): Promise<TokenKey> {
  if (text.trimStart().startsWith('{')) return createLocalJWKSet(JSON.parse(text) as JSONWebKeySet)
  if (text.includes('BEGIN CERTIFICATE')) return await importX509(text, algorithm)
  return await importSPKI(text, algorithm)
}
