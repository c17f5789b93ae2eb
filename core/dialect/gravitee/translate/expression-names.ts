import type { Json } from '../../../store/mod.ts'
import type { ApiDocument, JsonMap } from '../model.ts'

/** Something that this subset of the expression language does not have. */
export class Unsupported extends Error {}

/** What stands on a side of a comparison. */
export type Operand =
  | { readonly kind: 'variable'; readonly name: string; readonly list?: 'field' | 'json' }
  | { readonly kind: 'literal'; readonly value: string | number | boolean | null }

/** Where an expression stands: what is known there depends on it. */
export type Place = 'rule' | 'template'

/** Variables by Gravitee's names. */
const PLAIN: Readonly<Record<string, string>> = {
  'request.method': 'request_method',
  'request.path': 'uri',
  'request.pathInfo': 'path_info',
  'request.contextPath': 'context_path',
  'request.uri': 'request_uri',
  'request.scheme': 'scheme',
  'request.host': 'host',
  'request.remoteAddress': 'remote_addr',
  'request.localAddress': 'server_addr',
  'request.ssl.clientHost': 'remote_addr',
  'request.ssl.clientPort': 'remote_port',
  'request.ssl.client.dn': 'ssl_client_s_dn',
  "context.attributes['context-path']": 'context_path',
}

/** Those that are known once a plan was chosen, or a request turned away. */
const LATE: Readonly<Record<string, string>> = {
  'error.key': 'error_key',
  'error.message': 'error_message',
  'error.statusCode': 'error_status',
  'request.id': 'request_id',
  'request.transactionId': 'transaction_id',
  'response.status': 'status',
  "context.attributes['plan']": 'plan_name',
  "context.attributes['subscription-id']": 'subscription_id',
}

/** Names of certificates' attributes, by how Gravitee calls them besides their own names. */
const ATTRIBUTES: Readonly<Record<string, string>> = {
  commonName: 'CN',
  organization: 'O',
  organizationUnit: 'OU',
  organizationalUnit: 'OU',
  country: 'C',
  locality: 'L',
  state: 'ST',
  email: 'EMAILADDRESS',
  domainComponent: 'DC',
  userId: 'UID',
}

const INDEXED = /^([\w.]+)(?:\['([^']*)'\]|\.([\w-]+))$/

/** What `#name` stands for, its indices written as `['…']`. Throws Unsupported. */
export function operandOf(name: string, api: ApiDocument | undefined, place: Place): Operand {
  const constant = constantOf(name, api)
  if (constant !== undefined) return { kind: 'literal', value: constant }
  const plain = PLAIN[name] ?? (place === 'template' ? LATE[name] : undefined)
  if (plain !== undefined) return { kind: 'variable', name: plain }
  const part = /^request\.(paths|pathInfos)\[(\d{1,3})\]$/.exec(name)
  if (part !== null) {
    const whole = part[1] === 'paths' ? 'path_part_' : 'path_info_part_'
    return { kind: 'variable', name: whole + part[2] }
  }
  const claim = /^context\.attributes\['jwt'\]\.(claims|headers)(?:\['([^']+)'\]|\.([\w-]+))$/
    .exec(name)
  if (claim !== null) {
    const [, which, quoted, dotted] = claim
    const kind = which === 'claims' ? 'claim' : 'header'
    return { kind: 'variable', name: `jwt_${kind}_${quoted ?? dotted}`, list: 'json' }
  }
  const [, map = '', quoted, dotted] = INDEXED.exec(name) ?? []
  const found = indexed(map, quoted ?? dotted ?? '')
  if (found !== undefined) return found
  const known = place === 'rule' ? 'is not known before a plan is selected, or ' : 'is '
  throw new Unsupported(`"#${name}" ${known}not supported`)
}

function indexed(map: string, key: string): Operand | undefined {
  if (map === 'request.headers' && /^[\w-]+$/.test(key)) {
    const name = `http_${key.toLowerCase().replaceAll('-', '_')}`
    return { kind: 'variable', name, list: 'field' }
  }
  if (map === 'request.params' && /^[\w.-]+$/.test(key)) {
    return { kind: 'variable', name: `arg_${key}` }
  }
  const attribute = ATTRIBUTES[key] ?? key.toUpperCase()
  const ofClient = map === 'request.ssl.client.attributes' || map === 'request.ssl.client'
  if (ofClient && /^[A-Z][A-Z0-9]*$/.test(attribute)) {
    return { kind: 'variable', name: `ssl_client_s_dn_${attribute}` }
  }
  return undefined
}

/** What is known of an API whoever asks. */
function constantOf(name: string, api: ApiDocument | undefined): string | null | undefined {
  if (name === "context.attributes['organization']") return 'DEFAULT'
  if (name === "context.attributes['environment']") return 'DEFAULT'
  if (api === undefined) return undefined
  if (name === "context.attributes['api']" || name === 'api.id') return api.id
  if (name === "context.attributes['api.name']" || name === 'api.name') return api.name
  if (name === 'api.version') return api.apiVersion
  const property = /^(?:api\.)?properties(?:\['([^']+)'\]|\.([\w-]+))$/.exec(name)
  if (property === null) return undefined
  return propertyOf(api.extra['properties'], property[1] ?? property[2] ?? '')
}

function propertyOf(properties: Json | undefined, key: string): string | null {
  const all: readonly JsonMap[] = Array.isArray(properties) ? properties as readonly JsonMap[] : []
  const value = all.find((each) => each['key'] === key)?.['value']
  return value === undefined || value === null ? null : String(value)
}
