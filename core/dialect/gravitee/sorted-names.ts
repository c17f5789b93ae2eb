/** Ids in the order of their names, letter case aside. Sorted when first asked; each change afterwards costs its place. */
export class SortedNames {
  readonly #names = new Map<string, string>()
  #sorted: string[] | undefined

  add(name: string, id: string): void {
    const sortable = sortKey(name, id)
    this.#names.set(sortable, id)
    this.#sorted?.splice(this.#place(sortable), 0, sortable)
  }

  remove(name: string, id: string): void {
    const sortable = sortKey(name, id)
    if (!this.#names.delete(sortable) || this.#sorted === undefined) return
    this.#sorted.splice(this.#place(sortable), 1)
  }

  /** All ids, by name. */
  *[Symbol.iterator](): IterableIterator<string> {
    this.#sorted ??= [...this.#names.keys()].sort()
    for (const sortable of this.#sorted) yield this.#names.get(sortable) as string
  }

  #place(sortable: string): number {
    const sorted = this.#sorted as string[]
    let low = 0
    let high = sorted.length
    while (low < high) {
      const middle = (low + high) >> 1
      if ((sorted[middle] as string) < sortable) low = middle + 1
      else high = middle
    }
    return low
  }
}

function sortKey(name: string, id: string): string {
  return `${name.toLowerCase()}\u0000${id}`
}
