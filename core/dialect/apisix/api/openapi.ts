import type { Json } from '../../../store/mod.ts'
import { type Kind, KINDS } from './kinds.ts'

const ID = { name: 'id', in: 'path', required: true, schema: { type: 'string' } }
const ERROR = {
  description: 'refused',
  content: {
    'application/json': {
      schema: { type: 'object', properties: { error_msg: { type: 'string' } } },
    },
  },
}

/** The OpenAPI document of the API, made of the schemas that documents are checked by. */
export function openApi(version: string): Json {
  const paths: Record<string, Json> = {}
  for (const kind of KINDS) Object.assign(paths, pathsOf(kind))
  const schemas = Object.fromEntries(KINDS.map(({ name, schema }) => [name, schema as Json]))
  return {
    openapi: '3.1.0',
    info: { title: 'APISIX Admin API of Sallyport', version },
    servers: [{ url: '/apisix/admin' }],
    security: [{ key: [] }],
    paths,
    components: {
      schemas,
      securitySchemes: { key: { type: 'apiKey', in: 'header', name: 'X-API-KEY' } },
    },
  }
}

function pathsOf(kind: Kind): Record<string, Json> {
  const collection = kind.name === 'credentials'
    ? '/consumers/{consumer}/credentials'
    : `/${kind.name}`
  const offered = (method: string): boolean => !kind.without.includes(method)
  const all = (method: string, path: string): Json => operation(kind, method, path)
  return {
    [collection]: {
      get: all('GET', collection),
      put: all('PUT', collection),
      ...(offered('POST') ? { post: all('POST', collection) } : {}),
    },
    [`${collection}/{id}`]: {
      get: all('GET', `${collection}/{id}`),
      put: all('PUT', `${collection}/{id}`),
      ...(offered('PATCH') ? { patch: all('PATCH', `${collection}/{id}`) } : {}),
      delete: all('DELETE', `${collection}/{id}`),
    },
  }
}

function operation({ name, word }: Kind, method: string, path: string): Json {
  const schema = { $ref: `#/components/schemas/${name}` }
  const writes = method === 'PUT' || method === 'POST'
  const consumer = { ...ID, name: 'consumer' }
  const parameters = [
    ...(path.includes('{consumer}') ? [consumer] : []),
    ...(path.includes('{id}') ? [ID] : []),
  ]
  const body = writes ? schema : { type: 'object' }
  return {
    summary: `${method} ${word}`,
    tags: [name],
    parameters,
    ...(writes || method === 'PATCH'
      ? { requestBody: { content: { 'application/json': { schema: body } } } }
      : {}),
    responses: { '200': { description: 'done' }, '400': ERROR, '401': ERROR, '404': ERROR },
  }
}
