import type { UserConfig } from '../snapshot/types.ts'
import { isPasswordOf, parsePasswordHash, type PasswordHash } from './password-hash.ts'

/** What is known of a name and password: `busy` where too many are being checked to look at this one. */
export type Login = 'good' | 'missing' | 'wrong' | 'busy'

/** How many logins are remembered, right and wrong ones. */
const REMEMBERED = 4096
/** How many passwords are checked at once, and how many may wait. */
const AT_ONCE = 2
const WAITING = 32
/** Longer ones are nobody's. */
const LONGEST = 1024

const utf8 = new TextEncoder()

/** The users of a listener. A password is checked once; then it is known by a keyed digest. */
export class UserList {
  readonly users: readonly UserConfig[]
  readonly #hashes: ReadonlyMap<string, PasswordHash>
  /** By digest, in the order of use. */
  readonly #known = new Map<string, boolean>()
  readonly #checks = new Map<string, Promise<boolean>>()
  readonly #waiting: (() => void)[] = []
  #key: Promise<CryptoKey> | undefined
  #running = 0

  /** @param users those whose hash cannot be read have no password that fits */
  constructor(users: readonly UserConfig[]) {
    this.users = users
    this.#hashes = new Map(users.flatMap(({ name, hash }) => {
      const read = parsePasswordHash(hash)
      return read === undefined ? [] : [[name, read]]
    }))
  }

  /** Checks an `Authorization` field (RFC 7617). Never rejects. */
  async check(authorization: string): Promise<Login> {
    const pair = credentialsOf(authorization)
    if (pair === undefined) return 'missing'
    const digest = await this.#digest(authorization)
    const known = this.#known.get(digest)
    if (known !== undefined) {
      this.#remember(digest, known)
      return known ? 'good' : 'wrong'
    }
    const underWay = this.#checks.get(digest)
    if (underWay === undefined && this.#waiting.length >= WAITING) return 'busy'
    const check = underWay ?? this.#check(digest, pair)
    return await check ? 'good' : 'wrong'
  }

  #check(digest: string, { name, password }: Credentials): Promise<boolean> {
    const check = this.#inTurn(async () => {
      // A name that nobody has takes as long as one that somebody has.
      const hash = this.#hashes.get(name) ?? [...this.#hashes.values()][0]
      const fits = hash !== undefined && await isPasswordOf(hash, password)
      return fits && this.#hashes.has(name)
    }).then((fits) => {
      this.#remember(digest, fits)
      return fits
    }).finally(() => this.#checks.delete(digest))
    this.#checks.set(digest, check)
    return check
  }

  async #inTurn<T>(task: () => Promise<T>): Promise<T> {
    if (this.#running >= AT_ONCE) await new Promise<void>((go) => this.#waiting.push(go))
    this.#running++
    try {
      return await task()
    } finally {
      this.#running--
      this.#waiting.shift()?.()
    }
  }

  #remember(digest: string, fits: boolean): void {
    this.#known.delete(digest)
    this.#known.set(digest, fits)
    if (this.#known.size <= REMEMBERED) return
    const oldest = this.#known.keys().next()
    if (!oldest.done) this.#known.delete(oldest.value)
  }

  /** With a key that lives as long as the list: what is remembered tells nobody a password. */
  async #digest(authorization: string): Promise<string> {
    const key = await (this.#key ??= crypto.subtle.generateKey(
      { name: 'HMAC', hash: 'SHA-256' },
      false,
      ['sign'],
    ) as Promise<CryptoKey>)
    const mac = new Uint8Array(await crypto.subtle.sign('HMAC', key, utf8.encode(authorization)))
    return Array.from(mac, (byte) => byte.toString(16).padStart(2, '0')).join('')
  }
}

interface Credentials {
  readonly name: string
  readonly password: string
}

function credentialsOf(authorization: string): Credentials | undefined {
  const [, encoded] = /^basic +([\w+/=-]+)$/i.exec(authorization) ?? []
  if (encoded === undefined || encoded.length > LONGEST) return undefined
  try {
    const bytes = Uint8Array.from(atob(encoded), (character) => character.charCodeAt(0))
    const text = new TextDecoder().decode(bytes)
    const colon = text.indexOf(':')
    return colon < 0 ? undefined : { name: text.slice(0, colon), password: text.slice(colon + 1) }
  } catch {
    return undefined
  }
}
