import { hash } from '../snapshot/mod.ts'

/** Points that an endpoint of average weight has, and bounds on all of them. */
const POINTS = 160
const FEWEST = 8
const MOST = 65_536

/** Someone with a share of a ring. */
export interface Share {
  /** Equal ids have equal points in every ring. */
  readonly id: string
  readonly weight: number
}

/**
 * Consistent hashing: points on a ring, by weight. Who comes or goes takes or leaves its own share alone; all others
 * keep what they have.
 */
export class Ring {
  readonly #points: Uint32Array
  readonly #owners: Uint32Array
  readonly #shares: number

  /** @param shares those of weight 0 have no point */
  constructor(shares: readonly Share[]) {
    this.#shares = shares.length
    const points = placed(shares)
    this.#points = Uint32Array.from(points, ({ point }) => point)
    this.#owners = Uint32Array.from(points, ({ owner }) => owner)
  }

  /** The shares in the order in which a key meets them, each once, by their index. */
  *from(key: string): Generator<number> {
    const count = this.#points.length
    const start = this.#after(hash(key))
    const met = new Set<number>()
    for (let step = 0; step < count && met.size < this.#shares; step++) {
      const owner = this.#owners[(start + step) % count] as number
      if (met.has(owner)) continue
      met.add(owner)
      yield owner
    }
  }

  /** The index of the first point that is not before `value`. */
  #after(value: number): number {
    let low = 0
    let high = this.#points.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#points[middle] as number) < value) low = middle + 1
      else high = middle
    }
    return low
  }
}

function placed(shares: readonly Share[]): { readonly point: number; readonly owner: number }[] {
  const total = shares.reduce((sum, { weight }) => sum + weight, 0)
  const each = Math.max(FEWEST, Math.min(POINTS, Math.floor(MOST / Math.max(1, shares.length))))
  const points = shares.flatMap(({ id, weight }, owner) => {
    const count = weight === 0 ? 0 : Math.max(1, Math.round(weight / total * each * shares.length))
    return Array.from({ length: count }, (_, index) => ({ point: hash(`${id} ${index}`), owner }))
  })
  // Of two at one point, the same comes first whatever the order of the shares.
  return points.sort((a, b) =>
    a.point - b.point || (shares[a.owner]!.id < shares[b.owner]!.id ? -1 : 1)
  )
}
