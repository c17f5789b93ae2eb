import type { Kind } from './kinds.ts'

/** What a path is about. */
export interface Place {
  readonly kind: Kind
  /** The folder of its documents in the store: `/routes`, `/consumers/jack/credentials`. */
  readonly folder: string
  /** The folder as it is told, which differs for names of old versions. */
  readonly told: string
  readonly id: string | undefined
  /** What of the document is meant: `upstream/nodes`. */
  readonly subPath: readonly string[]
}

/** The key of one document. */
export function keyOf(place: Place, id: string): string {
  return `${place.folder}/${id}`
}
