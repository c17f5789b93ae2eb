import type { Condition } from '../../../../store/mod.ts'
import { isStoreFailure } from '../../../../store/mod.ts'
import { isIpv6 } from '../../../../wire/ip.ts'
import { HASH_KEYS, UPSTREAM } from '../../schema/upstream.ts'
import { validate } from '../../schema/validate.ts'
import {
  idOf,
  isTable,
  listOf,
  numberOf,
  type Table,
  tableOf,
  textOf,
  textsOf,
  withChanges,
} from '../../table.ts'
import { checkCertificate, checkPair } from './pair.ts'
import { type CheckContext, type Checked, isWrong, passed, type Wrong } from './types.ts'

/** Checks an upstream, by itself or within another document. */
export async function checkUpstream(conf: Table, context: CheckContext): Promise<Checked> {
  const schema = validate(UPSTREAM, conf)
  if (schema !== undefined) return { wrong: `invalid configuration: ${schema}` }
  const reference = await checkClientCertId(conf, context)
  if (isWrong(reference)) return reference
  const nodes = checkNodes(conf)
  if (nodes !== undefined) return { wrong: nodes }
  if (conf['pass_host'] === 'rewrite' && (textOf(conf, 'upstream_host') ?? '') === '') {
    return { wrong: "`upstream_host` can't be empty when `pass_host` is `rewrite`" }
  }
  const kept = await checkTls(conf, context)
  if (isWrong(kept)) return kept
  const hash = checkHash(conf)
  return hash === undefined
    ? passed(kept as Table, { conditions: reference.conditions })
    : { wrong: hash }
}

interface Reference {
  readonly conditions: readonly Condition[]
}

async function checkClientCertId(conf: Table, context: CheckContext): Promise<Reference | Wrong> {
  const id = idOf(tableOf(conf, 'tls'), 'client_cert_id')
  if (id === undefined) return { conditions: [] }
  const key = `/ssls/${id}`
  const found = await context.find(key)
  const begin = `failed to fetch ssl info by ssl id [${id}]`
  if (found !== undefined && isStoreFailure(found)) {
    return { wrong: `${begin}: ${found.message}`, status: 503 }
  }
  if (found === undefined) return { wrong: `${begin}, response code: 404` }
  const { value } = found
  if (!isTable(value) || value['type'] !== 'client') return { wrong: `${begin}, wrong ssl type` }
  return { conditions: [{ key, revision: found.modifyRevision }] }
}

/** Nodes with addresses that cannot be. */
function checkNodes(conf: Table): string | undefined {
  const { nodes } = conf
  if (Array.isArray(nodes)) {
    for (const node of listOf(conf, 'nodes').filter(isTable)) {
      const wrong = checkNode(textOf(node, 'host') ?? '', numberOf(node, 'port'))
      if (wrong !== undefined) return wrong
    }
    return undefined
  }
  for (const address of Object.keys(tableOf(conf, 'nodes') ?? {})) {
    const wrong = checkAddress(address)
    if (wrong !== undefined) return wrong
  }
  return undefined
}

function checkAddress(address: string): string | undefined {
  if (!address.startsWith('[') && address.split(':').length > 2) return UNENCLOSED
  const port = /:(\d+)$/.exec(address.replace(/^\[[^\]]*\]/, ''))?.[1]
  return checkNode('', port === undefined ? undefined : Number(port))
}

const UNENCLOSED = "invalid configuration: IPv6 address must be enclosed with '[' and ']'"

function checkNode(host: string, port: number | undefined): string | undefined {
  if (isIpv6(host)) return UNENCLOSED
  return port !== undefined && (port < 1 || port > 65_535) ? `invalid port ${port}` : undefined
}

async function checkTls(conf: Table, { ciphertext }: CheckContext): Promise<Table | Wrong> {
  const tls = tableOf(conf, 'tls')
  for (const ca of textsOf(tls, 'ca_certs')) {
    const read = await checkCertificate(ca)
    if (read !== undefined && 'wrong' in read) {
      return { wrong: `failed to parse ca cert: ${read.wrong}` }
    }
  }
  const cert = textOf(tls, 'client_cert')
  if (tls === undefined || cert === undefined) return conf
  const pair = await checkPair(cert, textOf(tls, 'client_key') ?? '', ciphertext)
  if (isWrong(pair)) return pair
  return withChanges(conf, { tls: withChanges(tls, { client_key: pair.key }) })
}

function checkHash(conf: Table): string | undefined {
  if (conf['type'] !== 'chash') return undefined
  const on = textOf(conf, 'hash_on') ?? 'vars'
  const key = conf['key']
  if (on !== 'consumer' && key === undefined) return 'missing key'
  const schema = HASH_KEYS[on]
  const wrong = schema === undefined || key === undefined ? undefined : validate(schema, key)
  return wrong === undefined ? undefined : `invalid configuration: ${wrong}`
}
