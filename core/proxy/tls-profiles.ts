import { deriveBytes } from '../decide/mod.ts'
import type { Credentials, TlsServerProfile } from '../port/mod.ts'
import type { ClientHello } from '../wire/mod.ts'

/** How many profiles are kept. */
const KEPT = 4096
const TLS13 = 0x0304
/** ECDHE with a certificate that holds an EC key, below TLS 1.3 (RFC 8422, RFC 5289, RFC 7905). */
const EC_CIPHERS: ReadonlySet<number> = new Set([
  ...[0xc009, 0xc00a, 0xc023, 0xc024, 0xc02b, 0xc02c, 0xc0ac, 0xc0ad, 0xcca9],
])
/** ECDHE, DHE or RSA alone with a certificate that holds an RSA key, below TLS 1.3. */
const RSA_CIPHERS: ReadonlySet<number> = new Set([
  ...[0xc013, 0xc014, 0xc027, 0xc028, 0xc02f, 0xc030, 0xcca8],
  ...[0x0033, 0x0039, 0x0067, 0x006b, 0x009e, 0x009f, 0xccaa],
  ...[0x002f, 0x0035, 0x003c, 0x003d, 0x009c, 0x009d],
])
/** What each type of key can sign a handshake with (RFC 8446 section 4.2.3). */
const SCHEMES: Readonly<Record<string, readonly number[]>> = {
  'RSA': [0x0804, 0x0805, 0x0806, 0x0401, 0x0501, 0x0601],
  'EC P-256': [0x0403],
  'EC P-384': [0x0503],
  'EC P-521': [0x0603],
  'Ed25519': [0x0807],
}

/** What a connection's profile depends on besides its entry. */
export interface ProfileQuestion {
  readonly hello: ClientHello
  /** Whether the TLS stack picks among several credentials by itself. */
  readonly choosesCredentials: boolean
  /** Epoch milliseconds. */
  readonly now: number
  /** How long one key protects tickets, in milliseconds. */
  readonly rotate: number
}

/**
 * The profile of each connection, made from that of its entry: with a ticket key of its own for each name and each
 * span of time.
 *
 * A session taken up again skips the certificates, so it must never open another name than the one it was made for,
 * and a key that is old must open none. The key follows from the entry's own and the clock alone: processes that
 * share listeners agree without a word.
 */
export class TlsProfiles {
  /** In the order of last use, the oldest first. */
  readonly #kept = new Map<string, Promise<TlsServerProfile>>()

  /** The profile for a client; the same one for the same name and span of time. */
  for(entry: TlsServerProfile, question: ProfileQuestion): Promise<TlsServerProfile> {
    const { hello, now, rotate, choosesCredentials } = question
    const several = entry.credentials.length > 1 && !choosesCredentials
    const chosen = several ? chooseCredentials(entry.credentials, hello) : undefined
    const purpose = `${hello.sni} ${rotate} ${Math.floor(now / rotate)}`
    const id = `${entry.id} ${chosen?.keyType ?? ''} ${purpose}`
    let made = this.#kept.get(id)
    if (made === undefined) {
      const credentials = chosen === undefined ? entry.credentials : [chosen]
      made = makeProfile({ ...entry, id, credentials }, purpose)
    } else this.#kept.delete(id)
    this.#kept.set(id, made)
    this.#trim()
    return made
  }

  #trim(): void {
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= KEPT) break
      this.#kept.delete(oldest)
    }
  }
}

async function makeProfile(profile: TlsServerProfile, purpose: string): Promise<TlsServerProfile> {
  const { ticketKey } = profile
  const length = ticketKey.length
  return {
    ...profile,
    ticketKey: await deriveBytes(ticketKey, { purpose: `tickets ${purpose}`, length }),
  }
}

/** The first credentials whose key the client can verify; the first of all where it can verify none. */
export function chooseCredentials(
  credentials: readonly Credentials[],
  hello: ClientHello,
): Credentials | undefined {
  return credentials.find(({ keyType }) => canVerify(hello, keyType)) ?? credentials[0]
}

function canVerify({ signatureSchemes, versions, ciphers }: ClientHello, keyType: string): boolean {
  // RFC 5246 section 7.4.1.4.1: a client that names none takes SHA-1, of which only RSA is left in use.
  if (signatureSchemes.length === 0) return keyType === 'RSA'
  const schemes = SCHEMES[keyType] ?? []
  if (!schemes.some((scheme) => signatureSchemes.includes(scheme))) return false
  if (versions.includes(TLS13)) return true
  // Below TLS 1.3 the cipher suite names the type of key as well.
  const usable = keyType === 'RSA' ? RSA_CIPHERS : EC_CIPHERS
  return ciphers.some((cipher) => usable.has(cipher))
}
