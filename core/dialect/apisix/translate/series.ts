/** A part, and when its document came to be: who came first counts first. */
interface Entry<T> {
  readonly created: number
  /** Undefined: it is gone. */
  part: T | undefined
}

/**
 * Parts by the id of their documents, in the order in which those came to be. A write costs nothing to speak of, the
 * list after it one copy.
 */
export class Series<T> {
  readonly #byId = new Map<string, Entry<T>>()
  /** With those that are gone, and, at the end, those that came out of turn. */
  #entries: Entry<T>[] = []
  #outOfTurn = false
  #parts: readonly T[] | undefined

  get(id: string): T | undefined {
    return this.#byId.get(id)?.part
  }

  /** All parts, the oldest first; the very same list where nothing changed. */
  get parts(): readonly T[] {
    return this.#parts ??= this.#list()
  }

  /** @param created the store's revision at which the document came to be */
  set(id: string, part: T, created: number): void {
    this.#parts = undefined
    const before = this.#byId.get(id)
    if (before?.created === created) {
      before.part = part
      return
    }
    this.delete(id)
    const entry = { created, part }
    this.#outOfTurn ||= created < (this.#entries.at(-1)?.created ?? 0)
    this.#entries.push(entry)
    this.#byId.set(id, entry)
  }

  delete(id: string): void {
    const entry = this.#byId.get(id)
    if (entry === undefined) return
    entry.part = undefined
    this.#byId.delete(id)
    this.#parts = undefined
  }

  #list(): T[] {
    if (this.#outOfTurn) this.#entries.sort((a, b) => a.created - b.created)
    this.#outOfTurn = false
    if (this.#entries.length > this.#byId.size) {
      this.#entries = this.#entries.filter(({ part }) => part !== undefined)
    }
    return this.#entries.map(({ part }) => part as T)
  }
}
