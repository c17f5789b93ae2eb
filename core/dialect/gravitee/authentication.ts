import { isStoreFailure } from '../../store/mod.ts'
import type { GraviteeConfig } from '../../snapshot/types.ts'
import type { DialectContext } from '../types.ts'
import { Fault } from './faults.ts'
import type { Actor } from './management.ts'
import { hashOf, isPassword, type PasswordHash } from './passwords.ts'

/** Credentials that were found right are not derived again for so long, in milliseconds. */
const KEPT_MS = 300_000
/** How many are kept. */
const KEPT = 256
/** Derivations that may wait for their turn: each costs as much as it costs whoever guesses. */
const MOST_WAITING = 32

interface User extends Actor {
  /** Whether a password is the user's. */
  readonly has: (password: string) => Promise<boolean>
}

/** HTTP Basic authentication (RFC 7617) against the configured users. */
export class Authentication {
  readonly #context: DialectContext
  readonly #options: GraviteeConfig
  #users: Promise<ReadonlyMap<string, User>> | undefined
  /** By the digest of the header: who it is, and until when that is known. */
  readonly #known = new Map<string, { readonly actor: Actor; readonly until: number }>()
  #line: Promise<unknown> = Promise.resolve()
  #waiting = 0

  constructor(context: DialectContext, options: GraviteeConfig) {
    this.#context = context
    this.#options = options
  }

  /** Makes the password of the first start, where none is configured. */
  async prepare(): Promise<void> {
    try {
      await this.#configured()
    } catch (error) {
      this.#context.log.write('warn', 'No password could be made', { reason: String(error) })
    }
  }

  /** Who asks. Throws Fault: 401. */
  async identify(header: string | undefined): Promise<Actor> {
    const credentials = header === undefined ? undefined : basicOf(header)
    if (header === undefined || credentials === undefined) throw unauthorized()
    const digest = await digestOf(header)
    const known = this.#known.get(digest)
    if (known !== undefined && known.until > this.#context.clock.now()) return known.actor
    const actor = await this.#inLine(() => this.#verify(credentials))
    if (actor === undefined) throw unauthorized()
    if (this.#known.size >= KEPT) this.#known.clear()
    this.#known.set(digest, { actor, until: this.#context.clock.now() + KEPT_MS })
    return actor
  }

  async #inLine<T>(task: () => Promise<T>): Promise<T> {
    if (this.#waiting >= MOST_WAITING) throw new Fault(429, 'Too many requests')
    this.#waiting++
    const mine = this.#line.then(task, task)
    this.#line = mine
    try {
      return await mine
    } finally {
      this.#waiting--
    }
  }

  async #verify({ name, password }: Credentials): Promise<Actor | undefined> {
    const users = await this.#load()
    const user = users.get(name)
    // Who does not exist takes as long as who does.
    const [any] = users.values()
    const compared = user ?? any
    const right = compared !== undefined && await compared.has(password)
    return user !== undefined && right ? { name: user.name, role: user.role } : undefined
  }

  #load(): Promise<ReadonlyMap<string, User>> {
    return this.#users ??= this.#read().catch((error) => {
      this.#users = undefined
      throw error
    })
  }

  async #read(): Promise<ReadonlyMap<string, User>> {
    const users = new Map<string, User>()
    for (const { name, password, role } of await this.#configured()) {
      users.set(name, { name, role, has: this.#comparing(password) })
    }
    return users
  }

  #comparing(written: string): User['has'] {
    const { entropy, hasHash } = this.#context
    // The hash of a password in clear is made when it is first asked for.
    let hash: Promise<PasswordHash> | undefined
    return async (password) =>
      await hasHash?.(password, written) ??
        await isPassword(password, await (hash ??= hashOf(written, entropy)))
  }

  async #configured(): Promise<GraviteeConfig['users']> {
    if (this.#options.users.length > 0) return this.#options.users
    const { credential, entropy } = this.#context
    const password = await credential('gravitee', () => newPassword(entropy.bytes(18)))
    if (isStoreFailure(password)) throw new Fault(503, password.message)
    return [{ name: 'admin', password, role: 'admin' }]
  }
}

interface Credentials {
  readonly name: string
  readonly password: string
}

function basicOf(header: string): Credentials | undefined {
  const [, base64] = /^Basic +([A-Za-z0-9+/=]+) *$/i.exec(header) ?? []
  if (base64 === undefined || base64.length > 4096) return undefined
  try {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))
    const text = new TextDecoder().decode(bytes)
    const colon = text.indexOf(':')
    return colon < 0 ? undefined : { name: text.slice(0, colon), password: text.slice(colon + 1) }
  } catch {
    return undefined
  }
}

async function digestOf(header: string): Promise<string> {
  const digest = await globalThis.crypto.subtle.digest('SHA-256', new TextEncoder().encode(header))
  return String.fromCharCode(...new Uint8Array(digest))
}

function newPassword(random: Uint8Array): string {
  return btoa(String.fromCharCode(...random)).replaceAll('+', '-').replaceAll('/', '_')
}

function unauthorized(): Fault {
  return new Fault(401, 'Unauthorized', { code: 'unauthorized' })
}
