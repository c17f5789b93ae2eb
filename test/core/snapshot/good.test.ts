import t from 'tap'
import { formatProblem, type Material } from '../../../core/snapshot/mod.ts'
import { bytes, fixture, read } from './means.ts'

const pem = (name: string) => `-----BEGIN ${name}-----\nAAAA\n-----END ${name}-----\n`

const file = (name: string): Material => ({ from: `/etc/${name}`, data: bytes(name) })

/** Every file has its own name as content. */
function files(...names: string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [`/etc/${name}`, name]))
}

const trustDefaults = {
  crlDepth: 'chain',
  crlFetch: 'off',
  ocsp: 'off',
  ocspNonce: false,
  fetchFrom: [],
  profile: 'compatible',
  minRsaBits: 2048,
}

const nobody = {
  mode: 'none',
  ca: [],
  depth: 3,
  crl: [],
  crlPolicy: 'hard',
  ...trustDefaults,
  applications: true,
  sendAuthorities: false,
  allow: [],
}

const anyMatch = { addresses: [], conditions: [], order: 'priority' }

const noTimes = { connect: undefined, read: undefined, send: undefined }

const plainEndpoint = { priority: 0, path: '', tls: undefined }

const upstreamDefaults = {
  persistence: undefined,
  health: { allUnhealthy: 'try' },
  retryTimeout: 0,
  balance: 'round-robin',
  protocol: 'h1',
  connectTimeout: 5000,
  readTimeout: 60_000,
  sendTimeout: 60_000,
  retries: 1,
  keepAlive: { connections: 64, idleTimeout: 55_000, requests: 0 },
  host: 'client',
}

t.test('readConfiguration fills in what a small configuration leaves out', async (t) => {
  const { configuration, problems, watched } = await read(fixture('good/small'))
  t.strictSame(problems, [])
  t.strictSame(watched, ['/etc/gateway.yaml'])
  t.match(configuration, {
    listeners: [{
      name: '127.0.0.1:9080',
      address: { host: '127.0.0.1', port: 9080 },
      tls: [],
      clients: nobody,
      trustedProxies: undefined,
      proxyProtocol: false,
    }],
    apis: [],
    applications: [],
    filters: [],
    admin: undefined,
    tickets: { rotate: 43_200_000 },
    accessLog: { to: 'stdout' },
    workers: 1,
    drainTimeout: 30_000,
    store: { folder: '/etc/data', etcd: undefined, role: 'traditional', keys: undefined },
  })
  t.strictSame(configuration?.routes, [{
    name: 'route-1',
    match: { hosts: [], paths: ['/*'], methods: [], ...anyMatch },
    scope: '',
    priority: 0,
    local: undefined,
    style: 'native',
    upstream: 'route-1',
    requireCertificate: false,
    allow: [],
    forwardCertificate: undefined,
    filters: [],
    variables: {},
    upstreamTimes: noTimes,
  }])
  t.strictSame(Object.fromEntries(configuration?.upstreams ?? []), {
    'route-1': {
      ...upstreamDefaults,
      name: 'route-1',
      endpoints: [{ host: '127.0.0.1', port: 8080, weight: 1, ...plainEndpoint }],
      tls: undefined,
    },
  })
  t.equal(configuration?.upstreams.get('constructor'), undefined)
})

t.test('readConfiguration sets safe limits', async (t) => {
  const { configuration } = await read(fixture('good/small'))
  t.strictSame(configuration?.limits, {
    clientHelloTimeout: 5_000,
    clientHelloSize: 16_384,
    handshakeTimeout: 10_000,
    headTimeout: 10_000,
    headSize: 32_768,
    targetSize: 8_192,
    headerCount: 100,
    idleTimeout: 75_000,
    bodyTimeout: 60_000,
    bodySize: 0,
    sendTimeout: 60_000,
    connections: 20_000,
    connectionsPerAddress: 1_000,
    requestsPerConnection: 100_000,
    http2: {
      concurrentStreams: 128,
      streamWindow: 262_144,
      connectionWindow: 1_048_576,
      continuations: 32,
      pendingControl: 16_384,
      span: 10_000,
      resets: 500,
      controls: 1_000,
      emptyData: 100,
      windowUpdates: 1_000,
    },
    pkcs12Iterations: 1_000_000,
    pkcs12Size: 1_048_576,
    crlSize: 67_108_864,
    revocationTimeout: 5000,
  })
})

t.test('readConfiguration reads the files that a configuration names, each once', async (t) => {
  const names = [
    ...['server.crt', 'server.key', 'clients-ca.crt', 'clients.crl', 'backends-ca.crt'],
    ...['backends.crl', 'gw.crt', 'gw.key', 'acme-2026.crt', 'acme-2027.crt'],
  ]
  const { configuration, problems, watched } = await read(fixture('good/gateway'), files(...names))
  t.strictSame(problems.map(formatProblem), [])
  t.strictSame(watched.toSorted(), ['gateway.yaml', ...names].map((name) => `/etc/${name}`).sort())
  t.strictSame(configuration?.listeners.map(({ tls }) => tls), [
    [{
      names: ['test.com', '*.test.com'],
      certificates: [{ cert: file('server.crt'), key: file('server.key') }],
      clients: {
        ...nobody,
        mode: 'require',
        ca: [file('clients-ca.crt')],
        crl: [file('clients.crl')],
        applications: false,
      },
      minVersion: 'TLSv1.2',
      http2: true,
      skipClientCertificate: [],
    }],
    [],
    [],
  ])
  t.match(configuration?.listeners[2], { name: 'admin', local: 'admin' })
  t.strictSame(configuration?.listeners[1]?.clients, { ...nobody, mode: 'request' })
  t.strictSame(configuration?.listeners[1]?.trustedProxies, {
    cidrs: ['127.0.0.1/32'],
    fingerprints: [],
    clientCertificateHeader: 'x-client-cert',
  })
  t.match(configuration?.applications[0]?.certificates, [
    { cert: file('acme-2026.crt') },
    { cert: file('acme-2027.crt'), from: Date.UTC(2027, 0, 1) },
  ])
  t.match(configuration?.apis[0]?.plans, [{ name: 'partners', type: 'mtls', header: 'x-api-key' }])
})

const HASH = '$6$salt$hash'

const everyKey = () =>
  read(
    fixture('good/every-key'),
    {
      ...files('ca/a.crt', 'ca/b.crt', 'ca/a.crl', 'server.crt', 'server.key', 'acme.crt'),
      ...files('ec.crt', 'ec.key', 'ca.crt', 'gw.crt', 'gw.key'),
      '/etc/secrets/passphrase': 'open sesame\r\n',
      '/etc/secrets/key': 'key-of-acme\n',
      '/etc/secrets/hash': `${HASH}\n`,
    },
    { P12: btoa('a PKCS#12 file'), P12_PASS: 'open sesame\n' },
  )

t.test('readConfiguration takes every key of listeners', async (t) => {
  const { configuration, problems } = await everyKey()
  t.strictSame(problems.map(formatProblem), [])
  const [listener, any] = configuration?.listeners ?? []
  t.match(listener, {
    name: 'public',
    address: { host: '::1', port: 9443 },
    proxyProtocol: true,
    stream: undefined,
    allowFrom: ['192.0.2.0/24'],
    connections: 500,
    users: [{ name: 'anna', hash: HASH }],
    forwardedHeaders: 'remove',
    clientTimeout: 50_000,
    upstreamTimes: { connect: 1000, read: 2000, send: 3000 },
    clients: { mode: 'require', ca: [file('ca/a.crt')], applications: false },
    trustedProxies: { cidrs: ['10.0.0.0/8', '::1/128'], fingerprints: ['aa'.repeat(32)] },
  })
  t.strictSame(any?.stream, { upstream: 'others', sni: true })
  t.strictSame(listener?.tls[0], {
    names: ['example.com'],
    minVersion: 'TLSv1.3',
    http2: true,
    skipClientCertificate: [],
    certificates: [{
      pkcs12: { from: '$P12', data: bytes('a PKCS#12 file') },
      passphrase: 'open sesame\n',
    }],
    clients: {
      mode: 'request',
      ca: [file('ca/a.crt'), file('ca/b.crt')],
      depth: 1,
      crl: [file('ca/a.crl')],
      crlPolicy: 'soft',
      ...trustDefaults,
      applications: true,
      sendAuthorities: true,
      allow: [
        { subject: '*,O=Example', commonName: 'api-?' },
        { dns: '*.Example.com' },
        { uri: 'spiffe://example.org/ns/prod/*', email: '*@example.com', ip: '10.0.0.0/8' },
      ],
    },
  })
  t.strictSame(listener?.tls[1]?.certificates, [{
    cert: { from: 'listeners[0].tls[1].certificate[0].cert', data: bytes(pem('CERTIFICATE')) },
    key: file('server.key'),
    passphrase: 'open sesame',
  }, {
    cert: file('ec.crt'),
    key: file('ec.key'),
  }])
  t.match(any, { name: '0.0.0.0:0', address: { host: '0.0.0.0', port: 0 } })
})

t.test('readConfiguration takes every key of upstreams', async (t) => {
  const { configuration } = await everyKey()
  const { backends, others } = Object.fromEntries(configuration?.upstreams ?? [])
  t.match([...configuration?.upstreams.keys() ?? []], ['backends', 'others', 'route-1'])
  t.strictSame(backends, {
    ...upstreamDefaults,
    name: 'backends',
    endpoints: [
      { host: 'backend.internal', port: 8443, weight: 0, ...plainEndpoint, tls: 'none' },
      {
        host: '2001:db8::1',
        port: 8443,
        weight: 65535,
        priority: -1,
        monitor: { host: '10.0.0.9', port: 9000 },
        path: '/v1',
        tls: {
          verify: false,
          checkName: true,
          certificate: undefined,
          name: undefined,
          trust: { ca: [], depth: 3, crl: [], crlPolicy: 'hard', ...trustDefaults },
        },
      },
    ],
    balance: { hash: '$uri $arg_user' },
    persistence: { by: 'application-cookie', name: 'JSESSIONID', lifetime: 60_000 },
    health: {
      active: {
        type: 'https',
        verify: false,
        timeout: 2000,
        concurrency: 3,
        method: 'HEAD',
        path: '/healthz?deep=1',
        version: '1.0',
        host: 'health.internal',
        port: 8444,
        headers: [{ name: 'X-Check', value: 'yes' }],
        healthy: { interval: 3000, statuses: [200, 204, 205, 206], successes: 1 },
        unhealthy: {
          interval: 1000,
          statuses: [500],
          httpFailures: 4,
          tcpFailures: 5,
          timeouts: 0,
        },
      },
      passive: {
        healthy: { statuses: [200], successes: 3 },
        unhealthy: { statuses: [500, 503], httpFailures: 2, tcpFailures: 1, timeouts: 9 },
        rest: 60_000,
      },
      allUnhealthy: 'refuse',
    },
    proxyProtocol: 'v2',
    retryTimeout: 3000,
    protocol: 'auto',
    connectTimeout: 500,
    readTimeout: 120_000,
    sendTimeout: 90_000,
    retries: 0,
    keepAlive: { connections: 8, idleTimeout: 3_600_000, requests: 1000 },
    host: { name: 'backend.example:8443' },
    tls: {
      verify: true,
      checkName: false,
      certificate: { cert: file('server.crt'), key: file('server.key') },
      name: 'backend.internal',
      trust: {
        ca: [file('ca/a.crt')],
        depth: 0,
        crl: [file('ca/a.crl')],
        crlPolicy: 'soft',
        ...trustDefaults,
      },
    },
  })
  t.equal(others?.host, 'endpoint')
  t.strictSame(others?.tls, { ...backends?.tls, name: { from: 'host' } }, 'merge keys are followed')
  t.strictSame(others?.persistence, { by: 'cookie', name: 'SALLYPORT', lifetime: 0 })
})

t.test('readConfiguration takes every key of APIs and routes', async (t) => {
  const { configuration } = await everyKey()
  t.strictSame(configuration?.apis, [{
    name: 'orders',
    match: {
      hosts: ['*.example.com', '[::1]'],
      paths: ['/', '/a%20b/*'],
      methods: ['GET', 'POST'],
      ...anyMatch,
    },
    scope: '',
    priority: -1,
    local: undefined,
    style: 'native',
    upstream: 'backends',
    requireCertificate: true,
    allow: [{ dns: 'api.example.com' }],
    forwardCertificate: { form: 'xfcc' },
    filters: [],
    variables: {},
    upstreamTimes: { ...noTimes, read: 5000 },
    verbose: true,
    plans: [
      { name: 'partners', type: 'mtls', header: 'x-api-key', allow: [{ ip: '::1/128' }] },
      { name: 'keys', type: 'api-key', header: 'x-key', allow: [] },
      { name: 'open', type: 'keyless', header: 'x-api-key', allow: [] },
    ],
  }])
  t.match(configuration?.routes, [
    { name: 'route-1', upstream: 'route-1', forwardCertificate: { form: 'client-cert' } },
    {
      name: 'told',
      upstream: 'backends',
      forwardCertificate: {
        form: 'headers',
        fingerprint: 'x-fingerprint',
        subject: 'x-subject',
        sans: 'x-sans',
      },
    },
  ])
})

t.test('readConfiguration takes every key of applications and settings', async (t) => {
  const { configuration } = await everyKey()
  t.match(configuration?.applications, [{
    name: 'acme',
    certificates: [
      { cert: file('acme.crt'), from: Date.UTC(2026, 0, 1), until: Date.UTC(2026, 11, 31, 23) },
    ],
    apiKeys: [
      { key: 'key-of-acme' },
      { key: 'inline-key', from: Date.UTC(2026, 0, 1, 12, 0, 0, 500) },
    ],
    subscriptions: [
      { api: 'orders', plan: 'partners', status: 'accepted' },
      { api: 'orders', plan: 'keys', status: 'paused', until: Date.UTC(2028, 1, 29) },
    ],
  }])
  t.match(configuration, {
    admin: {
      address: { host: '127.0.0.1', port: 9180 },
      dialects: {
        apisix: {
          address: { host: '127.0.0.1', port: 9181 },
          listeners: ['main'],
          key: 'apisix-key',
          viewerKey: 'viewer-key',
          keyRequired: false,
          allow: ['127.0.0.1/32'],
          prefix: '/gate',
          apiVersion: 'v2',
          cors: false,
          verifyUpstreams: false,
          keyring: ['qeddd145sfvddff3'],
        },
        gravitee: {
          users: [{ name: 'anna', password: 'word', role: 'publisher' }],
          verbose401: true,
        },
        gcore: undefined,
      },
    },
    store: {
      folder: '/var/lib/sallyport',
      role: 'control-plane',
      keys: 'key-of-acme',
      etcd: {
        endpoints: ['https://10.0.0.5:2379'],
        prefix: '/apisix',
        user: 'gate',
        password: 'secret',
        tls: { ca: file('ca.crt'), verify: false, sni: 'etcd.test' },
      },
    },
    tickets: { rotate: 3_600_000 },
    accessLog: { to: '/etc/log/access.log' },
    workers: 2,
    drainTimeout: 0,
    limits: { headSize: 8192, targetSize: 4096, bodySize: 2 ** 30, crlSize: 2 ** 20 },
  })
})

t.test('readConfiguration takes any name for an upstream', async (t) => {
  const text = `
listeners: [{ address: ":0" }]
upstreams: { __proto__: { endpoints: [{ address: a:1 }] } }
routes: [{ upstream: __proto__ }]
`
  const { configuration, problems } = await read(text)
  t.strictSame(problems, [])
  t.equal(configuration?.upstreams.get('__proto__')?.name, '__proto__')
})
