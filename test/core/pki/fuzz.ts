/** Inputs that differ from good ones at random, the same in each run. */
import { chance } from '../../support/chance.ts'
import { reshape } from './der-tree.ts'

/** A source of such inputs. */
export interface Fuzz {
  /** A whole number from 0 on, below `n`. */
  pick(n: number): number
  /** Flips, cuts, doubles or overwrites some bytes. */
  mutate(bytes: Uint8Array): Uint8Array
  /** Changes one to three elements of DER, most of them so that lengths stay right. */
  reshape(bytes: Uint8Array): Uint8Array
  /** Mutated or reshaped, and not the same. */
  differing(bytes: Uint8Array): Uint8Array
}

/** Makes a source from a seed. */
export function createFuzz(seed: number): Fuzz {
  const next = chance(seed)
  const pick = (n: number) => Math.floor(next() * n)
  const mutate = (bytes: Uint8Array) => mutated(bytes, pick)
  const shape = (bytes: Uint8Array) => {
    let shaped = bytes
    for (let times = pick(3); times >= 0; times--) {
      shaped = pick(6) === 0 ? mutate(shaped) : reshape(shaped, pick)
    }
    return shaped
  }
  const differing = (bytes: Uint8Array) => {
    for (;;) {
      const made = pick(4) === 0 ? mutate(bytes) : shape(bytes)
      if (!same(made, bytes)) return made
    }
  }
  return { pick, mutate, reshape: shape, differing }
}

function mutated(bytes: Uint8Array, pick: (n: number) => number): Uint8Array {
  const out = bytes.slice()
  const at = pick(out.length)
  switch (pick(5)) {
    case 0:
      return out.subarray(0, at)
    case 1: {
      const rest = bytes.subarray(pick(out.length))
      const spliced = new Uint8Array(at + rest.length)
      spliced.set(bytes.subarray(0, at))
      spliced.set(rest, at)
      return spliced
    }
    case 2:
      return out.fill(pick(256), at, at + pick(8))
    default:
      out[at] = (out[at] as number) ^ (1 << pick(8))
      return out
  }
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
