import type * as z from 'zod'
import type { IntrospectionConfig, JwtConfig, Material, TokenKeysConfig } from '../types.ts'
import { boolean, duration, name } from './scalars.ts'
import { material, secret, type Source } from './sources.ts'
import { list, map, Mismatch, scalar, someOf } from './structure.ts'

/** `apis[].plans[].jwt`, before files and secrets are read. */
export interface WrittenJwt extends Omit<JwtConfig, 'keys'> {
  readonly jwks: string | undefined
  readonly key: Source<Material> | undefined
  readonly secret: Source<string> | undefined
}

/** `apis[].plans[].introspection`, before secrets are read. */
export interface WrittenIntrospection extends Omit<IntrospectionConfig, 'clientSecret'> {
  readonly clientSecret: Source<string> | undefined
}

const ALGORITHMS = new Set([
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'],
  ...['Ed25519', 'HS256', 'HS384', 'HS512'],
])

const algorithm = (): z.ZodType<string> =>
  scalar((raw) =>
    typeof raw === 'string' && ALGORITHMS.has(raw)
      ? raw
      : new Mismatch(`expected one of ${[...ALGORITHMS].join(', ')}`)
  )

const text = (): z.ZodType<string> =>
  scalar((raw) => typeof raw === 'string' && raw !== '' ? raw : new Mismatch('expected text'))

const url = (): z.ZodType<string> =>
  scalar((raw) =>
    typeof raw === 'string' && /^https?:\/\/[^\s/]+(\/\S*)?$/.test(raw)
      ? raw
      : new Mismatch('expected a URL, such as https://id.example.com/jwks')
  )

/** `apis[].plans[].jwt`. */
export const jwtSchema: z.ZodType<WrittenJwt> = map('jwt', {
  jwks: url().optional(),
  key: material().optional(),
  secret: secret().optional(),
  algorithms: someOf('algorithms', algorithm()).default(['RS256', 'ES256']),
  issuer: text().optional(),
  audience: list('audiences', text()).default([]),
  clockSkew: duration({ zero: true }).default(0),
  clientClaim: name().optional(),
  bound: boolean().default(false),
})

/** `apis[].plans[].introspection`. */
export const introspectionSchema: z.ZodType<WrittenIntrospection> = map('introspection', {
  url: url(),
  clientId: text().optional(),
  clientSecret: secret().optional(),
  scopes: list('scopes', text()).default([]),
  cache: duration({ zero: true }).default(10_000),
  timeout: duration().default(5_000),
  bound: boolean().default(false),
})

/** Where the keys are, of which exactly one place is written; undefined otherwise. */
export function tokenKeys(
  { jwks, key, secret }: {
    readonly jwks: string | undefined
    readonly key: Material | undefined
    readonly secret: string | undefined
  },
): TokenKeysConfig | undefined {
  if ([jwks, key, secret].filter((each) => each !== undefined).length !== 1) return undefined
  if (jwks !== undefined) return { url: jwks }
  return key === undefined ? { secret: secret as string } : { key }
}
