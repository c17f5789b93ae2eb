import { parseText } from '../../snapshot/mod.ts'
import { type ApiBody, apiSchema } from './api-bodies.ts'
import { check } from './bodies.ts'
import { bad, type Fault } from './faults.ts'
import { type PlanBody, planSchema } from './plan-bodies.ts'

type Table = Readonly<Record<string, unknown>>

/** The most addresses that the variables of a description's servers may make. */
const MOST_SERVERS = 100

/** What a description of an API asks for. */
export interface Described {
  readonly api: ApiBody
  readonly plans: readonly PlanBody[]
}

/**
 * Reads an OpenAPI 3 or Swagger 2 description, JSON or YAML, as Gravitee does: its servers become endpoints, the path of
 * the first one the context path, or else the title. Throws Fault.
 */
export function readDescription(payload: string | undefined, withFlows: boolean): Described {
  if (payload === undefined || payload.trim() === '') throw invalid('Payload cannot be null')
  const { value } = parseText(payload, 'payload')
  if (!isTable(value) || (value['openapi'] === undefined && value['swagger'] === undefined)) {
    throw invalid('The API specification is not valid')
  }
  const info = value['info']
  if (!isTable(info)) throw invalid('The API specification must contain an info section')
  const extension = value['x-graviteeio-definition']
  const definition: Table = isTable(extension) ? extension : {}
  const title = text(info['title']) ?? ''
  const urls = serversOf(value)
  const api = {
    name: title,
    description: text(info['description']) ?? `Description of ${title}`,
    definitionVersion: 'V4',
    apiVersion: text(info['version']),
    type: 'PROXY',
    listeners: [{
      type: 'HTTP',
      paths: pathsOf(definition, { title, server: urls[0] }),
      entrypoints: [{ type: 'http-proxy' }],
    }],
    endpointGroups: [{
      name: 'default-group',
      type: 'http-proxy',
      sharedConfiguration: {},
      endpoints: endpointsOf(urls),
    }],
    ...(withFlows ? { flows: flowsOf(value['paths']) } : {}),
    ...ownOf(definition),
  }
  return { api: check(api, apiSchema), plans: plansOf(definition['plans']) }
}

function invalid(message: string): Fault {
  return bad('swagger.invalid', message)
}

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const text = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== ''
    ? value
    : typeof value === 'number'
    ? String(value)
    : undefined

const list = (value: unknown): readonly unknown[] => Array.isArray(value) ? value : []

/** Addresses of servers, one for each value that their variables may have. */
function serversOf(description: Table): string[] {
  if (description['swagger'] !== undefined) return swaggerServers(description)
  return list(description['servers']).filter(isTable).flatMap((server) => {
    const variables = isTable(server['variables']) ? Object.entries(server['variables']) : []
    let urls = [text(server['url']) ?? '/']
    for (const [name, variable] of variables) {
      const { enum: values, default: usual } = isTable(variable) ? variable : {} as Table
      const all = list(values).length > 0 ? list(values) : usual === undefined ? [] : [usual]
      urls = urls.flatMap((url) =>
        url.includes(`{${name}}`)
          ? all.map((each) => url.replaceAll(`{${name}}`, String(each)))
          : [url]
      ).slice(0, MOST_SERVERS)
    }
    return urls
  }).slice(0, MOST_SERVERS)
}

function swaggerServers({ host, basePath, schemes }: Table): string[] {
  if (text(host) === undefined) return []
  const all = list(schemes).length > 0 ? list(schemes) : ['https']
  return all.map((scheme) => `${String(scheme)}://${String(host)}${text(basePath) ?? ''}`)
}

function pathsOf(
  definition: Table,
  { title, server }: { readonly title: string; readonly server: string | undefined },
): unknown[] {
  const hosts = list(definition['virtualHosts']).filter(isTable)
  if (hosts.length > 0) {
    return hosts.map(({ host, path, overrideEntrypoint }) => ({
      host,
      path,
      overrideAccess: overrideEntrypoint === true,
    }))
  }
  const path = server?.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '').replace(/[?#].*$/, '') ?? ''
  return [{ path: path === '' || path === '/' ? title.replace(/\s+/g, '').toLowerCase() : path }]
}

function endpointsOf(urls: readonly string[]): unknown[] {
  return urls.map((target, at) => ({
    name: urls.length === 1 ? 'default' : `server${at + 1}`,
    type: 'http-proxy',
    weight: 1,
    inheritConfiguration: true,
    configuration: { target },
  }))
}

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch', 'trace']

function flowsOf(paths: unknown): unknown[] {
  if (!isTable(paths)) return []
  return Object.entries(paths).flatMap(([path, item]) =>
    METHODS.filter((method) => isTable(item) && isTable(item[method])).map((method) => ({
      name: '',
      enabled: true,
      selectors: [
        { type: 'CONDITION', condition: '' },
        {
          type: 'HTTP',
          path: path.replace(/\{([^/}]+)\}/g, ':$1'),
          pathOperator: 'EQUALS',
          methods: [method.toUpperCase()],
        },
      ],
      request: [],
      response: [],
    }))
  )
}

/** What Gravitee's own part of a description says of an API. */
function ownOf({ visibility, labels, tags, properties }: Table): Table {
  return {
    ...(text(visibility) === undefined ? {} : { visibility: String(visibility).toUpperCase() }),
    ...(Array.isArray(labels) ? { labels } : {}),
    ...(Array.isArray(tags) ? { tags } : {}),
    ...(Array.isArray(properties) ? { properties } : {}),
  }
}

function plansOf(plans: unknown): PlanBody[] {
  return list(plans).filter(isTable).map(({ name, type }) =>
    check<PlanBody>({ name, security: { type }, validation: 'AUTO' }, planSchema)
  )
}
