import { createLocalJWKSet, importJWK, importSPKI, importX509, type JSONWebKeySet } from 'jose'
import type { Fetcher } from '../port/mod.ts'
import type { TokenKeysConfig } from '../snapshot/types.ts'
import { readSshKey } from './ssh-key.ts'

/** What a signature is checked with. */
export type TokenKey = CryptoKey | Uint8Array | ReturnType<typeof createLocalJWKSet>

/** How long a JWK set is good, and how soon it may be fetched again for a key that it does not have. */
const GOOD_MS = 600_000
const AGAIN_MS = 10_000
const TIMEOUT_MS = 5_000
const MOST_BYTES = 1_048_576
const MOST_REDIRECTS = 5

type KeySetConfig = Extract<TokenKeysConfig, { readonly url: string }>

/** Which key is wanted: by the algorithm of a signature, and by who says to have made it. */
export interface WantedKey {
  readonly algorithm: string
  readonly issuer: string | undefined
}

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

  /** The keys, or the sets that have them, one of which may fit. Rejects where they cannot be had. */
  async get({ algorithm, issuer }: WantedKey, now: number): Promise<readonly TokenKey[]> {
    const config = this.#config
    if ('secret' in config) return secrets(config.secret, config.base64 === true)
    if ('key' in config) {
      return [await readKey(new TextDecoder().decode(config.key.data), algorithm)]
    }
    if ('issuers' in config) {
      const { issuers } = config
      const own = issuers.find(({ name }) => name === issuer) ??
        issuers.find(({ name }) => name === 'default')
      return await readKeys(own?.keys ?? [], algorithm)
    }
    if (this.#set !== undefined && now - this.#set.at < GOOD_MS) return [this.#set.keys]
    return [await this.#fetch(config, now)]
  }

  /** A newer set for a key that the one at hand does not have; undefined where it is too early to ask again. */
  async anew(now: number): Promise<TokenKey | undefined> {
    const config = this.#config
    if (!('url' in config) || (this.#set !== undefined && now - this.#set.at < AGAIN_MS)) {
      return undefined
    }
    return await this.#fetch(config, now)
  }

  /** Where the set cannot be fetched, the one at hand goes on counting. */
  #fetch(from: KeySetConfig, now: number): Promise<TokenKey> {
    return this.#fetching ??= this.#load(from, now)
      .catch((error) => {
        if (this.#set === undefined) throw error
        return this.#set.keys
      })
      .finally(() => this.#fetching = undefined)
  }

  async #load(
    { url, timeout = TIMEOUT_MS, followRedirects = false }: KeySetConfig,
    now: number,
    redirects = 0,
  ): Promise<TokenKey> {
    const { status, body, location } = await this.#fetcher.fetch({
      ...{ url, body: undefined, timeoutMs: timeout, maxBytes: MOST_BYTES },
      mayConnect: () => true,
    })
    if (followRedirects && location !== undefined && status >= 301 && status <= 308) {
      if (redirects === MOST_REDIRECTS) throw new Error(`${url} leads round and round`)
      const next = new URL(location, url).href
      return await this.#load({ url: next, timeout, followRedirects }, now, redirects + 1)
    }
    if (status !== 200) throw new Error(`${url} answered ${status}`)
    const keys = createLocalJWKSet(JSON.parse(new TextDecoder().decode(body)) as JSONWebKeySet)
    this.#set = { keys, at: now }
    return keys
  }
}

/** A secret as it is written, and what it stands for in base64. */
function secrets(text: string, base64: boolean): Uint8Array[] {
  const plain = new TextEncoder().encode(text)
  if (!base64 || !/^[A-Za-z0-9+/]{4,}={0,2}$/.test(text) || text.length % 4 !== 0) return [plain]
  return [plain, Uint8Array.from(atob(text), (char) => char.charCodeAt(0))]
}

async function readKeys(texts: readonly string[], algorithm: string): Promise<TokenKey[]> {
  const keys: TokenKey[] = []
  for (const text of texts) {
    if (algorithm.startsWith('HS')) keys.push(...secrets(text, true))
    else keys.push(await readKey(text, algorithm))
  }
  return keys
}

async function readKey(text: string, algorithm: string): Promise<TokenKey> {
  if (text.trimStart().startsWith('{')) return createLocalJWKSet(JSON.parse(text) as JSONWebKeySet)
  const ssh = readSshKey(text)
  if (ssh !== undefined) return await importJWK({ ...ssh }, algorithm)
  if (text.includes('BEGIN CERTIFICATE')) return await importX509(text, algorithm)
  return await importSPKI(withArmour(text), algorithm)
}

/** A public key without its first and last line is one all the same. */
function withArmour(text: string): string {
  if (text.includes('-----BEGIN ')) return text
  const lines = text.replace(/\s+/g, '')
  return `-----BEGIN PUBLIC KEY-----\n${lines}\n-----END PUBLIC KEY-----\n`
}
