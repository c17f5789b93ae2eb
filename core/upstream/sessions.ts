/** How many sessions are remembered; then those used longest ago go. */
export const MOST_SESSIONS = 65_536
/** Longer keys are not remembered. */
const LONGEST_KEY = 256

interface Session {
  readonly endpoint: string
  until: number
}

/** Which endpoint whose session began at. Bounded in number and time. */
export class Sessions {
  /** Equal kinds may take each other's place when the configuration changes. */
  readonly kind: string
  readonly #lifetime: number
  /** In the order of their last use. */
  readonly #byKey: Map<string, Session>

  /** @param lifetime milliseconds since the last use */
  constructor(kind: string, lifetime: number, previous?: Sessions) {
    this.kind = kind
    this.#lifetime = lifetime
    this.#byKey = previous !== undefined && previous.kind === kind ? previous.#byKey : new Map()
  }

  get size(): number {
    return this.#byKey.size
  }

  /** The endpoint of a session that goes on now. */
  use(key: string, now: number): string | undefined {
    const session = this.#byKey.get(key)
    if (session === undefined) return undefined
    this.#byKey.delete(key)
    if (session.until <= now) return undefined
    session.until = now + this.#lifetime
    this.#byKey.set(key, session)
    return session.endpoint
  }

  /** Begins a session, or moves it. */
  begin(key: string, endpoint: string, now: number): void {
    if (key === '' || key.length > LONGEST_KEY) return
    this.#byKey.delete(key)
    this.#byKey.set(key, { endpoint, until: now + this.#lifetime })
    if (this.#byKey.size <= MOST_SESSIONS) return
    const oldest = this.#byKey.keys().next()
    if (!oldest.done) this.#byKey.delete(oldest.value)
  }
}
