import type { Json } from '../../../store/mod.ts'
import { listenerOf } from './listeners.ts'
import { type ConfigProblem, isTable, Section, type Table } from './notes.ts'
import { gatewayOf } from './gateway.ts'
import { noteOthers } from './others.ts'
import { usersOf } from './users.ts'

export type { ConfigProblem } from './notes.ts'

/** Whether a document is Gravitee's `gravitee.yml`, and not our own `gateway.yaml`. */
export function isGraviteeConfig(document: unknown): document is Table {
  return isTable(document) && document['listeners'] === undefined &&
    document['apisix'] === undefined && document['deployment'] === undefined &&
    (document['servers'] !== undefined || isTable(document['http']) ||
      isTable(document['ratelimit']) &&
        (isTable(document['api']) || isTable(document['management'])))
}

/** A `gravitee.yml` as a native document, and what there is to say about it. */
export interface ConvertedConfig {
  readonly document: Table
  readonly problems: readonly ConfigProblem[]
}

/**
 * Turns a gateway's `gravitee.yml` into a native document.
 * @param env looks up variables of the environment, which stand above what is written
 */
export function convertConfig(
  config: Table,
  env: (name: string) => string | undefined,
): ConvertedConfig {
  const problems: ConfigProblem[] = []
  const root = Section.root(config, { problems, env })
  const servers = root.sections('servers', ['port', 'type', 'id']).filter((server) =>
    isHttp(server)
  )
  const sections = servers.length > 0 ? servers : [root.section('http')]
  const listeners = sections.map((section, at) => listenerOf(section, at))
  const management = root.section('management').section('http')
  const address = `${management.text('host') ?? '127.0.0.1'}:${management.number('port') ?? 8083}`
  const resources = root.texts('resources')
  const files = root.text('files')
  const document = {
    listeners: listeners as unknown as Json,
    ...limitsOf(sections),
    admin: {
      address,
      dialects: {
        apisix: false,
        gcore: false,
        gravitee: {
          ...gatewayOf(root),
          users: usersOf(root),
          resources,
          ...(files === undefined ? {} : { files }),
        },
      },
    },
  }
  noteOthers(root)
  return { document, problems }
}

function isHttp(server: Section): boolean {
  const type = server.text('type') ?? 'http'
  if (type === 'http') return true
  server.warning('type', `Servers of type "${type}" are not served: http is`)
  return false
}

/** Bounds that Gravitee has for each server, and the gateway for all. */
function limitsOf(sections: readonly Section[]): { readonly limits?: Json } {
  const [section, ...others] = sections as [Section, ...Section[]]
  for (const name of ['maxHeaderSize', 'maxInitialLineLength', 'idleTimeout']) {
    for (const other of others) {
      const own = other.number(name)
      if (own === undefined || own === section.number(name)) continue
      other.warning(name, `The ${name} of the first server counts for all: this one has no effect`)
    }
  }
  const headSize = section.number('maxHeaderSize')
  const targetSize = section.number('maxInitialLineLength')
  const idle = section.number('idleTimeout')
  const limits = {
    ...(headSize === undefined ? {} : { headSize: Math.max(headSize, 1024) }),
    ...(targetSize === undefined ? {} : { targetSize: Math.max(targetSize, 64) }),
    ...(idle === undefined || idle === 0 ? {} : { idleTimeout: `${idle}s` }),
  }
  return Object.keys(limits).length === 0 ? {} : { limits }
}
