import { isForbiddenTrailer, namedByConnection } from '../wire/mod.ts'
import type { HeaderList } from '../wire/mod.ts'

/** What becomes of a request's field on its way upstream. */
export const HeaderClass = {
  /** Goes on as it is. */
  Pass: 0,
  /** Concerns this connection alone, or is written anew. */
  Drop: 1,
  /** Says who the client is; believed from trusted proxies alone. */
  Identity: 2,
} as const

/** One of {@linkcode HeaderClass}'s values. */
export type HeaderClass = typeof HeaderClass[keyof typeof HeaderClass]

/** Names that are kept with their class; strangers beyond are classified anew each time. */
const KEPT = 1024

/** Fields of one connection alone (RFC 9110 section 7.6.1), and those that are written anew. */
const DROPPED: ReadonlySet<string> = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'host',
  'content-length',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
  'x-forwarded-port',
  'x-real-ip',
  'forwarded',
])

/** Classifies field names, remembering those it met. Made anew for each snapshot. */
export class HeaderClasses {
  readonly #isIdentity: (lowerName: string) => boolean
  readonly #known = new Map<string, HeaderClass>()

  /** `isIdentity` tells names, in lower case, that say who a client is. */
  constructor(isIdentity: (lowerName: string) => boolean) {
    this.#isIdentity = isIdentity
  }

  of(name: string): HeaderClass {
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const found = this.#classify(name.toLowerCase())
    if (this.#known.size < KEPT) this.#known.set(name, found)
    return found
  }

  /** Upstreams behind CGI take `_` for `-`, so such spellings never pass for what they imitate. */
  #classify(lowerName: string): HeaderClass {
    const name = lowerName.replaceAll('_', '-')
    if (DROPPED.has(name)) return HeaderClass.Drop
    if (!this.#isIdentity(lowerName)) return HeaderClass.Pass
    return name === lowerName ? HeaderClass.Identity : HeaderClass.Drop
  }
}

/**
 * Trailers that cannot be taken for fields of the head (RFC 9110 section 6.5.1), without those that the head's
 * `Connection` names (section 7.6.1).
 */
export function passingTrailers(
  trailers: HeaderList,
  classes: HeaderClasses,
  head: HeaderList,
): HeaderList {
  if (trailers.length === 0) return trailers
  const named = namedByConnection(head)
  return trailers.flatMap((name, i) => {
    const passes = i % 2 === 0 && !isForbiddenTrailer(name) && named?.has(name) !== true &&
      classes.of(name) === HeaderClass.Pass
    return passes ? [name, trailers[i + 1] as string] : []
  })
}
