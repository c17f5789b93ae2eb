import t from 'tap'
import type { ApiDocument, EndpointDefinition } from '../../../../core/dialect/gravitee/model.ts'
import { translateUpstream } from '../../../../core/dialect/gravitee/translate/upstream.ts'

/** An API with these endpoints, whose group trusts everybody. */
function apiWith(...endpoints: readonly EndpointDefinition[]): ApiDocument {
  return {
    id: 'a',
    name: 'a',
    apiVersion: '1',
    description: '',
    type: 'PROXY',
    listeners: [],
    endpointGroups: [{
      name: 'all',
      type: 'http-proxy',
      sharedConfiguration: { ssl: { trustAll: true } },
      endpoints,
    }],
    extra: {},
    state: 'STARTED',
    lifecycleState: 'CREATED',
    visibility: 'PRIVATE',
    deployments: [],
    owner: 'admin',
    createdAt: 0,
    updatedAt: 0,
  }
}

const endpoint = (
  target: string,
  more: Partial<EndpointDefinition> = {},
): EndpointDefinition => ({ name: target, type: 'http-proxy', configuration: { target }, ...more })

t.test('targets of one kind share path and TLS', (t) => {
  const found = translateUpstream(
    apiWith(endpoint('https://a/v1/'), endpoint('https://b:8443/v1')),
    'x',
  )
  t.same(found.errors, [])
  t.equal(found.path, '/v1')
  t.match(found.upstream.tls, { verify: false })
  t.match(found.upstream.endpoints, [
    { host: 'a', port: 443, path: '', tls: undefined },
    { host: 'b', port: 8443, path: '', tls: undefined },
  ])
  t.end()
})

t.test('targets may differ in path, in https, and in the settings of their own', (t) => {
  const own = {
    inheritConfiguration: false,
    sharedConfigurationOverride: { ssl: { hostnameVerifier: false } },
  }
  const found = translateUpstream(
    apiWith(endpoint('https://a/v1'), endpoint('http://b'), endpoint('https://c/v3', own)),
    'x',
  )
  t.same(found.errors, [])
  t.equal(found.path, '')
  t.match(found.upstream.endpoints, [
    { host: 'a', path: '/v1', tls: undefined },
    { host: 'b', port: 80, path: '', tls: 'none' },
    { host: 'c', path: '/v3', tls: { verify: true, checkName: false } },
  ])
  const plainFirst = translateUpstream(apiWith(endpoint('http://b'), endpoint('https://a')), 'x')
  t.equal(plainFirst.upstream.tls, undefined)
  t.match(plainFirst.upstream.endpoints[1]?.tls, { verify: false })
  t.end()
})
