import type { Json } from '../../../store/types.ts'
import { type Table, tableOf, textOf } from '../table.ts'
import type { AdminMeans } from './admin.ts'

/** Where documents come from. */
export interface ConvertedStore {
  /** `store` of `gateway.yaml`. */
  readonly written: Readonly<Record<string, unknown>>
  /** See ConvertedConfig. */
  readonly standalone: string | undefined
  readonly prefix: string
  /** Whether there is an Admin API at all. */
  readonly hasAdmin: boolean
}

const ROLES: Readonly<Record<string, string>> = {
  traditional: 'traditional',
  control_plane: 'control-plane',
  data_plane: 'data-plane',
}

/** What `deployment` says of roles and of etcd, or the keys of 2.x. */
export function convertStore(config: Table, means: AdminMeans): ConvertedStore {
  const deployment = tableOf(config, 'deployment')
  const role = textOf(deployment, 'role') ?? 'traditional'
  const own = ROLES[role]
  if (own === undefined) {
    means.notes.fail(['deployment', 'role'], `Take the role "${role}": expected one of APISIX's`)
  }
  const provider = textOf(tableOf(deployment, `role_${role}`), 'config_provider') ??
    textOf(deployment, 'config_provider') ??
    textOf(tableOf(config, 'apisix'), 'config_center') ?? 'etcd'
  const folder = textOf(tableOf(config, 'sallyport'), 'folder') ?? means.path('data')
  const etcd = tableOf(deployment, 'etcd') ?? tableOf(config, 'etcd')
  const isFile = provider === 'yaml' || provider === 'json'
  // Only who has traffic alone reads a file; else documents come through the Admin API in one piece.
  const isOldFile = tableOf(config, 'apisix')?.['enable_admin'] === false && isFile
  const reads = isFile && (own === 'data-plane' || isOldFile)
  const prefix = `/${(textOf(etcd, 'prefix') ?? '/apisix').replace(/^\/+|\/+$/g, '')}`
  return {
    prefix,
    hasAdmin: own !== 'data-plane' && tableOf(config, 'apisix')?.['enable_admin'] !== false,
    standalone: reads ? `apisix.${provider}` : isFile ? '' : undefined,
    written: {
      folder,
      role: isFile ? 'traditional' : own ?? 'traditional',
      ...(etcd === undefined || isFile ? {} : { etcd: etcdOf(config, etcd, prefix, means) }),
    },
  }
}

function etcdOf(
  config: Table,
  etcd: Table,
  prefix: string,
  { path }: AdminMeans,
): Readonly<Record<string, unknown>> {
  const tls = tableOf(etcd, 'tls')
  const endpoints = endpointsOf(etcd['host'], tls !== undefined)
  const isSecure = endpoints.some((each) => each.startsWith('https:'))
  const trusted = textOf(tableOf(tableOf(config, 'apisix'), 'ssl'), 'ssl_trusted_certificate')
  const text = (table: Table | undefined, name: string): Record<string, string> => {
    const value = textOf(table, name)
    return value === undefined || value === '' ? {} : { [name]: value }
  }
  const file = (name: string): Record<string, string> => {
    const value = textOf(tls, name)
    return value === undefined || value === '' ? {} : { [name]: path(value) }
  }
  return {
    endpoints,
    prefix,
    ...text(etcd, 'user'),
    ...text(etcd, 'password'),
    ...(isSecure
      ? {
        tls: {
          ...(trusted === undefined || trusted === 'system' ? {} : { ca: path(trusted) }),
          ...file('cert'),
          ...file('key'),
          verify: tls?.['verify'] !== false,
          ...text(tls, 'sni'),
        },
      }
      : {}),
  }
}

function endpointsOf(host: Json | undefined, secure: boolean): readonly string[] {
  const all = Array.isArray(host) ? host as readonly Json[] : host === undefined ? [] : [host]
  const texts = all.filter((each): each is string => typeof each === 'string')
  return texts.length > 0 ? texts : [`${secure ? 'https' : 'http'}://127.0.0.1:2379`]
}
