import type { Leaf } from './leaf.ts'
import type { PathTable } from './path-table.ts'
import type { RouteEntry } from './types.ts'

/** Path tables by host pattern: exact, `*.domain` for names any number of labels deeper, and any. */
export class HostTable<T extends RouteEntry> {
  readonly #byPattern = new Map<string, PathTable<T>>()
  readonly #exact = new Map<string, PathTable<T>>()
  /** By what follows the `*`, with its dot. */
  readonly #wildcard = new Map<string, PathTable<T>>()
  /** Wildcards in other places than before a dot, the shortest first. */
  readonly #loose: { readonly suffix: string; readonly paths: PathTable<T> }[] = []
  #any: PathTable<T> | undefined
  #wildcardDots = 0

  /** Sets the paths of a host pattern; an empty pattern takes any host. */
  set(pattern: string, paths: PathTable<T>): void {
    this.#byPattern.set(pattern, paths)
    if (pattern === '') this.#any = paths
    else if (pattern.startsWith('*.')) {
      this.#wildcard.set(pattern.slice(1), paths)
      this.#wildcardDots = Math.max(this.#wildcardDots, pattern.split('.').length - 1)
    } else if (pattern.startsWith('*')) {
      this.#loose.push({ suffix: pattern.slice(1), paths })
      this.#loose.sort((a, b) => a.suffix.length - b.suffix.length)
    } else this.#exact.set(pattern, paths)
  }

  get(pattern: string): PathTable<T> | undefined {
    return this.#byPattern.get(pattern)
  }

  tables(): Iterable<PathTable<T>> {
    return this.#byPattern.values()
  }

  /** The leaves that fit, the worst fit first: any host, wildcards, the exact host. */
  leaves(host: string, path: string): Leaf<T>[] {
    const found: Leaf<T>[] = []
    this.#any?.collect(path, found)
    // From the right, and no deeper than any pattern: a host of many labels costs no more.
    let dot = host.length
    let loose = 0
    for (let dots = 0; dots < this.#wildcardDots; dots++) {
      dot = host.lastIndexOf('.', dot - 1)
      if (dot <= 0) break
      const paths = this.#wildcard.get(host.slice(dot))
      if (paths === undefined) continue
      loose = this.#collectLoose([host, path], { from: loose, upTo: host.length - dot, found })
      paths.collect(path, found)
    }
    this.#collectLoose([host, path], { from: loose, upTo: Infinity, found })
    this.#exact.get(host)?.collect(path, found)
    return found
  }

  /** Collects for the loose wildcards from `from` on that are no longer than `upTo`. */
  #collectLoose(
    [host, path]: readonly [string, string],
    { from, upTo, found }: { readonly from: number; readonly upTo: number; found: Leaf<T>[] },
  ): number {
    let at = from
    for (; at < this.#loose.length; at++) {
      const { suffix, paths } = this.#loose[at]!
      if (suffix.length > upTo) break
      if (host.endsWith(suffix)) paths.collect(path, found)
    }
    return at
  }
}
