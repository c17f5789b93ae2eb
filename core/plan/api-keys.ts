/** A key with what it stands for. */
interface Held<T> {
  readonly key: string
  readonly value: T
}

/**
 * API keys, looked up so that the time taken says nothing about a key's characters.
 *
 * A table of strings compares character by character where two share a slot. Here the slot is found by a hash over
 * the whole key, seeded with a secret, and a comparison reads all characters whatever it finds: a guess
 * that is right at its beginning takes as long as one that is wrong everywhere.
 */
export class ApiKeyTable<T> {
  readonly #seed: number
  readonly #slots = new Map<number, Held<T>[]>()
  #size = 0

  /** @param seed a secret, 32 bits */
  constructor(seed: number) {
    this.#seed = seed
  }

  get size(): number {
    return this.#size
  }

  /** Stores a key. A key that is there already keeps its value, which is returned. */
  add(key: string, value: T): T | undefined {
    const known = this.get(key)
    if (known !== undefined) return known
    const slot = this.#slots.get(hash(key, this.#seed))
    if (slot === undefined) this.#slots.set(hash(key, this.#seed), [{ key, value }])
    else slot.push({ key, value })
    this.#size++
    return undefined
  }

  get(key: string): T | undefined {
    const slot = this.#slots.get(hash(key, this.#seed))
    let found: T | undefined
    for (const held of slot ?? []) if (equal(held.key, key)) found = held.value
    return found
  }
}

function hash(text: string, seed: number): number {
  let value = seed
  for (let index = 0; index < text.length; index++) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x5bd1e995)
    value ^= value >>> 15
  }
  return value >>> 0
}

/** Reads both to the end; only the length may end it early. */
function equal(a: string, b: string): boolean {
  if (a.length !== b.length) return false
  let difference = 0
  for (let index = 0; index < a.length; index++) {
    difference |= a.charCodeAt(index) ^ b.charCodeAt(index)
  }
  return difference === 0
}
