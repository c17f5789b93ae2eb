/**
 * A client as api7's `adc` is one of the Admin API: what it reads and writes, in its order, ten at once, over mutual TLS.
 * (The tool itself is in no registry.)
 */
import { createHash } from 'node:crypto'
import { Agent, request } from 'node:https'
import { isDeepStrictEqual } from 'node:util'
import type { KeyPairFiles } from '../../support/pki.ts'

type Table = Record<string, unknown>

/** A configuration as ADC's files have it. */
export interface AdcConfiguration {
  readonly services?: readonly Table[]
  readonly ssls?: readonly Table[]
  readonly consumers?: readonly Table[]
  readonly global_rules?: Readonly<Record<string, Table>>
}

/** One document that is to be written, or deleted. */
interface Event {
  readonly path: string
  readonly document?: Table
}

interface Answer {
  readonly status: number
  readonly server: string
  readonly body: Table
}

const CONCURRENT = 10
/** The order in which ADC writes kinds. */
const ORDER = ['ssls', 'upstreams', 'services', 'routes', 'consumers', 'global_rules']
const READ = [
  ...['services', 'routes', 'upstreams', 'ssls', 'consumers', 'plugin_configs', 'global_rules'],
  ...['plugin_metadata', 'stream_routes'],
]

/** What ADC makes an id of. */
export function adcId(name: string): string {
  return createHash('sha1').update(name).digest('hex')
}

/** Speaks to one gateway's Admin API. */
export class Adc {
  readonly #agent: Agent
  readonly #port: number
  readonly #key: string

  constructor(port: number, key: string, ca: string, client: KeyPairFiles) {
    this.#port = port
    this.#key = key
    const tls = { ca, cert: client.chain, key: client.key }
    this.#agent = new Agent({ keepAlive: true, keepAliveMsecs: 60_000, ...tls })
  }

  /** `adc ping`. @returns the version that the server tells */
  async ping(): Promise<string | undefined> {
    const { status, server } = await this.#ask('GET', '/routes')
    if (status !== 200) throw new Error(`ping: ${status}`)
    return /APISIX\/(.*)/.exec(server)?.[1]
  }

  /** `adc dump`: the documents that there are, by their paths. */
  async dump(): Promise<ReadonlyMap<string, Table>> {
    const found = new Map<string, Table>()
    await Promise.all(READ.map(async (kind) => {
      const { status, body } = await this.#ask('GET', `/${kind}`)
      if (status !== 200 && kind !== 'stream_routes') throw new Error(`GET ${kind}: ${status}`)
      const list = (body['list'] ?? []) as { readonly key: string; readonly value: Table }[]
      for (const { key, value } of list) {
        found.set(key.replace('/apisix', ''), value)
        if (kind === 'ssls') pairsOf(value)
        if (kind === 'consumers') await this.#credentials(String(value['username']))
      }
    }))
    return found
  }

  /** What a sync would do: `adc diff`. */
  async diff(wanted: AdcConfiguration): Promise<readonly Event[]> {
    const there = await this.dump()
    const documents = documentsOf(wanted)
    const events: Event[] = []
    for (const [path, document] of documents) {
      const old = there.get(path)
      if (old === undefined || !isDeepStrictEqual(compared(document), compared(old))) {
        events.push({ path, document })
      }
    }
    const gone = [...there.keys()].filter((path) => !documents.has(path))
    return [...events, ...gone.map((path) => ({ path }))]
  }

  /** `adc sync`. @returns how many documents it wrote or deleted */
  async sync(wanted: AdcConfiguration): Promise<number> {
    const events = await this.diff(wanted)
    const rank = ({ path }: Event): number => ORDER.indexOf(path.split('/')[1] ?? '')
    const written = events.filter(({ document }) => document !== undefined)
    const deleted = events.filter(({ document }) => document === undefined)
    const deletion = ['routes', 'services', 'upstreams', 'consumers', 'ssls', 'global_rules']
    for (const kind of deletion) await this.#all(deleted.filter((each) => isOf(each, kind)))
    for (const kind of ORDER) {
      await this.#all(written.filter((each) => ORDER[rank(each)] === kind))
    }
    return events.length
  }

  /** `adc validate`. @returns all that is wrong */
  async validate(wanted: AdcConfiguration): Promise<readonly Table[]> {
    const body: Record<string, Table[]> = { stream_routes: [], plugin_metadata: [] }
    for (const kind of ORDER) body[kind] = []
    for (const [path, document] of documentsOf(wanted)) {
      const [, kind = '', id = ''] = path.split('/')
      body[kind]?.push(kind === 'consumers' ? document : { id, ...document })
    }
    const answer = await this.#ask('POST', '/configs/validate', body)
    return answer.status === 200 ? [] : answer.body['errors'] as Table[]
  }

  close(): void {
    this.#agent.destroy()
  }

  async #all(events: readonly Event[]): Promise<void> {
    const left = [...events]
    const worker = async (): Promise<void> => {
      for (let event = left.shift(); event !== undefined; event = left.shift()) {
        const { path, document } = event
        const { status, body } = document === undefined
          ? await this.#ask('DELETE', path)
          : await this.#ask('PUT', path, document)
        if (status > 201) throw new Error(`${path}: ${status} ${JSON.stringify(body)}`)
      }
    }
    await Promise.all(Array.from({ length: CONCURRENT }, worker))
  }

  async #credentials(username: string): Promise<void> {
    const { status } = await this.#ask('GET', `/consumers/${username}/credentials`)
    if (status !== 200 && status !== 404) throw new Error(`credentials: ${status}`)
  }

  #ask(method: string, path: string, document?: unknown): Promise<Answer> {
    const headers = { 'Content-Type': 'application/json', 'X-API-KEY': this.#key }
    const target = { host: 'localhost', port: this.#port, path: `/apisix/admin${path}` }
    return new Promise((done, fail) => {
      const sent = request({ ...target, method, headers, agent: this.#agent }, (response) => {
        let text = ''
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
        response.on('error', fail)
        response.on('end', () => {
          const { statusCode: status = 0, headers } = response
          const server = headers['server'] as string | undefined ?? ''
          done({ status, server, body: text === '' ? {} : JSON.parse(text) as Table })
        })
      })
      sent.on('error', fail).end(document === undefined ? undefined : JSON.stringify(document))
    })
  }
}

function isOf({ path }: Event, kind: string): boolean {
  return path.startsWith(`/${kind}/`)
}

/** A configuration as the documents that ADC makes of it. */
function documentsOf(wanted: AdcConfiguration): ReadonlyMap<string, Table> {
  const documents = new Map<string, Table>()
  const labels = { 'managed-by': 'adc' }
  for (const { routes, upstream, ...service } of wanted.services ?? []) {
    const id = adcId(String(service['name']))
    documents.set(`/upstreams/${id}`, { ...upstream as Table, labels })
    documents.set(`/services/${id}`, { ...service, labels, upstream_id: id })
    for (const route of routes as readonly Table[]) {
      const routeId = adcId(`${String(service['name'])}.${String(route['name'])}`)
      documents.set(`/routes/${routeId}`, { ...route, labels, status: 1, service_id: id })
    }
  }
  for (const { certificates, ...ssl } of wanted.ssls ?? []) {
    const [first, ...more] = certificates as {
      readonly certificate: string
      readonly key: string
    }[]
    const id = adcId((ssl['snis'] as readonly string[]).join(','))
    documents.set(`/ssls/${id}`, {
      ...ssl,
      ...{ labels, status: 1, cert: first?.certificate, key: first?.key },
      ...(more.length === 0 ? {} : {
        certs: more.map(({ certificate }) => certificate),
        keys: more.map(({ key }) => key),
      }),
    })
  }
  for (const consumer of wanted.consumers ?? []) {
    documents.set(`/consumers/${String(consumer['username'])}`, { ...consumer, labels })
  }
  for (const [plugin, configuration] of Object.entries(wanted.global_rules ?? {})) {
    documents.set(`/global_rules/${plugin}`, { plugins: { [plugin]: configuration } })
  }
  return documents
}

/** What ADC compares of a document. */
function compared(document: Table): Table {
  const { id: _id, create_time: _made, update_time: _changed, key, keys: _keys, ...rest } = document
  if (rest['cert'] === undefined && key !== undefined) rest['key'] = key
  return rest
}

/** The pairs of an ssl, read as ADC reads them: it does not ask whether there are `keys`. */
function pairsOf(ssl: Table): readonly unknown[] {
  const certs = (ssl['certs'] ?? []) as readonly string[]
  return certs.map((cert, at) => [cert, (ssl['keys'] as readonly string[])[at]])
}
