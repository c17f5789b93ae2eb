import { CERTIFICATE_VARIABLES, nameVariable } from './certificate-variables.ts'
import { percentDecode } from './decode.ts'
import { type Facts, fieldValue, looseFieldValue } from './facts.ts'
import { tokenVariable } from './token-variables.ts'

/** A variable of a request, ready to be read; undefined: the request does not have it. */
export type Variable = (facts: Facts) => string | undefined

const args: Variable = ({ head }) => head.query.length > 1 ? head.query.slice(1) : undefined
const uri: Variable = (facts) => facts.uri
const status: Variable = ({ response }) => response && String(response.status)

/** Variables by nginx's and APISIX's names. */
const VARIABLES: Readonly<Record<string, Variable>> = {
  ...CERTIFICATE_VARIABLES,
  remote_addr: (facts) => facts.address,
  realip_remote_addr: ({ client }) => client.address,
  realip_remote_port: ({ client }) => client.port === undefined ? undefined : String(client.port),
  remote_port: (facts) => facts.port,
  uri,
  document_uri: uri,
  request_uri: ({ head }) => head.target,
  args,
  query_string: args,
  is_args: ({ head }) => head.query.length > 1 ? '?' : '',
  host: ({ head }) => head.host,
  server_name: ({ head }) => head.host,
  method: ({ head }) => head.method,
  request_method: ({ head }) => head.method,
  request: ({ head }) => `${head.method} ${head.target} ${protocol(head.version)}`,
  server_protocol: ({ head }) => protocol(head.version),
  scheme: ({ client }) => client.secure ? 'https' : 'http',
  https: ({ client }) => client.secure ? 'on' : '',
  server_addr: ({ client }) => client.local?.host,
  server_port: ({ client }) => client.local && String(client.local.port),
  content_type: (facts) => facts.header('content-type'),
  content_length: (facts) => facts.header('content-length'),
  ssl_server_name: ({ client }) => client.sni === '' ? undefined : client.sni,
  status,
  upstream_status: (facts) => facts.response?.upstream === true ? status(facts) : undefined,
  /** What follows the context path of a Gravitee API. */
  path_info: pathInfo,
  /** What follows the last dot of the path's last segment. */
  file_extension: (facts) => /\.([^./]+)$/.exec(facts.uri)?.[1],
}

/** Names that the configuration gives values to. */
const NAMED: ReadonlySet<string> = new Set([
  'route_id',
  'route_name',
  'service_id',
  'service_name',
  'consumer_name',
  'consumer_group_id',
  'balancer_ip',
  'balancer_port',
  'upstream_addr',
  'context_path',
  'plan_name',
  'request_id',
  'transaction_id',
  'error_key',
  'error_message',
  'error_status',
])

/** What variables begin with that a part of the path gives. */
const PARAMETER = 'uri_param_'

type Make = (rest: string) => Variable

const PREFIXES: readonly (readonly [string, Make])[] = [
  ['arg_', (name) => (facts) => facts.argument(percentDecode(name))],
  ['cookie_', (name) => (facts) => facts.cookie(name)],
  ['http_', (name) => {
    const lower = name.toLowerCase().replaceAll('-', '_')
    return (facts) => facts.headerByVariable(lower)
  }],
  [PARAMETER, (name) => ({ named }) => named.get(PARAMETER + name)],
  ['path_info_part_', partOf(pathInfo)],
  ['path_part_', partOf(uri)],
  ['sent_http_', responseField],
  ['upstream_http_', responseField],
]

/** A part of a path between slashes, by its number; the one before the first slash is 0, and empty. */
function partOf(path: Variable): Make {
  return (number) => (facts) => path(facts)?.split('/')[Number(number)]
}

function pathInfo(facts: Facts): string {
  const { length } = facts.named.get('context_path') ?? ''
  return facts.uri.slice(length) || '/'
}

function responseField(name: string): Variable {
  const lower = name.toLowerCase().replaceAll('-', '_')
  const dashed = lower.replaceAll('_', '-')
  return ({ response }) =>
    response && (fieldValue(response.headers, dashed) ?? looseFieldValue(response.headers, lower))
}

function protocol(version: string): string {
  return version === '2' ? 'HTTP/2.0' : `HTTP/${version}`
}

/** Compiles a variable's name. One that is not known here is looked up among those that the configuration gives. */
export function compileVariable(name: string): Variable {
  if (Object.hasOwn(VARIABLES, name)) return VARIABLES[name] as Variable
  for (const [prefix, make] of PREFIXES) {
    if (name.startsWith(prefix) && name.length > prefix.length) {
      return make(name.slice(prefix.length))
    }
  }
  return nameVariable(name) ?? tokenVariable(name) ?? ((facts) => facts.named.get(name))
}

/** Whether a name means something without the configuration giving it a value. */
export function isKnownVariable(name: string): boolean {
  return Object.hasOwn(VARIABLES, name) || NAMED.has(name) || nameVariable(name) !== undefined ||
    tokenVariable(name) !== undefined ||
    PREFIXES.some(([prefix]) => name.startsWith(prefix) && name.length > prefix.length)
}
