/** CRLs that the openssl command does not make. */
import { createPrivateKey, sign } from 'node:crypto'
import { derElement, derOctets, derOid, derSequence } from '../../../core/pki/der-write.ts'
import { readWhole, Tag } from '../../../core/pki/der.ts'
import type { Certificate } from '../../../core/pki/mod.ts'

/** A CRL to be made. Times in the form of UTCTime, such as `260101000000Z`. */
export interface CrlRecipe {
  readonly issuer: Certificate
  /** PEM. */
  readonly key: Uint8Array
  readonly thisUpdate?: string
  readonly nextUpdate?: string | undefined
  /** Whole entries, DER. */
  readonly entries: readonly Uint8Array[]
  /** Whole extensions, DER. */
  readonly extensions?: readonly Uint8Array[]
}

const ECDSA_SHA256 = derSequence(derOid('1.2.840.10045.4.3.2'))

/** Makes a CRL signed with an EC P-256 key, DER. */
export function makeCrl(recipe: CrlRecipe): Uint8Array {
  const inside = readWhole(recipe.issuer.der).inside().read().inside()
  inside.optional(0xa0)
  const [, , , , subject] = [
    inside.read(),
    inside.read(),
    inside.read(),
    inside.read(),
    inside.read(),
  ]
  const { thisUpdate = '250101000000Z', nextUpdate } = recipe
  const tbs = derSequence(
    new Uint8Array([2, 1, 1]),
    ECDSA_SHA256,
    subject?.der ?? new Uint8Array(0),
    time(thisUpdate),
    ...nextUpdate === undefined ? [] : [time(nextUpdate)],
    ...recipe.entries.length === 0 ? [] : [derSequence(allOf(recipe.entries))],
    ...recipe.extensions === undefined ? [] : [derElement(0xa0, derSequence(...recipe.extensions))],
  )
  const key = createPrivateKey({ key: new TextDecoder().decode(recipe.key) })
  const signature = new Uint8Array(sign('sha256', tbs, key))
  return derSequence(tbs, ECDSA_SHA256, derElement(Tag.bitString, new Uint8Array([0]), signature))
}

/** As `concatBytes`, for more parts than a function takes. */
function allOf(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    all.set(part, at)
    at += part.length
  }
  return all
}

/** An entry for a serial number's bytes. */
export function entry(serial: Uint8Array, ...extensions: readonly Uint8Array[]): Uint8Array {
  const list = extensions.length === 0 ? [] : [derSequence(...extensions)]
  return derSequence(derElement(Tag.integer, serial), time('250101000000Z'), ...list)
}

/** An Extension. */
export function extension(id: string, critical: boolean, value: Uint8Array): Uint8Array {
  const flag = critical ? [new Uint8Array([1, 1, 0xff])] : []
  return derSequence(derOid(id), ...flag, derOctets(value))
}

function time(text: string): Uint8Array {
  return derElement(Tag.utcTime, new TextEncoder().encode(text))
}
