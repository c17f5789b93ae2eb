import type { Json } from '../../../store/types.ts'
import { isTable, type Table, tableOf, textOf } from '../table.ts'
import { type AdminMeans, adminSection, convertAdmin } from './admin.ts'
import { unknownKeys } from './known.ts'
import { convertListeners } from './listeners.ts'
import { convertStore } from './store.ts'
import { ConfigNotes, type ConvertedConfig } from './types.ts'

export { METRICS_LISTENER } from './listeners.ts'
export { replaceDocuments } from './replace.ts'
export { readStandalone, type StandaloneFile } from './standalone.ts'
export { substitute } from './substitute.ts'
export type { ConfigProblem, ConvertedConfig } from './types.ts'

/** Whether a document is APISIX's `config.yaml`, and not our own `gateway.yaml`. */
export function isApisixConfig(document: Json): document is Table {
  return isTable(document) && document['listeners'] === undefined &&
    ['apisix', 'deployment', 'nginx_config', 'plugin_attr', 'etcd'].some((key) =>
      document[key] !== undefined
    )
}

/**
 * Turns APISIX's `config.yaml`, in the keys of 3.x or 2.x, into a native document.
 * @param means `path` makes a path of APISIX's relative to where the file lies; `env` looks up variables
 */
export function convertConfig(
  config: Table,
  means: Omit<AdminMeans, 'notes'>,
): ConvertedConfig {
  const notes = new ConfigNotes()
  const own = { ...means, notes }
  for (const path of unknownKeys(config)) {
    notes.warn(path, `Nothing is made of "${path.join('.')}": this gateway has no such setting`)
  }
  const store = convertStore(config, own)
  const { listeners, ...tls } = convertListeners(config, notes)
  // Nobody need be told of an Admin API that is not there.
  const admin = convertAdmin(config, store.hasAdmin ? own : { ...own, notes: new ConfigNotes() })
  const verifyUpstreams = verifies(config, notes)
  const { isOld } = adminSection(config)
  const apisix = tableOf(config, 'apisix')
  const workers = tableOf(config, 'nginx_config')?.['worker_processes']
  const accessLog = textOf(tableOf(config, 'sallyport'), 'access_log')
  return {
    problems: notes.problems,
    hasAdmin: store.hasAdmin,
    adminOnNodePort: admin.onNodePort && store.hasAdmin,
    standalone: store.standalone,
    apisix: {
      ...admin.apisix,
      ...tls,
      verifyUpstreams,
      prefix: store.prefix,
      keyring: keyringOf(apisix),
      router: routerOf(apisix, { isOld, notes }),
      tellStatus: apisix?.['show_upstream_status_in_response_header'] === true,
      serverTokens: apisix?.['enable_server_tokens'] !== false,
      standalone: store.standalone !== undefined,
    },
    document: {
      listeners,
      admin: admin.written,
      store: store.written,
      ...(typeof workers === 'number' ? { workers } : {}),
      ...(accessLog === undefined ? {} : { accessLog: { to: accessLog } }),
    },
  }
}

/** APISIX does not verify upstreams. Whoever runs its configuration gets that, is told so, and can switch it. */
function verifies(config: Table, notes: ConfigNotes): boolean {
  const wished = tableOf(config, 'sallyport')?.['verify_upstreams']
  if (typeof wished === 'boolean') {
    if (!wished) {
      notes.warn(['sallyport', 'verify_upstreams'], 'Upstreams over TLS are not verified')
    }
    return wished
  }
  notes.warn(
    [],
    'Upstreams over TLS are not verified unless their documents say so, as in APISIX: ' +
      'sallyport.verify_upstreams: true verifies them',
  )
  return false
}

const ROUTERS = ['radixtree_host_uri', 'radixtree_uri', 'radixtree_uri_with_parameter'] as const

/** `router.http`, whose default changed with version 3. */
function routerOf(
  apisix: Table | undefined,
  { isOld, notes }: { readonly isOld: boolean; readonly notes: ConfigNotes },
): typeof ROUTERS[number] {
  const written = textOf(tableOf(apisix, 'router'), 'http')
  const known = ROUTERS.find((each) => each === written)
  if (written !== undefined && known === undefined) {
    notes.fail(['apisix', 'router', 'http'], `Route by "${written}": expected one of APISIX's`)
  }
  return known ?? (isOld ? 'radixtree_uri' : 'radixtree_host_uri')
}

/** `data_encryption.keyring`, or `ssl.key_encrypt_salt` of 2.x: a text or a list. */
function keyringOf(apisix: Table | undefined): readonly string[] {
  const written = tableOf(apisix, 'data_encryption')?.['keyring'] ??
    tableOf(apisix, 'ssl')?.['key_encrypt_salt'] ?? []
  const all = Array.isArray(written) ? written as readonly Json[] : [written]
  return all.filter((each): each is string => typeof each === 'string')
}
