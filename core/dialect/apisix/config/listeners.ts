import type { Json } from '../../../store/types.ts'
import { isTable, type Table, tableOf, textOf, textsOf } from '../table.ts'
import type { ConfigNotes } from './types.ts'

/** A listener as `gateway.yaml` has it. */
export interface WrittenListener {
  readonly name: string
  readonly address: string
  readonly tls?: readonly never[]
  readonly trustedProxies?: { readonly cidrs: readonly string[] }
}

/** The listeners for clients, and what concerns TLS at all of them. */
export interface ConvertedListeners {
  readonly listeners: readonly WrittenListener[]
  readonly http2: boolean
  readonly protocols: readonly string[]
  readonly fallbackSni: string
  /** The first port of TLS. */
  readonly httpsPort: number
}

/** What `apisix.node_listen` and `apisix.ssl` ask for. */
export function convertListeners(config: Table, notes: ConfigNotes): ConvertedListeners {
  const apisix = tableOf(config, 'apisix')
  const ssl = tableOf(apisix, 'ssl')
  const plain = addressesOf(apisix?.['node_listen'] ?? 9080, ['apisix', 'node_listen'], notes)
  const secure = ssl?.['enable'] === false ? [] : sslAddresses(ssl, notes)
  const protocols = textOf(ssl, 'ssl_protocols') ?? ''
  const trusted = trustedOf(apisix)
  return {
    listeners: [
      ...plain.map((address, at) => ({ name: `http-${at + 1}`, address, ...trusted })),
      ...secure.map((address, at) => ({ name: `https-${at + 1}`, address, tls: [], ...trusted })),
      ...exportAddress(config, notes).map((address) => ({ name: METRICS_LISTENER, address })),
    ],
    http2: apisix?.['enable_http2'] !== false && ssl?.['enable_http2'] !== false,
    protocols: protocols.split(/\s+/).filter((each) => each !== ''),
    fallbackSni: textOf(ssl, 'fallback_sni') ?? '',
    httpsPort: httpsPortOf(config, secure),
  }
}

/** The name of the listener that shows metrics alone. */
export const METRICS_LISTENER = 'prometheus'

/** `plugin_attr.prometheus.export_addr`; not said: metrics are at the admin listener alone. */
function exportAddress(config: Table, notes: ConfigNotes): readonly string[] {
  const prometheus = tableOf(tableOf(config, 'plugin_attr'), 'prometheus')
  const address = tableOf(prometheus, 'export_addr')
  if (address === undefined || prometheus?.['enable_export_server'] === false) return []
  const listen = { ip: textOf(address, 'ip') ?? '127.0.0.1', port: address['port'] ?? 9091 }
  return addressesOf([listen], ['plugin_attr', 'prometheus', 'export_addr'], notes)
}

/** `trusted_addresses`: the proxies whose `X-Forwarded-…` go on. A single address is a range of itself. */
function trustedOf(apisix: Table | undefined): Pick<WrittenListener, 'trustedProxies'> {
  const cidrs = textsOf(apisix, 'trusted_addresses').map((each) =>
    each.includes('/') ? each : `${each}/${each.includes(':') ? 128 : 32}`
  )
  return cidrs.length === 0 ? {} : { trustedProxies: { cidrs } }
}

function sslAddresses(ssl: Table | undefined, notes: ConfigNotes): readonly string[] {
  const listen = ssl?.['listen'] ?? ssl?.['listen_port'] ?? 9443
  const path = ['apisix', 'ssl', ssl?.['listen'] === undefined ? 'listen_port' : 'listen']
  return addressesOf(listen, path, notes)
}

/** `9080`, `[9080]` or `[{ ip, port }]`; a port twice, as for QUIC, counts once. */
function addressesOf(listen: Json, path: readonly string[], notes: ConfigNotes): readonly string[] {
  const all = Array.isArray(listen) ? listen as readonly Json[] : [listen]
  const addresses = all.flatMap((each) => {
    const port = portOf(isTable(each) ? each['port'] : each)
    if (port === undefined) {
      notes.fail(path, `Listen on ${JSON.stringify(each)}: expected a port`)
      return []
    }
    if (isTable(each) && each['enable_http3'] === true) {
      notes.warn(path, `Listen on ${port}: HTTP/3 is not spoken by this gateway`)
    }
    const ip = isTable(each) ? textOf(each, 'ip') ?? '0.0.0.0' : '0.0.0.0'
    return [addressText(ip, port)]
  })
  return addresses.filter((each, at) => each.endsWith(':0') || addresses.indexOf(each) === at)
}

/** A port, as number or text, since a variable of the environment may stand in quotes. */
export function portOf(value: Json | undefined): number | undefined {
  const port = typeof value === 'string' && value !== '' ? Number(value) : value
  return typeof port === 'number' && Number.isInteger(port) && port >= 0 && port <= 65_535
    ? port
    : undefined
}

/** An address as `gateway.yaml` has it. */
export function addressText(ip: string, port: number): string {
  return ip.includes(':') && !ip.startsWith('[') ? `[${ip}]:${port}` : `${ip}:${port}`
}

/** `plugin_attr.redirect.https_port`, else the first port of TLS. */
function httpsPortOf(config: Table, secure: readonly string[]): number {
  const redirect = tableOf(tableOf(config, 'plugin_attr'), 'redirect')
  return portOf(redirect?.['https_port']) ?? portOf(secure[0]?.split(':').at(-1)) ?? 443
}
