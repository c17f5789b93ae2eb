/** The static table, names and values in turn, from index 1 (RFC 7541 appendix A). */
const STATIC: readonly (readonly [string, string])[] = [
  [':authority', ''],
  [':method', 'GET'],
  [':method', 'POST'],
  [':path', '/'],
  [':path', '/index.html'],
  [':scheme', 'http'],
  [':scheme', 'https'],
  [':status', '200'],
  [':status', '204'],
  [':status', '206'],
  [':status', '304'],
  [':status', '400'],
  [':status', '404'],
  [':status', '500'],
  ['accept-charset', ''],
  ['accept-encoding', 'gzip, deflate'],
  ...[
    'accept-language',
    'accept-ranges',
    'accept',
    'access-control-allow-origin',
    'age',
    'allow',
    'authorization',
    'cache-control',
    'content-disposition',
    'content-encoding',
    'content-language',
    'content-length',
    'content-location',
    'content-range',
    'content-type',
    'cookie',
    'date',
    'etag',
    'expect',
    'expires',
    'from',
    'host',
    'if-match',
    'if-modified-since',
    'if-none-match',
    'if-range',
    'if-unmodified-since',
    'last-modified',
    'link',
    'location',
    'max-forwards',
    'proxy-authenticate',
    'proxy-authorization',
    'range',
    'referer',
    'refresh',
    'retry-after',
    'server',
    'set-cookie',
    'strict-transport-security',
    'transfer-encoding',
    'user-agent',
    'vary',
    'via',
    'www-authenticate',
  ].map((name): [string, string] => [name, '']),
]

/** What an entry costs beyond its name and value (RFC 7541 section 4.1). */
export const ENTRY_OVERHEAD = 32

/** How many entries the static table has; dynamic ones follow. */
export const STATIC_SIZE: number = STATIC.length

/** The dynamic table behind the static one, the newest entry first (RFC 7541 section 2.3). */
export class HpackTable {
  /** In order of arrival, the newest last; evicted ones are cut off from the front now and then. */
  #names: string[] = []
  #values: string[] = []
  #first = 0
  /** How many entries were cut off. */
  #cut = 0
  #size = 0
  #maxSize: number
  readonly #onEvict: ((name: string, value: string, number: number) => void) | undefined

  /** `onEvict` is told of each entry that leaves, and of its number, see {@linkcode added}. */
  constructor(maxSize: number, onEvict?: (name: string, value: string, number: number) => void) {
    this.#maxSize = maxSize
    this.#onEvict = onEvict
  }

  get maxSize(): number {
    return this.#maxSize
  }

  /** How many entries were ever added: the newest entry's number. */
  get added(): number {
    return this.#cut + this.#names.length
  }

  /** How many entries the dynamic table has. */
  get length(): number {
    return this.#names.length - this.#first
  }

  resize(maxSize: number): void {
    this.#maxSize = maxSize
    this.#evict(maxSize)
  }

  name(index: number): string | undefined {
    if (index <= STATIC_SIZE) return STATIC[index - 1]?.[0]
    return this.#names[this.#place(index)]
  }

  value(index: number): string | undefined {
    if (index <= STATIC_SIZE) return STATIC[index - 1]?.[1]
    return this.#values[this.#place(index)]
  }

  /** Adds an entry. One that is larger than the table empties it, and is no error (RFC 7541 section 4.4). */
  add(name: string, value: string): void {
    const size = name.length + value.length + ENTRY_OVERHEAD
    this.#evict(this.#maxSize - size)
    if (size > this.#maxSize) return
    this.#names.push(name)
    this.#values.push(value)
    this.#size += size
  }

  #place(index: number): number {
    const place = this.#names.length - (index - STATIC_SIZE)
    return place < this.#first ? -1 : place
  }

  #evict(target: number): void {
    while (this.#size > Math.max(target, 0)) {
      const at = this.#first++
      const name = this.#names[at]!
      const value = this.#values[at]!
      this.#size -= name.length + value.length + ENTRY_OVERHEAD
      this.#onEvict?.(name, value, this.#cut + at + 1)
    }
    if (this.#first < 64 || this.#first * 2 < this.#names.length) return
    this.#cut += this.#first
    this.#names = this.#names.slice(this.#first)
    this.#values = this.#values.slice(this.#first)
    this.#first = 0
  }
}

/** Where a name stands in a table, and where it stands with each of its values. */
export interface NameIndex {
  readonly values: Map<string, number>
  /** The static table's first entry, the dynamic table's newest. */
  index: number
}

/** The static table by name. */
export const STATIC_INDEX: ReadonlyMap<string, NameIndex> = staticIndex()

function staticIndex(): Map<string, NameIndex> {
  const names = new Map<string, NameIndex>()
  STATIC.forEach(([name, value], at) => {
    const known = names.get(name) ?? { values: new Map<string, number>(), index: at + 1 }
    known.values.set(value, at + 1)
    names.set(name, known)
  })
  return names
}
