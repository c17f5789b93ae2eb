import type { Entropy } from '../../../port/mod.ts'
import { isStoreFailure, type Store } from '../../../store/mod.ts'
import { fromBase64, readCiphertext, toBase64 } from '../keyring.ts'
import { CIPHERTEXT_KEY } from '../secrets.ts'
import { isTable } from '../table.ts'

const MARK = [0x53, 0x50, 0x01]
const NONCE_BYTES = 12
const ALGORITHM = 'AES-GCM'

/** What secrets in answers need. */
export interface CiphertextOptions {
  readonly store: Store
  readonly entropy: Entropy
  /** The keys of APISIX that are read. */
  readonly keyring: readonly string[]
}

/**
 * Secrets as they are told: where APISIX answers with what its keyring encrypted (whose keys everybody knows), this
 * answers with AES-GCM under a key of the store's own. What was told can be sent back and stands for the secret; the
 * same secret is told the same way each time, so that clients who compare see no change.
 */
export class Ciphertext {
  readonly #options: CiphertextOptions
  #key: Promise<Keys | undefined> | undefined

  constructor(options: CiphertextOptions) {
    this.#options = options
  }

  /** What is told in a secret's place. */
  async seal(clear: string): Promise<string> {
    const keys = await this.#keys()
    // Nothing is told rather than the secret, where the store cannot give the key.
    if (keys === undefined) return toBase64(new Uint8Array(96))
    const text = new TextEncoder().encode(clear)
    const digest = await globalThis.crypto.subtle.sign('HMAC', keys.nonce, text)
    const iv = new Uint8Array(digest).slice(0, NONCE_BYTES)
    const sealed = await globalThis.crypto.subtle.encrypt({ name: ALGORITHM, iv }, keys.seal, text)
    return toBase64(Uint8Array.of(...MARK, ...iv, ...new Uint8Array(sealed)))
  }

  /** The secret that a text stands for: ours or APISIX's. */
  async open(text: string): Promise<string | undefined> {
    const bytes = fromBase64(text)
    if (bytes === undefined) return undefined
    if (MARK.some((each, at) => bytes[at] !== each)) return this.#readOld(text)
    return await this.#openOwn(bytes.subarray(MARK.length)) ?? this.#readOld(text)
  }

  #readOld(text: string): string | undefined {
    return readCiphertext(text, this.#options.keyring)
  }

  async #openOwn(bytes: Uint8Array<ArrayBuffer>): Promise<string | undefined> {
    const keys = await this.#keys()
    if (keys === undefined) return undefined
    const parameters = { name: ALGORITHM, iv: bytes.subarray(0, NONCE_BYTES) }
    try {
      const clear = await globalThis.crypto.subtle
        .decrypt(parameters, keys.seal, bytes.subarray(NONCE_BYTES))
      return new TextDecoder().decode(clear)
    } catch {
      return undefined
    }
  }

  async #keys(): Promise<Keys | undefined> {
    this.#key ??= this.#load()
    const keys = await this.#key
    if (keys === undefined) this.#key = undefined
    return keys
  }

  /** Reads the key, or makes it; of several that make one at once, the first counts. */
  async #load(): Promise<Keys | undefined> {
    const { store, entropy } = this.#options
    for (let attempt = 0; attempt < 3; attempt++) {
      const found = await store.get(CIPHERTEXT_KEY)
      if (isStoreFailure(found)) return undefined
      const value = found.document?.value
      const text = isTable(value) ? value['key'] : undefined
      const bytes = typeof text === 'string' ? fromBase64(text) : undefined
      if (bytes !== undefined) return await importKeys(bytes)
      await store.put(CIPHERTEXT_KEY, { key: toBase64(entropy.bytes(32)) }, {
        by: 'apisix',
        ifRevision: found.document?.modifyRevision ?? 0,
      })
    }
    return undefined
  }
}

interface Keys {
  readonly seal: CryptoKey
  readonly nonce: CryptoKey
}

async function importKeys(bytes: Uint8Array<ArrayBuffer>): Promise<Keys> {
  const { subtle } = globalThis.crypto
  return {
    seal: await subtle.importKey('raw', bytes, ALGORITHM, false, ['encrypt', 'decrypt']),
    nonce: await subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']),
  }
}
