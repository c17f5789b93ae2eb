import * as z from 'zod'
import { apiSchema } from '../api-bodies.ts'
import {
  applicationSchema,
  certificateSchema,
  updateCertificateSchema,
} from '../application-bodies.ts'
import { planSchema } from '../plan-bodies.ts'

type Json = Record<string, unknown>

const ANY: z.ZodType = z.looseObject({})
const V2 = '/management/v2/environments/{environment}'
const V1 = '/management/organizations/{organization}/environments/{environment}'
const AUTOMATION = V1.replace('/management', '/automation')

/** Method, path, summary, body. */
type Row = readonly [string, string, string, z.ZodType?]

const ROWS: readonly Row[] = [
  ['get', `${V2}/apis`, 'List APIs'],
  ['post', `${V2}/apis`, 'Create an API', apiSchema],
  ['post', `${V2}/apis/_search`, 'Search APIs', ANY],
  ['post', `${V2}/apis/_verify/paths`, 'Verify that context paths are free', ANY],
  ['post', `${V2}/apis/_import/definition`, 'Import an API with its plans', ANY],
  ['post', `${V2}/apis/_import/swagger`, 'Make an API of an OpenAPI description', ANY],
  ['put', `${V2}/apis/_import/crd`, 'Write an API with its plans, as the operator does', ANY],
  ['put', `${V2}/applications/_import/crd`, 'Write an application, as the operator does', ANY],
  ['put', `${V2}/apis/{api}/subscriptions/spec/_import`, 'Write a subscription', ANY],
  ['delete', `${V2}/apis/{api}/subscriptions/spec/{id}`, 'Close a subscription'],
  ['post', `${V2}/apis/{api}/_duplicate`, 'Duplicate an API', ANY],
  ['get', `${V2}/apis/{api}`, 'Get an API'],
  ['put', `${V2}/apis/{api}`, 'Update an API', apiSchema],
  ['patch', `${V2}/apis/{api}`, 'Change some of an API', ANY],
  ['delete', `${V2}/apis/{api}`, 'Delete an API'],
  ['post', `${V2}/apis/{api}/_start`, 'Start an API'],
  ['post', `${V2}/apis/{api}/_stop`, 'Stop an API'],
  ['get', `${V2}/apis/{api}/_export/definition`, 'Export an API with its plans'],
  ['put', `${V2}/apis/{api}/_import/definition`, 'Make an API what a definition says', ANY],
  ['put', `${V2}/apis/{api}/_import/swagger`, 'Make an API what an OpenAPI description says', ANY],
  ['get', `${V2}/apis/{api}/_export/crd`, 'Export an API as a resource of the operator'],
  ['get', `${V2}/apis/{api}/subscribers`, 'List applications with subscriptions'],
  ['post', `${V2}/apis/{api}/deployments`, 'Note a deployment', ANY],
  ['get', `${V2}/apis/{api}/plans`, 'List plans'],
  ['post', `${V2}/apis/{api}/plans`, 'Create a plan', planSchema],
  ['get', `${V2}/apis/{api}/plans/{plan}`, 'Get a plan'],
  ['put', `${V2}/apis/{api}/plans/{plan}`, 'Update a plan', planSchema],
  ['patch', `${V2}/apis/{api}/plans/{plan}`, 'Change some of a plan', ANY],
  ['delete', `${V2}/apis/{api}/plans/{plan}`, 'Delete a plan'],
  ['post', `${V2}/apis/{api}/plans/{plan}/_publish`, 'Publish a plan'],
  ['post', `${V2}/apis/{api}/plans/{plan}/_deprecate`, 'Deprecate a plan'],
  ['post', `${V2}/apis/{api}/plans/{plan}/_close`, 'Close a plan'],
  ['get', `${V2}/apis/{api}/subscriptions`, 'List subscriptions'],
  ['post', `${V2}/apis/{api}/subscriptions`, 'Subscribe an application', ANY],
  ['get', `${V2}/apis/{api}/subscriptions/{subscription}`, 'Get a subscription'],
  ['put', `${V2}/apis/{api}/subscriptions/{subscription}`, 'Update a subscription', ANY],
  ['post', `${V2}/apis/{api}/subscriptions/{subscription}/_accept`, 'Accept', ANY],
  ['post', `${V2}/apis/{api}/subscriptions/{subscription}/_reject`, 'Reject', ANY],
  ['post', `${V2}/apis/{api}/subscriptions/{subscription}/_pause`, 'Pause'],
  ['post', `${V2}/apis/{api}/subscriptions/{subscription}/_resume`, 'Resume'],
  ['post', `${V2}/apis/{api}/subscriptions/{subscription}/_close`, 'Close'],
  ['post', `${V2}/apis/{api}/subscriptions/{subscription}/_transfer`, 'Transfer', ANY],
  ['post', `${V2}/apis/{api}/subscriptions/{subscription}/_restore`, 'Restore'],
  ['post', `${V2}/apis/{api}/subscriptions/_verify`, 'Verify that an API key is free', ANY],
  ['get', `${V2}/apis/{api}/subscriptions/_export`, 'Subscriptions as CSV'],
  ['get', `${V2}/apis/{api}/subscriptions/{subscription}/api-keys`, 'List API keys'],
  ['post', `${V2}/apis/{api}/subscriptions/{subscription}/api-keys/_renew`, 'Renew the API key'],
  ['put', `${V2}/apis/{api}/subscriptions/{subscription}/api-keys/{key}`, 'Expire an API key', ANY],
  ['post', `${V2}/apis/{api}/subscriptions/{subscription}/api-keys/{key}/_revoke`, 'Revoke'],
  [
    'post',
    `${V2}/apis/{api}/subscriptions/{subscription}/api-keys/{key}/_reactivate`,
    'Reactivate',
  ],
  ['get', `${V2}/apis/{api}/audits`, 'Who did what to an API'],
  ['get', `${V2}/audits`, 'Who did what'],
  ['get', `${V2}/certificates/expiring`, 'Certificates of applications that expire soon'],
  ['get', `${V2}/applications`, 'List applications'],
  ['get', `${V1}/applications`, 'List applications'],
  ['get', `${V1}/applications/_paged`, 'List applications, paged'],
  ['post', `${V1}/applications`, 'Create an application', applicationSchema],
  ['get', `${V1}/applications/{application}`, 'Get an application'],
  ['put', `${V1}/applications/{application}`, 'Update an application', applicationSchema],
  ['delete', `${V1}/applications/{application}`, 'Archive an application'],
  ['post', `${V1}/applications/{application}/_restore`, 'Restore an application'],
  ['get', `${V1}/applications/{application}/certificates`, 'List certificates'],
  ['post', `${V1}/applications/{application}/certificates`, 'Add a certificate', certificateSchema],
  [
    'post',
    `${V1}/applications/{application}/certificates/_validate`,
    'Validate a certificate',
    ANY,
  ],
  ['get', `${V1}/applications/{application}/certificates/{certificate}`, 'Get a certificate'],
  [
    'put',
    `${V1}/applications/{application}/certificates/{certificate}`,
    'Update a certificate',
    updateCertificateSchema,
  ],
  ['delete', `${V1}/applications/{application}/certificates/{certificate}`, 'Remove a certificate'],
  ['get', `${V1}/applications/{application}/subscriptions`, 'List subscriptions'],
  ['post', `${V1}/applications/{application}/subscriptions`, 'Subscribe to a plan', ANY],
  ['get', `${V1}/applications/{application}/subscriptions/{subscription}`, 'Get a subscription'],
  ['delete', `${V1}/applications/{application}/subscriptions/{subscription}`, 'Close'],
  ['get', `${V1}/applications/{application}/subscriptions/{subscription}/apikeys`, 'List API keys'],
  [
    'post',
    `${V1}/applications/{application}/subscriptions/{subscription}/apikeys/_renew`,
    'Renew the API key',
  ],
  ['get', `${V1}/apis`, 'List APIs'],
  ['get', `${V1}/apis/{api}/subscriptions`, 'List subscriptions'],
  ['post', `${V1}/apis/{api}/subscriptions`, 'Subscribe an application'],
  ['get', `${V1}/apis/{api}/subscriptions/export`, 'Subscriptions as CSV'],
  ['get', `${V1}/apis/{api}/subscriptions/_canCreate`, 'Whether an API key is free'],
  [
    'post',
    `${V1}/apis/{api}/subscriptions/{subscription}/_process`,
    'Accept or reject a subscription',
    ANY,
  ],
  ['post', `${V1}/apis/{api}/subscriptions/{subscription}/status`, 'Close, pause or resume'],
  ['get', `${V1}/audit`, 'Who did what'],
  ['put', `${AUTOMATION}/apis`, 'Write an API with its plans', ANY],
  ['get', `${AUTOMATION}/apis/{hrid}`, 'Get an API'],
  ['delete', `${AUTOMATION}/apis/{hrid}`, 'Delete an API'],
  ['put', `${AUTOMATION}/applications`, 'Write an application', ANY],
  ['get', `${AUTOMATION}/applications/{hrid}`, 'Get an application'],
  ['delete', `${AUTOMATION}/applications/{hrid}`, 'Archive an application'],
  ['put', `${AUTOMATION}/apis/{apiHrid}/subscriptions`, 'Write a subscription', ANY],
  ['get', `${AUTOMATION}/apis/{apiHrid}/subscriptions/{hrid}`, 'Get a subscription'],
  ['delete', `${AUTOMATION}/apis/{apiHrid}/subscriptions/{hrid}`, 'Close a subscription'],
]

/** The OpenAPI 3.1 document of the Management API. */
export function openApi(version: string): Json {
  const paths: Record<string, Json> = {}
  for (const [method, path, summary, body] of ROWS) {
    const place = paths[path] ??= { parameters: parametersOf(path) }
    place[method] = {
      summary,
      responses: { default: { description: 'The result, or an error' } },
      ...(body === undefined ? {} : {
        requestBody: { content: { 'application/json': { schema: schemaOf(body) } } },
      }),
    }
  }
  return {
    openapi: '3.1.0',
    info: { title: 'Management API of the gravitee dialect', version },
    security: [{ basic: [] }],
    components: { securitySchemes: { basic: { type: 'http', scheme: 'basic' } } },
    paths,
  }
}

function schemaOf(schema: z.ZodType): unknown {
  return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
}

function parametersOf(path: string): Json[] {
  return [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
}
