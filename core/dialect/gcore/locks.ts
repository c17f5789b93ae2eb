/** Tasks that wait for each other, by name. */
export class Locks {
  readonly #last = new Map<string, Promise<void>>()

  /** Resolves once all who asked before are done, with how to say that one is done oneself. */
  async take(name: string): Promise<() => void> {
    const before = this.#last.get(name)
    let done: () => void = () => {}
    const mine = new Promise<void>((resolve) => done = resolve)
    const all = (before ?? Promise.resolve()).then(() => mine)
    this.#last.set(name, all)
    await before
    return () => {
      done()
      if (this.#last.get(name) === all) this.#last.delete(name)
    }
  }
}
