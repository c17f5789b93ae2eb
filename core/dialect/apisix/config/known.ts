import { isTable, type Table } from '../table.ts'

/** A key that is read; below `true` all is. */
interface Known {
  readonly [key: string]: Known | true
}

const ADMIN: Known = {
  admin_key_required: true,
  admin_key: true,
  allow_admin: true,
  admin_listen: true,
  https_admin: true,
  admin_api_mtls: true,
  enable_admin_cors: true,
  admin_api_version: true,
}
const ETCD: Known = {
  host: true,
  prefix: true,
  timeout: true,
  user: true,
  password: true,
  tls: { cert: true, key: true, verify: true, sni: true },
}

/** What of `conf/config.yaml` is read, in the keys of APISIX 3 and 2. */
const KNOWN: Known = {
  apisix: {
    ...ADMIN,
    port_admin: true,
    enable_admin: true,
    config_center: true,
    node_listen: true,
    enable_http2: true,
    enable_server_tokens: true,
    data_encryption: true,
    router: true,
    trusted_addresses: true,
    show_upstream_status_in_response_header: true,
    ssl: {
      enable: true,
      enable_http2: true,
      listen: true,
      listen_port: true,
      ssl_protocols: true,
      ssl_trusted_certificate: true,
      fallback_sni: true,
      key_encrypt_salt: true,
      // Sessions are taken up again, by tickets that are bound to their name and its policy.
      ssl_session_tickets: true,
    },
  },
  deployment: {
    role: true,
    role_traditional: true,
    role_control_plane: true,
    role_data_plane: true,
    admin: ADMIN,
    etcd: ETCD,
    config_provider: true,
  },
  etcd: ETCD,
  nginx_config: { worker_processes: true, error_log_level: true, error_log: true },
  plugin_attr: {
    redirect: { https_port: true },
    prometheus: { export_addr: true, enable_export_server: true },
  },
  sallyport: {
    verify_upstreams: true,
    admin_on_node_port: true,
    folder: true,
    access_log: true,
  },
}

/** Keys of a configuration that nothing is made of, each as a path; of a whole unknown part, its first key alone. */
export function unknownKeys(config: Table): readonly (readonly string[])[] {
  return unknownBelow(config, KNOWN, [])
}

function unknownBelow(
  table: Table,
  known: Known,
  path: readonly string[],
): (readonly string[])[] {
  return Object.entries(table).flatMap(([key, value]) => {
    const inner = Object.hasOwn(known, key) ? known[key] : undefined
    if (inner === true) return []
    const here = [...path, key]
    if (inner === undefined) return [here]
    return isTable(value) ? unknownBelow(value, inner, here) : []
  })
}
