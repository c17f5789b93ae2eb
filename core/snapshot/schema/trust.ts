import type * as z from 'zod'
import type { ClientMode } from '../../port/mod.ts'
import type { CrlPolicy, IdentityConfig, Material, TrustConfig } from '../types.ts'
import { cidr } from './addresses.ts'
import { allow } from './identities.ts'
import { hasKey, list, map, oneOrMany, pick, type Shape } from './structure.ts'
import { boolean, choice, integer } from './scalars.ts'
import { material, materials, pkcs12, secret, type Source } from './sources.ts'

/** Certificate and key in files of their own. */
export interface WrittenPemPair {
  readonly cert: Source<Material>
  readonly key: Source<Material>
  readonly passphrase: Source<string> | undefined
}

/** Certificate and key in one PKCS#12 file. */
export interface WrittenPkcs12 {
  readonly pkcs12: Source<Material>
  readonly passphrase: Source<string> | undefined
}

/** A certificate with its key, in either form. */
export type WrittenKeyPair = WrittenPemPair | WrittenPkcs12

/** A key pair as PEM (or DER) files. */
export const pemPairSchema: z.ZodType<WrittenPemPair> = map('a certificate', {
  cert: material(),
  key: material(),
  passphrase: secret().optional(),
})

/** A key pair as PKCS#12. */
export const pkcs12Schema: z.ZodType<WrittenPkcs12> = map('a PKCS#12 certificate', {
  pkcs12: pkcs12(),
  passphrase: secret().optional(),
})

/** A key pair in either form. */
export const keyPairSchema: z.ZodType<WrittenKeyPair> = pick<WrittenKeyPair>((raw) =>
  hasKey(raw, 'pkcs12') ? pkcs12Schema : pemPairSchema
)

/** Whom to trust, before files are read. */
export interface WrittenTrust extends Omit<TrustConfig, 'ca' | 'crl'> {
  readonly ca: readonly Source<Material>[]
  readonly crl: readonly Source<readonly Material[]>[]
}

/** The keys that upstreams and client policies share. */
export const trustShape: Shape<WrittenTrust> = {
  ca: oneOrMany('certificates', material()).default([]),
  depth: integer(0, 100).default(3),
  crl: oneOrMany('CRLs', materials()).default([]),
  crlPolicy: choice<CrlPolicy>('hard', 'soft').default('hard'),
  crlDepth: choice('chain', 'leaf').default('chain'),
  crlFetch: choice('off', 'soft', 'hard').default('off'),
  ocsp: choice('off', 'soft', 'hard').default('off'),
  ocspNonce: boolean().default(false),
  fetchFrom: list('ranges of addresses', cidr()).default([]),
  profile: choice('compatible', 'strict', 'webpki').default('compatible'),
  minRsaBits: integer(1024, 8192).default(2048),
}

/** The same by themselves. */
export const trustSchema: z.ZodType<WrittenTrust> = map('trust', trustShape)

/** A client policy, before files are read. */
export interface WrittenClients extends WrittenTrust {
  readonly mode: ClientMode | undefined
  readonly applications: boolean | undefined
  readonly sendAuthorities: boolean
  readonly allow: readonly IdentityConfig[]
}

/** A client policy. */
export const clientsSchema: z.ZodType<WrittenClients> = map('clients', {
  mode: choice('none', 'request', 'require').optional(),
  ...trustShape,
  applications: boolean().optional(),
  sendAuthorities: boolean().default(false),
  allow: allow().default([]),
})
