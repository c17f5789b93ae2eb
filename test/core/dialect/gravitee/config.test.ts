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
