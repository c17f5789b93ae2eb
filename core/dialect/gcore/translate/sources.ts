import type { KeyPairConfig, Material } from '../../../snapshot/types.ts'
import { keyPairOf, materialOf } from '../contents.ts'
import type { SecretDoc } from '../documents.ts'

/** A secret as parts of the configuration need it; the same secret gives the same objects. */
export interface Source {
  readonly secret: SecretDoc
  readonly material: Material
  readonly keyPair: KeyPairConfig
}

/** Makes a source of a secret. */
export function sourceOf(secret: SecretDoc): Source {
  const material = materialOf(secret)
  return { secret, material, keyPair: keyPairOf(material) }
}

/** Finds secrets by their ids. */
export type Sources = (id: string) => Source | undefined

/** What cannot be translated, and why. */
export class Untranslatable extends Error {}

/** @throws Untranslatable where the secret is gone */
export function wanted(sources: Sources, id: string): Source {
  const found = sources(id)
  if (found === undefined) throw new Untranslatable(`Secret ${id} is missing`)
  return found
}
