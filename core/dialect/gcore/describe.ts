import { OpenAPIHono, z } from '@hono/zod-openapi'
import type { Endpoint } from './call.ts'

const error = z.object({
  exception_class: z.string(),
  message: z.string(),
  request_id: z.string(),
  info: z.record(z.string(), z.unknown()).optional(),
  invalid_fields: z.record(z.string(), z.array(z.string())).optional(),
}).openapi('Error')
const tasks = z.object({ tasks: z.array(z.string()) }).openapi('TaskIdList')
const results = z.object({
  count: z.number().int(),
  results: z.array(z.record(z.string(), z.unknown())),
}).openapi('List')
const item = z.record(z.string(), z.unknown())

const ANSWERS = { item, list: results, tasks, nothing: undefined } as const

/** The OpenAPI 3.1 document of some endpoints, below `/cloud`. */
export function describe(endpoints: readonly Endpoint[], version: string): object {
  const app = new OpenAPIHono()
  app.openAPIRegistry.registerComponent('securitySchemes', 'APIKey', {
    type: 'apiKey',
    in: 'header',
    name: 'Authorization',
    description: '`APIKey` and the permanent token',
  })
  for (const endpoint of endpoints) register(app, endpoint)
  return app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'Sallyport: load balancers, pools and secrets', version },
    security: [{ APIKey: [] }],
  })
}

function register(
  app: OpenAPIHono,
  { method, path, summary, body, query, answer }: Endpoint,
): void {
  const json = (schema: z.ZodType) => ({ content: { 'application/json': { schema } } })
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name)
  const schema = ANSWERS[answer]
  app.openAPIRegistry.registerPath({
    method,
    path: `/cloud${path}`,
    summary,
    request: {
      params: z.object(Object.fromEntries(names.map((name) => [name, z.string()]))),
      ...(query === undefined ? {} : {
        query: z.object(Object.fromEntries(query.map((name) => [name, z.string().optional()]))),
      }),
      ...(body === undefined ? {} : { body: json(body) }),
    },
    responses: {
      ...(schema === undefined
        ? { 204: { description: 'Done' } }
        : { 200: { description: 'Done', ...json(schema) } }),
      default: { description: 'An error', ...json(error) },
    },
  })
}
