import t from 'tap'
import { convertConfig } from '../../../../core/dialect/gravitee/config/mod.ts'

// deno-lint-ignore no-explicit-any
function convert(config: any, env: Record<string, string> = {}): any {
  const { document, problems } = convertConfig(config, (name) => env[name])
  return {
    ...document,
    problems: problems.map(({ path, message }) => `${path.join('.')}: ${message}`),
  }
}

const keystore = { type: 'pem', certificates: [{ cert: 'a.crt', key: 'a.key' }] }

t.test('clientAuth in all its words', (t) => {
  const modeOf = (clientAuth: unknown, env = {}): unknown => {
    const http = { secured: true, ssl: { clientAuth, keystore } }
    return convert({ http }, env).listeners[0].tls[0].clients?.mode
  }
  t.equal(modeOf('request'), 'request')
  t.equal(modeOf('REQUIRED'), 'require')
  t.equal(modeOf('none'), undefined)
  t.equal(modeOf(undefined), undefined)
  t.equal(modeOf(true), 'require')
  t.equal(modeOf('true'), 'require')
  t.equal(modeOf(false), undefined)
  t.equal(modeOf('none', { gravitee_http_ssl_clientAuth: 'request' }), 'request')
  t.equal(modeOf('none', { GRAVITEE_HTTP_SSL_CLIENTAUTH: 'required' }), 'require')
  const { problems } = convert({ http: { secured: true, ssl: { clientAuth: 'maybe', keystore } } })
  t.same(problems, [
    'http.ssl.clientAuth: Could not use "maybe": none, request or required is expected',
  ])
  t.end()
})

t.test('several servers, each with its own', (t) => {
  const { listeners, problems } = convert({
    servers: [
      { id: 'secure', type: 'http', port: 8443, secured: true, ssl: { keystore } },
      { id: 'plain', port: 8082, host: '127.0.0.1' },
      { id: 'queue', type: 'kafka' },
    ],
  }, { gravitee_servers_1_port: '9999' })
  t.match(listeners, [
    { name: 'secure', address: '0.0.0.0:8443', tls: [{ certificate: { cert: 'a.crt' } }] },
    { name: 'plain', address: '127.0.0.1:9999' },
  ])
  t.equal(listeners.length, 2)
  t.same(problems, ['servers.2.type: Servers of type "kafka" are not served: http is'])
  t.end()
})

t.test('defaults, protocols, bounds', (t) => {
  const { listeners, admin, limits } = convert({
    http: { secured: true, maxHeaderSize: 16384, idleTimeout: 60, ssl: { keystore } },
  })
  t.match(listeners[0], { address: '0.0.0.0:8082', tls: [{ minVersion: 'TLSv1.2', http2: true }] })
  t.same(limits, { headSize: 16384, idleTimeout: '60s' })
  t.equal(admin.address, '127.0.0.1:8083')
  const only = convert({
    http: { secured: true, alpn: false, ssl: { keystore, tlsProtocols: 'TLSv1.3' } },
  })
  t.match(only.listeners[0].tls[0], { minVersion: 'TLSv1.3', http2: false })
  t.end()
})

t.test('keystores, truststores, CRLs', (t) => {
  const entry = (ssl: unknown): unknown => convert({ http: { secured: true, ssl } })
  t.match(entry({ keystore: { type: 'pkcs12', path: 'a.p12', password: 'x' } }), {
    listeners: [{ tls: [{ certificate: { pkcs12: 'a.p12', passphrase: 'x' } }] }],
    problems: [],
  })
  t.match(entry({ keystore: { type: 'self-signed' } }), {
    listeners: [{ tls: [{ certificate: { selfSigned: true } }] }],
  })
  t.match(entry({ keystore: { path: 'a.jks' } }), { problems: [/keytool/] })
  t.match(entry({ keystore, truststore: { type: 'jks', path: 'a.jks' }, clientAuth: 'request' }), {
    problems: [/keytool/],
  })
  const clientAuth = 'request'
  t.match(
    entry({
      keystore,
      clientAuth,
      truststore: { type: 'pem', path: 'ca.pem' },
      crl: { path: 'crls' },
      sendClientCertificateAuthorities: true,
    }),
    {
      listeners: [{
        tls: [{ clients: { ca: ['ca.pem'], crl: ['crls'], sendAuthorities: true } }],
      }],
    },
  )
  t.end()
})

t.test('users, by their roles, with passwords in clear and hashed', (t) => {
  const bcrypt = '$2a$10$Ihk05VSds5rUSgMdsMVi9OKMIx2yUvMz7y9VP3rJmQeizZLrhLMyq'
  const { admin } = convert({
    http: {},
    security: {
      providers: [
        { type: 'gravitee' },
        {
          type: 'memory',
          users: [
            {
              user: {
                username: 'admin',
                password: bcrypt,
                roles: 'ORGANIZATION:ADMIN,ENVIRONMENT:ADMIN',
              },
            },
            {
              username: 'api1',
              password: `{bcrypt}${bcrypt}`,
              roles: 'ORGANIZATION:USER,ENVIRONMENT:API_PUBLISHER',
            },
            { username: 'app', password: '{noop}clear', roles: 'ENVIRONMENT:USER' },
          ],
        },
      ],
    },
  })
  t.same(admin.dialects.gravitee.users, [
    { name: 'admin', password: bcrypt, role: 'admin' },
    { name: 'api1', password: bcrypt, role: 'publisher' },
    { name: 'app', password: 'clear', role: 'owner' },
  ])
  t.end()
})

t.test('the header is believed from whom it is said', (t) => {
  const plain = (clientAuthHeader: unknown): unknown =>
    convert({ http: { ssl: { clientAuthHeader } } })
  t.match(plain({ name: 'X-Cert' }), {
    listeners: [{
      trustedProxies: { cidrs: ['127.0.0.0/8', '::1/128'], clientCertificateHeader: 'X-Cert' },
    }],
    problems: [/believed from this machine alone/],
  })
  t.match(plain({ name: 'X-Cert', trustedProxies: '10.0.0.0/8, 192.168.0.1' }), {
    listeners: [{ trustedProxies: { cidrs: ['10.0.0.0/8', '192.168.0.1'] } }],
    problems: [],
  })
  t.match(plain(undefined), { problems: [] })
  t.end()
})

t.test('how APIs are served: handlers, policies, time-outs', (t) => {
  const { admin, listeners, problems } = convert({
    http: { requestTimeout: 1500 },
    handlers: {
      request: {
        transaction: { header: 'X-Tx', overrideMode: 'MERGE' },
        request: { header: 'X-Rq', overrideMode: 'keep' },
        format: 'hex',
        headers: { 'x-forwarded-prefix': true },
      },
    },
    policy: {
      'api-key': { header: 'X-Key', param: '' },
      jwt: { issuer: { 'my.issuer': { default: 'ssh-rsa AAAA', old: 'ssh-rsa BBBB' } } },
    },
    api: { security: { verbose401: true } },
  })
  t.same(problems, [])
  t.match(admin.dialects.gravitee, {
    ...{ verbose401: true, transactionHeader: 'X-Tx', transactionOverride: 'merge' },
    ...{ requestHeader: 'X-Rq', requestOverride: 'keep', idFormat: 'hex', forwardedPrefix: true },
    ...{ apiKeyHeader: 'X-Key', apiKeyArgument: '' },
    issuers: [{ name: 'my.issuer', keys: ['ssh-rsa AAAA', 'ssh-rsa BBBB'] }],
  })
  t.same(listeners[0].upstreamTimes, { answer: '1500ms' })
  t.same(convert({ http: {} }).listeners[0].upstreamTimes, { answer: '30000ms' })
  t.equal(convert({ http: { requestTimeout: 0 } }).listeners[0].upstreamTimes, undefined)
  t.end()
})

t.test('variables of the environment, in every form, and references', (t) => {
  const portOf = (env: Record<string, string>, http: unknown = { port: 1 }): unknown =>
    convert({ http, ds: { port: 4000, of: '${ds.port}' } }, env).listeners[0].address
  for (const name of ['gravitee_http_port', 'gravitee.http.port', 'GRAVITEE_HTTP_PORT']) {
    t.equal(portOf({ [name]: '9999' }), '0.0.0.0:9999', name)
  }
  t.equal(portOf({}, { port: '${ds.port}' }), '0.0.0.0:4000')
  t.equal(portOf({}, { port: '${ds.of}' }), '0.0.0.0:4000', 'a reference to a reference')
  t.equal(portOf({ gravitee_ds_port: '7' }, { port: '${ds.port}' }), '0.0.0.0:7')
  t.equal(portOf({ PORT: '8' }, { port: '${PORT}' }), '0.0.0.0:8')
  t.equal(portOf({}, { port: '${PORT:5}' }), '0.0.0.0:5')
  const lost = convert({ http: { host: '${nowhere}' } }).problems
  t.same(lost, [
    'http.host: Could not resolve "${nowhere}": there is no such key, nor a variable of the environment',
  ])
  for (const name of ['api-key', 'apikey', 'api_key']) {
    const env = { [`gravitee_policy_${name}_header`]: 'X-Mine' }
    t.equal(convert({ http: {} }, env).admin.dialects.gravitee.apiKeyHeader, 'X-Mine', name)
  }
  const { listeners } = convert({ api: {}, ratelimit: {} }, {
    gravitee_servers_0_port: '81',
    gravitee_servers_1_port: '82',
  })
  t.match(listeners, [{ address: '0.0.0.0:81' }, { address: '0.0.0.0:82' }])
  const home = {
    http: { secured: true, ssl: { keystore: { type: 'pem', path: '${gravitee.home}/k.pem' } } },
  }
  t.match(convert(home, { GRAVITEE_HOME: '/opt/gravitee' }).listeners[0].tls[0].certificate, {
    cert: '/opt/gravitee/k.pem',
  })
  t.end()
})

t.test('what has no effect is named, and what cannot be is an error', (t) => {
  const noted = (config: unknown): string[] => convert(config).problems
  t.match(noted({ http: { maxFormAttributeSize: 1, compressionSupported: true, instances: 4 } }), [
    /^http.maxFormAttributeSize: .* has no effect/,
    /^http.compressionSupported: /,
    /^http.instances: /,
  ])
  t.match(noted({ http: {}, ratelimit: { type: 'redis' }, tcp: { enabled: true } }), [
    /^ratelimit: /,
    /^tcp.enabled: /,
  ])
  t.match(noted({ http: {}, api: { validateSubscription: false } }), [
    /^api.validateSubscription: /,
  ])
  t.match(noted({ http: {}, handlers: { request: { transaction: { overrideMode: 'drop' } } } }), [
    /^handlers.request.transaction.overrideMode: Could not use "drop"/,
  ])
  t.match(noted({ http: { secured: 'yes' } }), [/^http.secured: Could not use "yes"/])
  const tls = (ssl: unknown): string[] => noted({ http: { secured: true, ssl } })
  t.match(tls({ keystore: { ...keystore, secret: 'secret://kubernetes/tls' } }), [
    /secret managers/,
  ])
  t.match(tls({ keystore, tlsProtocols: 'TLSv1.1' }), [/^http.ssl.tlsProtocols: Could not use/])
  t.match(noted({ servers: [{ maxHeaderSize: 4096 }, { maxHeaderSize: 8192 }] }), [
    /^servers.1.maxHeaderSize: .*first server/,
  ])
  t.match(tls({ keystore, clientAuthHeader: { name: 'X-Cert' } }), [/the header is ignored/])
  t.match(noted({ http: { ssl: { clientAuth: 'required' } } }), [/^http.ssl.clientAuth: .*secured/])
  const only = convert({ http: { secured: true, ssl: { keystore, tlsProtocols: 'TLSv1.2' } } })
  t.match(only.listeners[0].tls[0], { minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' })
  t.end()
})
