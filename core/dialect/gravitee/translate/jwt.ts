import type {
  GraviteeGatewayConfig,
  JwtConfig,
  TokenKeysConfig,
  TokenTypesConfig,
} from '../../../snapshot/mod.ts'
import type { ApiDocument, JsonMap } from '../model.ts'
import { constantAt } from './response-templates.ts'
import { flagAt, mapAt, type Notes, numberAt, refuseKeys, textAt, textsAt } from './settings.ts'

/** What a JWT plan may say; the last three are ours. */
const KEYS: readonly string[] = [
  ...['signature', 'publicKeyResolver', 'resolverParameter', 'connectTimeout', 'requestTimeout'],
  ...['followRedirects', 'useSystemProxy', 'extractClaims', 'propagateAuthHeader', 'userClaim'],
  ...['clientIdClaim', 'confirmationMethodValidation', 'tokenTypValidation', 'revocationCheck'],
  ...['issuer', 'audience', 'clockSkew'],
]

/** Gravitee's own are RSA and HMAC; ours are all that jose has. */
const SIGNATURES = /^(?:(?:RSA|HMAC|ECDSA)_)?((?:RS|PS|ES|HS)(?:256|384|512))$/

/** What a JWT plan is translated beside. */
export interface JwtContext {
  readonly api: ApiDocument
  readonly options: GraviteeGatewayConfig
}

/** What a JWT plan is checked by. */
export function jwtOf(
  configuration: JsonMap,
  { api, options: { issuers = [] } }: JwtContext,
  notes: Notes,
): JwtConfig {
  refuseKeys(configuration, { whose: 'A JWT plan', known: KEYS, notes })
  refuseUnserved(configuration, notes)
  const signature = textAt(configuration, 'signature') ?? 'RSA_RS256'
  const algorithm = SIGNATURES.exec(signature)?.[1]
  if (algorithm === undefined) {
    notes.errors.push(
      `Could not use signature "${signature}": RSA_RS256, ECDSA_ES256, HMAC_HS256 and the like are supported`,
    )
  }
  return {
    keys: keysOf(configuration, {
      ...{ issuers, api, notes },
      hmac: algorithm?.startsWith('HS') === true,
    }),
    algorithms: [algorithm ?? 'RS256'],
    issuer: textAt(configuration, 'issuer'),
    audience: textsAt(configuration, 'audience'),
    clockSkew: (numberAt(configuration, 'clockSkew') ?? 0) * 1000,
    clientClaim: textAt(configuration, 'clientIdClaim'),
    oneClient: true,
    types: typesOf(mapAt(configuration, 'tokenTypValidation')),
    bound: isBound(configuration, notes),
  }
}

/** What can be written and not be done. */
function refuseUnserved(configuration: JsonMap, { errors }: Notes): void {
  if (flagAt(mapAt(configuration, 'revocationCheck'), 'enabled')) {
    errors.push('Could not use revocationCheck: lists of revoked tokens are not asked for')
  }
  if (flagAt(configuration, 'useSystemProxy')) {
    errors.push('Could not use useSystemProxy: keys are fetched without a proxy')
  }
}

interface KeysContext {
  readonly issuers: NonNullable<GraviteeGatewayConfig['issuers']>
  readonly hmac: boolean
  readonly api: ApiDocument
  readonly notes: Notes
}

function keysOf(
  configuration: JsonMap,
  { issuers, hmac, api, notes }: KeysContext,
): TokenKeysConfig {
  const { errors } = notes
  const resolver = textAt(configuration, 'publicKeyResolver') ?? 'GIVEN_KEY'
  if (resolver === 'GATEWAY_KEYS') {
    if (issuers.length > 0) return { issuers }
    errors.push('Could not use GATEWAY_KEYS: the gateway has no keys, see policy.jwt.issuer')
    return { secret: '' }
  }
  if (resolver !== 'GIVEN_KEY' && resolver !== 'JWKS_URL') {
    errors.push(
      `Could not use publicKeyResolver "${resolver}": GIVEN_KEY, GATEWAY_KEYS and JWKS_URL are supported`,
    )
  }
  const parameter = constantAt(configuration, 'resolverParameter', { api, notes })
  if (parameter === '') errors.push('A JWT plan needs resolverParameter: a key, or where keys are')
  if (resolver !== 'JWKS_URL') return givenKey(parameter, hmac, notes)
  if (!/^https?:\/\/[^\s/]+/.test(parameter)) {
    errors.push(`Could not use JWKS_URL "${parameter}": it is no URL`)
  }
  const timeout = numberAt(configuration, 'requestTimeout')
  return {
    url: parameter,
    ...(timeout === undefined || timeout <= 0 ? {} : { timeout }),
    ...(flagAt(configuration, 'followRedirects') ? { followRedirects: true } : {}),
  }
}

function givenKey(parameter: string, hmac: boolean, { errors }: Notes): TokenKeysConfig {
  if (hmac) return { secret: parameter, base64: true }
  const isKey = /-----BEGIN (RSA )?(PUBLIC KEY|CERTIFICATE)-----|^\s*\{|^\s*ssh-rsa\s/.test(
    parameter,
  )
  if (parameter !== '' && !isKey && !/^[\sA-Za-z0-9+/=]+$/.test(parameter)) {
    errors.push(
      'Could not use resolverParameter: it is no public key in PEM, nor one as SSH has it',
    )
  }
  const data = new TextEncoder().encode(parameter)
  return { key: { from: 'resolverParameter', data } }
}

/** Without a rule of its own a plan takes what Gravitee does. */
function typesOf(validation: JsonMap): TokenTypesConfig {
  if (!flagAt(validation, 'enabled')) {
    return {
      expected: ['JWT', 'at+jwt', 'application/at+jwt'],
      ignoreCase: true,
      ignoreMissing: true,
    }
  }
  const expected = textsAt(validation, 'expectedValues')
  return {
    expected: Array.isArray(validation['expectedValues']) ? expected : ['JWT'],
    ignoreCase: flagAt(validation, 'ignoreCase'),
    ignoreMissing: flagAt(validation, 'ignoreMissing'),
  }
}

/** Whether tokens must be bound to the client's certificate: RFC 8705, as Gravitee has it. */
export function isBound(configuration: JsonMap, { warnings }: Notes): boolean {
  const confirmation = mapAt(configuration, 'confirmationMethodValidation')
  const thumbprint = mapAt(confirmation, 'certificateBoundThumbprint')
  const enabled = flagAt(thumbprint, 'enabled')
  if (enabled && flagAt(thumbprint, 'extractCertificateFromHeader')) {
    const name = textAt(thumbprint, 'headerName') ?? 'ssl-client-cert'
    warnings.push(
      `Header "${name}" tells a client's certificate where it is the clientAuthHeader of the listener, and comes from a trusted proxy`,
    )
  }
  return enabled && !flagAt(confirmation, 'ignoreMissing')
}
