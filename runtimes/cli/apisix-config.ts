import { joinCrls, parseText, readConfigurationObject } from '../../core/mod.ts'
import type { Configuration, Path, Problem, RouteConfig } from '../../core/mod.ts'
import {
  convertConfig,
  type ConvertedConfig,
  isApisixConfig,
  METRICS_LISTENER,
  substitute,
} from '../../core/dialect/apisix/config/mod.ts'
import type { Json } from '../../core/store/mod.ts'
import type { Host } from './host.ts'
import type { ReadFile } from './snapshot-source.ts'

/**
 * Reads APISIX's `conf/config.yaml`.
 * @returns undefined where the text is none
 */
export async function readApisixConfig(
  host: Host,
  file: string,
  source: string,
): Promise<ReadFile | undefined> {
  const first = parseText(source, file)
  if (!isApisixConfig(first.value as Json)) return undefined
  const env = (name: string): string | undefined => host.env(name)
  const filled = substitute(source, env)
  if ('missing' in filled) {
    const message = `Read \${{${filled.missing}}}: there is no such variable of the environment`
    return refused(file, [{ severity: 'error', path: [], message, position: at(file) }])
  }
  const parsed = parseText(filled.text, file)
  if (parsed.problems.length > 0) return refused(file, parsed.problems)
  const home = homeOf(file)
  const path = (text: string): string => text.startsWith('/') ? text : `${home}${text}`
  const converted = convertConfig(parsed.value as never, { path, env })
  const own = converted.problems.map(({ severity, path: where, message }): Problem => (
    { severity, path: where, message, position: parsed.locate(where, 'key') ?? at(file) }
  ))
  if (own.some(({ severity }) => severity === 'error')) return refused(file, own)
  const read = await readConfigurationObject(converted.document, {
    file,
    files: host.files,
    env,
    joinCrls,
  })
  // Whether the Admin API may be reached from elsewhere is said by `allow_admin`.
  const theirs = read.problems.map((problem) => ({ ...problem, position: at(file) }))
  return {
    configuration: read.configuration &&
      finish(read.configuration, converted, standalone(host, file, converted)),
    problems: [...own, ...theirs],
    watched: read.watched,
    locate: (_: Path) => at(file),
  }
}

/** Paths are relative to the folder that `conf` lies in, if the file lies in one of that name. */
function homeOf(file: string): string {
  return /(?:^|\/)conf\/[^/]*$/.test(file) ? '../' : ''
}

/** Documents lie beside `config.yaml`. */
function standalone(
  host: Host,
  file: string,
  { standalone: name }: ConvertedConfig,
): string | undefined {
  return name === undefined || name === '' ? name : host.files.beside(file, name)
}

function at(file: string): Problem['position'] {
  return { file, line: 1, column: 1 }
}

function refused(file: string, problems: readonly Problem[]): ReadFile {
  return {
    configuration: undefined,
    problems: [...problems],
    watched: [file],
    locate: () => at(file),
  }
}

/** Adds what `gateway.yaml` cannot say. */
function finish(
  configuration: Configuration,
  { apisix, adminOnNodePort, hasAdmin }: ConvertedConfig,
  documents: string | undefined,
): Configuration {
  const { admin, store, routes, listeners } = configuration
  const options = admin?.dialects.apisix
  const styled = listeners.filter(({ local }) => hasAdmin || local === undefined).map((
    listener,
  ) => ({
    ...listener,
    style: 'apisix' as const,
    ...(listener.name === METRICS_LISTENER ? { local: 'metrics' } : {}),
  }))
  return {
    ...configuration,
    listeners: styled,
    routes: adminOnNodePort ? [...routes, NODE_PORT_ADMIN] : routes,
    store: documents === undefined ? store : { ...store, standalone: documents },
    admin: admin && {
      ...admin,
      dialects: {
        apisix: options && { ...options, ...apisix },
        gravitee: undefined,
        gcore: undefined,
      },
    },
  }
}

/** The Admin API at the port of clients, as before 3.0. */
const NODE_PORT_ADMIN: RouteConfig = {
  name: 'apisix-admin',
  match: {
    hosts: [],
    paths: ['/apisix/admin', '/apisix/admin/*'],
    methods: [],
    addresses: [],
    conditions: [],
    order: 'priority',
  },
  scope: '',
  priority: 1_000_000,
  upstream: '',
  local: 'apisix',
  style: 'apisix',
  requireCertificate: false,
  allow: [],
  forwardCertificate: undefined,
  filters: [],
  variables: {},
  upstreamTimes: { connect: undefined, read: undefined, send: undefined },
}
