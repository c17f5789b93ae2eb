import process from 'node:process'

/** Bytes that pass between two collections. */
const SPAN = 1024 * 1024
/** Words of one array: no large object, which V8 keeps elsewhere. */
const WORDS = 15_000
/** So many arrays fill the youngest generation, or a good part of it. */
const ARRAYS = 16

let passed = 0
/** The array made last. What nobody can see, the compiler leaves out. */
export let newest: readonly unknown[] = []

/**
 * Counts bytes read from sockets, and has garbage collected now and then. Deno hands out a new buffer for each piece,
 * whose bytes lie outside of V8's heap, so that V8 sees little reason to collect: half a gigabyte of them gathers. What
 * makes it collect is a youngest generation that is full, and a few short-lived arrays fill it, in less time than the
 * fresh memory costs that is not touched then.
 */
function count(bytes: number): void {
  passed += bytes
  if (passed < SPAN) return
  passed = 0
  for (let i = 0; i < ARRAYS; i++) newest = new Array(WORDS)
}

/** Told of bytes that were read; undefined where buffers do not pile up. */
export const collectAfter: ((bytes: number) => void) | undefined = 'deno' in process.versions
  ? count
  : undefined
