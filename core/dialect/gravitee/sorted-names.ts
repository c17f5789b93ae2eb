/** What has a place in the order. */
export interface Named {
  readonly id: string
  readonly name: string
}

/**
 * Ids in the order of their names, letter case aside. They are sorted when first asked for, and cost nothing before;
 * each change afterwards costs its place.
 */
export class SortedNames {
  readonly #all: () => Iterable<Named>
  #sorted: string[] | undefined

  constructor(all: () => Iterable<Named>) {
    this.#all = all
  }

  add(name: string, id: string): void {
    if (this.#sorted === undefined) return
    const sortable = sortKey(name, id)
    this.#sorted.splice(this.#place(sortable), 0, sortable)
  }

  remove(name: string, id: string): void {
    const at = this.#sorted === undefined ? -1 : this.#place(sortKey(name, id))
    if (this.#sorted?.[at] === sortKey(name, id)) this.#sorted.splice(at, 1)
  }

  /** All ids, by name. */
  *[Symbol.iterator](): IterableIterator<string> {
    this.#sorted ??= [...this.#all()].map(({ name, id }) => sortKey(name, id)).sort()
    for (const sortable of this.#sorted) yield sortable.slice(sortable.lastIndexOf('\u0000') + 1)
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
