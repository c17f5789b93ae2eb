import type { HeaderList, RequestHead } from '../wire/types.ts'
import { decodePath, parseArguments, parseCookies } from './decode.ts'

/** What of a request's head variables tell. */
export type FactsHead = Pick<
  RequestHead,
  'method' | 'target' | 'path' | 'query' | 'authority' | 'host' | 'version' | 'headers'
>

/** A client certificate, as variables tell it. */
export interface CertificateFacts {
  readonly der: Uint8Array
  /** RFC 4514 text. */
  readonly subject: string
  readonly issuer: string
  /** Hex. */
  readonly serial: string
  readonly sha256: string
  /** Epoch milliseconds. */
  readonly notBefore: number
  readonly notAfter: number
}

/** Who asks, as variables tell it. */
export interface ClientFacts {
  readonly address: string
  readonly secure: boolean
  /** Lower case, empty without. */
  readonly sni: string
  /** The port that the client connected from, and where it connected to; undefined: not known. */
  readonly port: number | undefined
  readonly local: { readonly host: string; readonly port: number } | undefined
  /** The certificate that was shown, whatever became of it. */
  readonly certificate: CertificateFacts | undefined
  /** Why it does not count; undefined where it does, or where there is none. */
  readonly certificateProblem: string | undefined
}

/** An answer on its way, as variables tell it. */
export interface ResponseFacts {
  readonly status: number
  readonly headers: HeaderList
  /** Whether an endpoint answered, and not the gateway itself. */
  readonly upstream: boolean
}

/** All that variables of one request are read from. What is costly is found out when it is first asked for. */
export class Facts {
  /** As it is now: filters put another in its place. */
  head: FactsHead
  client: ClientFacts
  response: ResponseFacts | undefined
  /** Variables that the configuration gives, such as `route_id`, and those that filters find out. */
  readonly named: Map<string, string> = new Map()
  readonly #hides: ((lowerName: string) => boolean) | undefined
  #address: string | undefined
  #port: string | undefined
  #path: string | undefined
  #uri = ''
  #query: string | undefined
  #arguments: ReadonlyMap<string, string> = new Map()
  #cookies: ReadonlyMap<string, string> | undefined

  /** `hides` tells headers, by their names in lower case, that are not believed. */
  constructor(head: FactsHead, client: ClientFacts, hides?: (lowerName: string) => boolean) {
    this.head = head
    this.client = client
    this.#hides = hides
  }

  /** The client's address: the connection's own, unless a filter found another. */
  get address(): string {
    return this.#address ?? this.client.address
  }

  get port(): string | undefined {
    if (this.moved || this.client.port === undefined) return this.#port
    return String(this.client.port)
  }

  /** Whether a filter found another address than the connection's own. */
  get moved(): boolean {
    return this.#address !== undefined
  }

  /** The client's address is another one than the connection's own. */
  moveTo(address: string, port: string | undefined): void {
    this.#address = address
    this.#port = port
  }

  /** The path, decoded, with `//` merged to `/`: one character a byte. */
  get uri(): string {
    const { path } = this.head
    if (this.#path !== path) {
      this.#path = path
      this.#uri = decodePath(path)
    }
    return this.#uri
  }

  /** An argument of the query, decoded; the first of its name. */
  argument(name: string): string | undefined {
    const { query } = this.head
    if (this.#query !== query) {
      this.#query = query
      this.#arguments = parseArguments(query)
    }
    return this.#arguments.get(name)
  }

  cookie(name: string): string | undefined {
    this.#cookies ??= parseCookies(this.header('cookie') ?? '')
    return this.#cookies.get(name)
  }

  /** A header's value by its name in lower case; several lines joined. */
  header(name: string): string | undefined {
    return this.#hides?.(name) === true ? undefined : fieldValue(this.head.headers, name)
  }

  /** Whether a name of a header, with `_` for `-`, is there; its value. */
  headerByVariable(name: string): string | undefined {
    const dashed = name.replaceAll('_', '-')
    if (this.#hides?.(dashed) === true) return undefined
    return fieldValue(this.head.headers, dashed) ??
      (name.includes('_') ? looseFieldValue(this.head.headers, name) : undefined)
  }
}

/** The value of a field by its name in lower case; several lines joined with commas, cookies with semicolons. */
export function fieldValue(headers: HeaderList, name: string): string | undefined {
  let found: string | undefined
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const each = headers[i] as string
    if (each.length !== name.length || each.toLowerCase() !== name) continue
    const joint = name === 'cookie' ? '; ' : ', '
    found = found === undefined ? headers[i + 1] : found + joint + headers[i + 1]
  }
  return found
}

/** Where `_` stands for either `-` or `_`. */
export function looseFieldValue(headers: HeaderList, name: string): string | undefined {
  for (let i = 0; i + 1 < headers.length; i += 2) {
    const each = headers[i] as string
    if (each.length !== name.length) continue
    if (each.toLowerCase().replaceAll('-', '_') === name) return headers[i + 1]
  }
  return undefined
}
