import type { ApisixConfig } from '../../../snapshot/types.ts'
import type { Json } from '../../../store/types.ts'
import { isTable, type Table, tableOf, textOf } from '../table.ts'
import { addressText, portOf } from './listeners.ts'
import type { ConfigNotes } from './types.ts'

/** What the Admin API is served with. */
export interface ConvertedAdmin {
  /** `admin` of `gateway.yaml`. */
  readonly written: Readonly<Record<string, unknown>>
  readonly apisix: Partial<ApisixConfig>
  readonly onNodePort: boolean
}

/** What converting needs. */
export interface AdminMeans {
  readonly notes: ConfigNotes
  /** A path of APISIX's, relative to where the configuration lies. */
  readonly path: (path: string) => string
  readonly env: (name: string) => string | undefined
}

/** The section that says how the Admin API is served: `deployment.admin`, or that of 2.x. */
export function adminSection(config: Table): {
  readonly admin: Table
  readonly at: readonly string[]
  /** Whether it is written as in 2.x. */
  readonly isOld: boolean
} {
  const deployment = tableOf(tableOf(config, 'deployment'), 'admin')
  const apisix = tableOf(config, 'apisix') ?? {}
  const isOld = OLD_KEYS.some((key) => apisix[key] !== undefined) ||
    tableOf(config, 'etcd') !== undefined
  if (deployment !== undefined) {
    return { admin: deployment, at: ['deployment', 'admin'], isOld: false }
  }
  return { admin: apisix, at: ['apisix'], isOld }
}

const OLD_KEYS = [
  'port_admin',
  'https_admin',
  'admin_api_mtls',
  'admin_key',
  'allow_admin',
  'enable_admin',
  'config_center',
]

/** What `deployment.admin` asks for, or the keys of 2.x below `apisix`. */
export function convertAdmin(config: Table, means: AdminMeans): ConvertedAdmin {
  const { admin, at, isOld } = adminSection(config)
  const { notes } = means
  const tls = admin['https_admin'] === true ? tlsOf(admin, at, means) : undefined
  const mtls = tls !== undefined && textOf(tableOf(admin, 'admin_api_mtls'), 'admin_ssl_ca_cert')
  const keys = keysOf(admin, at, means)
  const wished = tableOf(config, 'sallyport')?.['admin_on_node_port']
  const onNodePort = typeof wished === 'boolean' ? wished : isOld
  if (onNodePort && typeof mtls === 'string' && mtls !== '') {
    notes.warn(
      at,
      'The Admin API is also served on the node port, without a client certificate: ' +
        'sallyport.admin_on_node_port: false switches that off',
    )
  }
  return {
    onNodePort,
    written: {
      address: addressOf(admin, { at, notes, isOld }),
      ...(tls === undefined ? {} : { tls }),
    },
    apisix: {
      ...keys,
      allow: allowOf(admin),
      apiVersion: versionOf(admin, isOld),
      cors: admin['enable_admin_cors'] !== false,
      clientCertificate: typeof mtls === 'string' && mtls !== '',
    },
  }
}

function addressOf(
  admin: Table,
  { at, notes, isOld }: {
    readonly at: readonly string[]
    readonly notes: ConfigNotes
    readonly isOld: boolean
  },
): string {
  const listen = tableOf(admin, 'admin_listen')
  const written = isOld ? admin['port_admin'] : listen?.['port']
  const port = written === undefined ? 9180 : portOf(written)
  if (port === undefined) {
    notes.fail(
      [...at, isOld ? 'port_admin' : 'admin_listen'],
      'Listen for the Admin API: expected a port',
    )
  }
  // APISIX listens everywhere unless told otherwise; whoever wants that here writes it.
  const ip = textOf(listen, 'ip') ?? (isOld && written !== undefined ? '0.0.0.0' : '127.0.0.1')
  return addressText(ip, port ?? 9180)
}

function versionOf(admin: Table, isOld: boolean): 'v2' | 'v3' {
  const version = textOf(admin, 'admin_api_version')
  if (version === undefined) return isOld ? 'v2' : 'v3'
  return version === 'v3' ? 'v3' : 'v2'
}

/** Not said: APISIX's own default. Said to be empty: everybody. */
function allowOf(admin: Table): readonly string[] {
  const allow = admin['allow_admin']
  if (allow === undefined) return ['127.0.0.0/24', '::1/128']
  return Array.isArray(allow)
    ? (allow as readonly Json[]).filter((each): each is string => typeof each === 'string')
    : []
}

function keysOf(
  admin: Table,
  at: readonly string[],
  { notes, env }: AdminMeans,
): Pick<ApisixConfig, 'keyRequired' | 'keys'> {
  const written = admin['admin_key']
  if (env('APISIX_ALLOW_NONE_AUTHENTICATION') === 'true') {
    notes.warn(at, 'The Admin API needs no key: APISIX_ALLOW_NONE_AUTHENTICATION is true')
    return { keyRequired: false, keys: [] }
  }
  if (admin['admin_key_required'] === false || written === null) {
    notes.warn(
      [...at, 'admin_key'],
      'The Admin API needs no key: whoever may reach it may change all',
    )
    return { keyRequired: false, keys: [] }
  }
  const rows = Array.isArray(written) ? (written as readonly Json[]).filter(isTable) : []
  const keys = rows.flatMap((row) => {
    const key = String(row['key'] ?? '')
    const role = row['role'] === 'viewer' ? 'viewer' as const : 'admin' as const
    return key === '' ? [] : [{ key, role }]
  })
  return { keyRequired: true, keys }
}

function tlsOf(
  admin: Table,
  at: readonly string[],
  { notes, path }: AdminMeans,
): readonly unknown[] | undefined {
  const mtls = tableOf(admin, 'admin_api_mtls')
  const cert = textOf(mtls, 'admin_ssl_cert') ?? ''
  const key = textOf(mtls, 'admin_ssl_cert_key') ?? ''
  const ca = textOf(mtls, 'admin_ssl_ca_cert') ?? ''
  if (cert === '' || key === '') {
    notes.fail([...at, 'https_admin'], 'missing ssl cert for https admin')
    return undefined
  }
  // nginx asks, finishes the handshake, and answers 400 to whoever showed nothing good.
  const clients = ca === '' ? {} : { clients: { mode: 'request', ca: path(ca), depth: 1 } }
  return [{ names: [], certificate: { cert: path(cert), key: path(key) }, ...clients }]
}
