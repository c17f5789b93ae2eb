import { sha256Hex } from './bytes.ts'
import { decodedOf } from './certificate.ts'
import {
  type Certificate,
  type Crl,
  DEFAULT_RULES,
  type OnlineRules,
  type TrustRules,
  type Truststore,
} from './types.ts'

/** What a truststore is made of. */
export interface TruststoreContent extends Partial<TrustRules> {
  readonly anchors: readonly Certificate[]
  /** CRLs that were read with `readCrl`. Where there are any, each certificate of a path must be covered. */
  readonly crls?: readonly Crl[]
  readonly acceptsAnyLeaf?: boolean
  readonly online?: OnlineRules | undefined
}

/** Makes a truststore. Equal content, in whatever order, gives equal ids. */
export async function createTruststore(content: TruststoreContent): Promise<Truststore> {
  const rules: TrustRules = {
    profile: content.profile ?? DEFAULT_RULES.profile,
    minRsaBits: content.minRsaBits ?? DEFAULT_RULES.minRsaBits,
    crlPolicy: content.crlPolicy ?? DEFAULT_RULES.crlPolicy,
    crlDepth: content.crlDepth ?? DEFAULT_RULES.crlDepth,
  }
  const anchors = unique(content.anchors)
  const crls = unique(content.crls ?? [])
  const acceptsAnyLeaf = content.acceptsAnyLeaf ?? false
  const { online } = content
  const asks = online !== undefined && (online.crlFetch !== 'off' || online.ocsp !== 'off')
  const parts = [
    rules.profile,
    rules.minRsaBits,
    rules.crlPolicy,
    rules.crlDepth,
    asks ? onlineText(online) : 'offline',
    acceptsAnyLeaf,
    ...anchors.map((a) => a.sha256).sort(),
    'crls',
    ...crls.map((c) => c.sha256).sort(),
  ]
  const id = await sha256Hex(new TextEncoder().encode(parts.join('\n')))
  const store = { id, anchors, acceptsAnyLeaf, rules, crls }
  return Object.freeze(asks ? { ...store, online } : store)
}

function onlineText({ crlFetch, ocsp, ocspNonce, fetchFrom }: OnlineRules): string {
  return [crlFetch, ocsp, ocspNonce, ...fetchFrom].join(' ')
}

function unique<T extends { readonly sha256: string }>(list: readonly T[]): T[] {
  return [...new Map(list.map((item) => [item.sha256, item])).values()]
}

/** A truststore's anchors, ready to be looked up. */
export interface AnchorIndex {
  /** By the key of their subject's name. */
  readonly bySubject: ReadonlyMap<string, readonly Certificate[]>
  readonly fingerprints: ReadonlySet<string>
}

const indices = new WeakMap<Truststore, AnchorIndex>()

/** The index of a truststore's anchors, made at the first call. */
export function anchorIndex(truststore: Truststore): AnchorIndex {
  const known = indices.get(truststore)
  if (known !== undefined) return known
  const bySubject = new Map<string, Certificate[]>()
  for (const anchor of truststore.anchors) {
    const key = decodedOf(anchor).subject.key
    const group = bySubject.get(key)
    if (group === undefined) bySubject.set(key, [anchor])
    else group.push(anchor)
  }
  const index = { bySubject, fingerprints: new Set(truststore.anchors.map((a) => a.sha256)) }
  indices.set(truststore, index)
  return index
}
