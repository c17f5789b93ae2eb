import {
  CERTIFICATE,
  DESCRIPTION,
  having,
  HOST,
  ID,
  integer,
  LABELS,
  list,
  object,
  PRIVATE_KEY,
  text,
  TIMESTAMP,
} from './common.ts'
import type { Schema } from './types.ts'

const CLIENT: Schema = object({
  ca: CERTIFICATE,
  depth: integer({ minimum: 0, default: 1 }),
  skip_mtls_uri_regex: list(
    text({ description: 'uri regular expression to skip mtls' }),
    { minItems: 1, uniqueItems: true },
  ),
  crl: text({
    description: 'revocation lists of the CAs, in PEM; APISIX knows no such thing',
    minLength: 64,
    maxLength: 1_048_576,
  }),
}, { required: ['ca'] })

/**
 * A server certificate with the names that it is shown for and what is asked of clients, or a certificate that
 * upstreams are shown. `validity_start`, `validity_end` and `exptime` are of versions before 3.8: taken, without effect.
 */
export const SSL: Schema = object({
  id: ID,
  desc: DESCRIPTION,
  labels: LABELS,
  type: text({ enum: ['server', 'client'], default: 'server' }),
  cert: CERTIFICATE,
  key: PRIVATE_KEY,
  sni: HOST,
  snis: list(HOST, { minItems: 1 }),
  certs: list(CERTIFICATE),
  keys: list(PRIVATE_KEY),
  client: CLIENT,
  status: integer({ enum: [1, 0], default: 1 }),
  ssl_protocols: list(text({ enum: ['TLSv1.1', 'TLSv1.2', 'TLSv1.3'] }), {
    maxItems: 3,
    uniqueItems: true,
  }),
  validity_start: TIMESTAMP,
  validity_end: TIMESTAMP,
  exptime: integer({ minimum: 1_588_262_400 }),
  create_time: TIMESTAMP,
  update_time: TIMESTAMP,
}, {
  if: { properties: { type: { enum: ['server'] } } },
  then: { oneOf: [having('sni', 'key', 'cert'), having('snis', 'key', 'cert')] },
  else: having('key', 'cert'),
  additionalProperties: false,
})
