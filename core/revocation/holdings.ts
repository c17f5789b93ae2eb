import type {
  Crl,
  Fetched,
  OcspResponse,
  OnlineRules,
  RevocationMaterial,
  RevocationSource,
} from '../pki/mod.ts'
import type { Clock, Log } from '../port/mod.ts'
import type { Downloaded } from './download.ts'

/** Gets what stands at a source. */
export type Download = (source: RevocationSource, rules: OnlineRules) => Promise<Downloaded>

/** What is kept of one source. */
interface Entry {
  readonly source: RevocationSource
  readonly rules: OnlineRules
  got: Downloaded | undefined
  /** Why the newest attempt brought nothing. */
  failed: string | undefined
  /** When the next attempt is due. */
  nextAt: number
  usedAt: number
  pending: Promise<void> | undefined
  /** Somebody waited for it in vain. */
  late: boolean
}

const MAX_ENTRIES = 10_000
/** How long something is kept fresh that nobody asks for. */
const UNUSED_MS = 24 * 3_600_000
const REFRESH_MOST_MS = 3_600_000
const REFRESH_LEAST_MS = 1_000
const RETRY_MS = 30_000
/** How long after its time a new one may take to arrive before verdicts are asked for anew. */
const GRACE_MS = 5_000
const LOOK_EVERY_MS = 1_000
const AT_ONCE = 32

/** What a verdict saw of what is kept. */
export interface Look {
  readonly material: RevocationMaterial
  /** When to look again at the latest; asked after the verdict. */
  until(): number
}

/** Keeps what was fetched, and fetches it again in time: one fetch for a source at once, whoever asks. */
export class Holdings {
  /** In the order of last use, the oldest first. */
  readonly #entries = new Map<string, Entry>()
  readonly #download: Download
  readonly #clock: Clock
  readonly #log: Log
  readonly #crlBytes: () => number
  #stop: (() => void) | undefined
  #closed = false
  #running = 0
  readonly #queue: (() => void)[] = []

  constructor(options: {
    readonly download: Download
    readonly clock: Clock
    readonly log: Log
    /** How many bytes of CRLs are kept. */
    readonly crlBytes: () => number
  }) {
    this.#download = options.download
    this.#clock = options.clock
    this.#log = options.log
    this.#crlBytes = options.crlBytes
  }

  /** What is there for a verdict under these rules. */
  look(rules: OnlineRules, now: number): Look {
    let until = Infinity
    const find = (source: RevocationSource): Fetched<Crl | OcspResponse> => {
      const entry = this.#entries.get(keyOf(source, rules))
      if (entry === undefined) return undefined
      this.#use(entry)
      if (now >= entry.nextAt) void this.#renew(entry)
      until = Math.min(until, Math.max(now, entry.nextAt) + GRACE_MS)
      return standing(entry, now)
    }
    const material: RevocationMaterial = {
      crl: (source) => find(source) as Fetched<Crl>,
      ocsp: (source) => find(source) as Fetched<OcspResponse>,
    }
    return { material, until: () => until }
  }

  /** Resolves when a source has been asked, whatever came of it. */
  async ask(source: RevocationSource, rules: OnlineRules): Promise<void> {
    const key = keyOf(source, rules)
    let entry = this.#entries.get(key)
    if (entry === undefined) {
      entry = newEntry(source, rules, this.#clock.now())
      this.#entries.set(key, entry)
      this.#makeRoom()
      if (!this.#closed) this.#stop ??= this.#clock.every(LOOK_EVERY_MS, () => this.#refresh())
    }
    await this.#renew(entry)
  }

  /** Notes that somebody waited long enough: others need not, until there is an answer. */
  late(source: RevocationSource, rules: OnlineRules): void {
    const entry = this.#entries.get(keyOf(source, rules))
    if (entry?.pending !== undefined) entry.late = true
  }

  /** Fetches nothing any more. */
  close(): void {
    this.#closed = true
    this.#stop?.()
    this.#entries.clear()
  }

  #use(entry: Entry): void {
    const key = keyOf(entry.source, entry.rules)
    entry.usedAt = this.#clock.now()
    this.#entries.delete(key)
    this.#entries.set(key, entry)
  }

  #refresh(): void {
    const now = this.#clock.now()
    for (const [key, entry] of this.#entries) {
      if (now - entry.usedAt > UNUSED_MS) this.#entries.delete(key)
      else if (now >= entry.nextAt) void this.#renew(entry)
    }
  }

  #renew(entry: Entry): Promise<void> {
    return entry.pending ??= this.#fetch(entry).finally(() => {
      entry.pending = undefined
      entry.late = false
    })
  }

  async #fetch(entry: Entry): Promise<void> {
    if (this.#running >= AT_ONCE) await new Promise<void>((go) => this.#queue.push(go))
    this.#running++
    const before = entry.failed
    try {
      const got = await this.#download(entry.source, entry.rules)
      const now = this.#clock.now()
      entry.got = got
      entry.failed = got.until !== undefined && now >= got.until ? 'it is out of date' : undefined
      entry.nextAt = entry.failed === undefined ? nextLook(got, now) : now + RETRY_MS
      this.#makeRoom()
    } catch (error) {
      entry.failed = error instanceof Error ? error.message : String(error)
      entry.nextAt = this.#clock.now() + RETRY_MS
    } finally {
      this.#running--
      this.#queue.shift()?.()
    }
    this.#tell(entry, before)
  }

  #tell({ source, failed }: Entry, before: string | undefined): void {
    if (this.#closed || (failed === undefined) === (before === undefined)) return
    const { kind, url } = source
    const fields = { kind, url, ...failed === undefined ? {} : { reason: failed } }
    if (failed === undefined) this.#log.write('info', 'Revocation is answered again', fields)
    else this.#log.write('warn', 'Revocation could not be asked', fields)
  }

  #makeRoom(): void {
    const most = this.#crlBytes()
    let bytes = 0
    for (const { got } of this.#entries.values()) bytes += got?.bytes ?? 0
    for (const [key, { got }] of this.#entries) {
      const full = this.#entries.size > MAX_ENTRIES
      if (!full && bytes <= most) return
      if (!full && (got?.bytes ?? 0) === 0) continue
      bytes -= got?.bytes ?? 0
      this.#entries.delete(key)
    }
  }
}

function newEntry(source: RevocationSource, rules: OnlineRules, now: number): Entry {
  const nothing = { got: undefined, failed: undefined, pending: undefined, late: false }
  return { source, rules, ...nothing, nextAt: now, usedAt: now }
}

/** What an entry has to say. What ran out is still shown: whom it calls revoked stays so. */
function standing(entry: Entry, now: number): Fetched<Crl | OcspResponse> {
  const { got, failed, late } = entry
  const current = got !== undefined && (got.until === undefined || now < got.until)
  if (current || (got !== undefined && (failed !== undefined || late))) return got.value
  if (failed !== undefined) return { failed }
  return late ? { failed: 'no answer in time' } : undefined
}

function nextLook({ until }: Downloaded, now: number): number {
  const half = until === undefined ? REFRESH_MOST_MS : (until - now) / 2
  return now + Math.min(REFRESH_MOST_MS, Math.max(REFRESH_LEAST_MS, half))
}

/** Other rules may ask other addresses, or ask otherwise. */
function keyOf(source: RevocationSource, { fetchFrom, ocspNonce }: OnlineRules): string {
  const { kind, url } = source
  const ranges = fetchFrom.join(',')
  if (source.kind === 'crl') return `${kind} ${ranges} ${url}`
  const { certificate, issuer } = source
  return `${kind} ${ranges} ${ocspNonce} ${certificate.sha256} ${issuer.sha256} ${url}`
}
