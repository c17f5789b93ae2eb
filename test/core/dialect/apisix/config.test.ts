/** APISIX's conf/config.yaml, in the keys of versions 3 and 2, as the native document that it becomes. */
import t from 'tap'
import { parseText } from '../../../../core/snapshot/mod.ts'
import {
  convertConfig,
  type ConvertedConfig,
  isApisixConfig,
  readStandalone,
  substitute,
} from '../../../../core/dialect/apisix/config/mod.ts'
import type { Json } from '../../../../core/store/mod.ts'

function convert(text: string, env: Readonly<Record<string, string>> = {}): ConvertedConfig {
  const value = parseText(text, 'config.yaml').value as Json
  if (!isApisixConfig(value)) throw new Error('not of APISIX')
  const path = (each: string): string => each.startsWith('/') ? each : `../${each}`
  return convertConfig(value, { path, env: (name) => env[name] })
}

function told({ problems }: ConvertedConfig): string[] {
  return problems.map(({ severity, path, message }) => `${severity} ${path.join('.')}: ${message}`)
}

t.test('what is of APISIX', (t) => {
  const of = (text: string): boolean => isApisixConfig(parseText(text, 'x').value as Json)
  t.ok(of('apisix: {}'))
  t.ok(of('deployment: { role: data_plane }'))
  t.ok(of('etcd: { host: ["http://a:1"] }'))
  t.notOk(of('listeners: [{ address: "127.0.0.1:1" }]\nadmin: { address: "127.0.0.1:2" }'))
  t.notOk(of('portal: {}'))
  t.end()
})

t.test('the smallest', (t) => {
  const converted = convert('apisix: {}')
  t.strictSame(converted.document, {
    listeners: [
      { name: 'http-1', address: '0.0.0.0:9080' },
      { name: 'https-1', address: '0.0.0.0:9443', tls: [] },
    ],
    admin: { address: '127.0.0.1:9180' },
    store: { folder: '../data', role: 'traditional' },
  })
  t.match(converted.apisix, {
    keyRequired: true,
    keys: [],
    allow: ['127.0.0.0/24', '::1/128'],
    apiVersion: 'v3',
    cors: true,
    clientCertificate: false,
    verifyUpstreams: false,
    prefix: '/apisix',
  })
  t.notOk(converted.adminOnNodePort)
  t.match(told(converted), [/^warning : Upstreams over TLS are not verified unless/])
  t.end()
})

t.test('keys of version 3', (t) => {
  const converted = convert(`
apisix:
  node_listen: [9080, { ip: 127.0.0.2, port: 9081 }]
  enable_http2: false
  enable_server_tokens: false
  ssl:
    listen: [{ port: 9443, enable_http3: true }, { ip: 127.0.0.1, port: "9444" }]
    ssl_protocols: TLSv1.2 TLSv1.3
    ssl_ciphers: x
    ssl_trusted_certificate: conf/ca.crt
    fallback_sni: a.com
  data_encryption: { enable_encrypt_fields: true, keyring: [qeddd145sfvddff3, edd1c9f0985e76a2] }
deployment:
  role: traditional
  role_traditional: { config_provider: etcd }
  admin:
    admin_key: [{ name: admin, key: a, role: admin }, { name: viewer, key: v, role: viewer }]
    allow_admin: [10.0.0.0/8]
    admin_listen: { ip: 0.0.0.0, port: 9181 }
    https_admin: true
    admin_api_mtls: { admin_ssl_cert: s.crt, admin_ssl_cert_key: /s.key, admin_ssl_ca_cert: ca.crt }
    enable_admin_cors: false
    admin_api_version: default
  etcd:
    host: ["https://10.0.0.1:2379", "https://10.0.0.2:2379"]
    prefix: /prod
    user: u
    password: p
    tls: { cert: e.crt, key: e.key, verify: false, sni: etcd }
nginx_config: { worker_processes: 2 }
plugin_attr: { redirect: { https_port: 443 } }
discovery: { dns: {} }
sallyport: { verify_upstreams: true, folder: /var/lib/sallyport }
`)
  t.strictSame(converted.document, {
    listeners: [
      { name: 'http-1', address: '0.0.0.0:9080' },
      { name: 'http-2', address: '127.0.0.2:9081' },
      { name: 'https-1', address: '0.0.0.0:9443', tls: [] },
      { name: 'https-2', address: '127.0.0.1:9444', tls: [] },
    ],
    admin: {
      address: '0.0.0.0:9181',
      tls: [{
        names: [],
        certificate: { cert: '../s.crt', key: '/s.key' },
        clients: { mode: 'request', ca: '../ca.crt', depth: 1 },
      }],
    },
    store: {
      folder: '/var/lib/sallyport',
      role: 'traditional',
      etcd: {
        endpoints: ['https://10.0.0.1:2379', 'https://10.0.0.2:2379'],
        prefix: '/prod',
        user: 'u',
        password: 'p',
        tls: {
          ca: '../conf/ca.crt',
          cert: '../e.crt',
          key: '../e.key',
          verify: false,
          sni: 'etcd',
        },
      },
    },
    workers: 2,
  })
  t.strictSame(converted.apisix, {
    keyRequired: true,
    keys: [{ key: 'a', role: 'admin' }, { key: 'v', role: 'viewer' }],
    allow: ['10.0.0.0/8'],
    apiVersion: 'v2',
    cors: false,
    clientCertificate: true,
    http2: false,
    protocols: ['TLSv1.2', 'TLSv1.3'],
    fallbackSni: 'a.com',
    httpsPort: 443,
    verifyUpstreams: true,
    prefix: '/prod',
    keyring: ['qeddd145sfvddff3', 'edd1c9f0985e76a2'],
    router: 'radixtree_host_uri',
    tellStatus: false,
    serverTokens: false,
    standalone: false,
  })
  t.strictSame(told(converted), [
    'warning apisix.ssl.ssl_ciphers: Nothing is made of "apisix.ssl.ssl_ciphers": this gateway has no such setting',
    'warning discovery: Nothing is made of "discovery": this gateway has no such setting',
    'warning apisix.ssl.listen: Listen on 9443: HTTP/3 is not spoken by this gateway',
  ])
  t.end()
})

t.test('keys of version 2', (t) => {
  const converted = convert(`
apisix:
  node_listen: 9080
  port_admin: 9180
  https_admin: true
  admin_api_mtls:
    admin_ssl_ca_cert: "/data/certs/mtls_ca.crt"
    admin_ssl_cert: "/data/certs/mtls_server.crt"
    admin_ssl_cert_key: "/data/certs/mtls_server.key"
  admin_key: [{ name: admin, key: edd1c9f034335f136f87ad84b625c8f1, role: admin }]
  ssl: { enable: true, listen_port: 9444, key_encrypt_salt: edd1c9f0985e76a1 }
etcd:
  tls: { cert: /data/certs/etcd_client.pem, key: /data/certs/etcd_client.key }
`)
  t.match(converted.document, {
    listeners: [{ address: '0.0.0.0:9080' }, { address: '0.0.0.0:9444' }],
    admin: { address: '0.0.0.0:9180', tls: [{ clients: { mode: 'request' } }] },
    store: {
      etcd: {
        endpoints: ['https://127.0.0.1:2379'],
        prefix: '/apisix',
        tls: { cert: '/data/certs/etcd_client.pem', verify: true },
      },
    },
  })
  t.match(converted.apisix, {
    apiVersion: 'v2',
    keyring: ['edd1c9f0985e76a1'],
    router: 'radixtree_uri',
  })
  t.ok(converted.adminOnNodePort)
  t.match(told(converted), [/also served on the node port/, /not verified/])
  t.notOk(
    convert('apisix: { admin_key: [] }\nsallyport: { admin_on_node_port: false }').adminOnNodePort,
  )
  t.end()
})

t.test('keys that are not there, on purpose or not', (t) => {
  const keys = (text: string, env = {}): unknown => {
    const { keyRequired, keys } = convert(`deployment: { admin: ${text} }`, env).apisix
    return [keyRequired, keys]
  }
  t.strictSame(keys('{}'), [true, []])
  t.strictSame(keys('{ admin_key: [{ name: admin, key: "", role: admin }] }'), [true, []])
  t.strictSame(keys('{ admin_key: ~ }'), [false, []])
  t.strictSame(keys('{ admin_key_required: false }'), [false, []])
  t.strictSame(keys('{}', { APISIX_ALLOW_NONE_AUTHENTICATION: 'true' }), [false, []])
  t.end()
})

t.test('roles, and documents from files', (t) => {
  const of = (text: string): unknown[] => {
    const { document, hasAdmin, standalone } = convert(text)
    return [(document['store'] as { role: string }).role, hasAdmin, standalone]
  }
  const quiet = convert('apisix: { enable_admin: false, config_center: yaml, admin_key: ~ }')
  t.notMatch(JSON.stringify(quiet.problems), /needs no key/, 'of an Admin API that is not there')
  t.strictSame(of('deployment: { role: control_plane }'), ['control-plane', true, undefined])
  t.strictSame(of('deployment: { role: data_plane }'), ['data-plane', false, undefined])
  t.strictSame(
    of('deployment: { role: data_plane, role_data_plane: { config_provider: yaml } }'),
    ['traditional', false, 'apisix.yaml'],
  )
  t.strictSame(
    of('deployment: { role: data_plane, role_data_plane: { config_provider: json } }'),
    ['traditional', false, 'apisix.json'],
  )
  t.strictSame(
    of('deployment: { role: traditional, role_traditional: { config_provider: yaml } }'),
    ['traditional', true, ''],
  )
  t.strictSame(
    of('apisix: { enable_admin: false, config_center: yaml }'),
    ['traditional', false, 'apisix.yaml'],
  )
  t.match(told(convert('deployment: { role: x }')), [/^error deployment\.role: Take the role "x"/])
  t.end()
})

t.test('proxies in front', (t) => {
  const { document } = convert('apisix: { trusted_addresses: [10.0.0.0/8, 127.0.0.1, "::1"] }')
  const cidrs = ['10.0.0.0/8', '127.0.0.1/32', '::1/128']
  t.match(document, { listeners: [{ trustedProxies: { cidrs } }, { trustedProxies: { cidrs } }] })
  t.end()
})

t.test('routers', (t) => {
  const router = (http: string) => convert(`apisix: { router: { http: ${http} } }`)
  t.equal(router('radixtree_uri').apisix.router, 'radixtree_uri')
  t.ok(told(router('x')).some((each) => each.startsWith('error apisix.router.http: Route by "x"')))
  t.end()
})

t.test('mistakes', (t) => {
  t.match(told(convert('apisix: { node_listen: [x] }')), [
    /^error apisix\.node_listen: Listen on "x": expected a port/,
  ])
  t.match(told(convert('deployment: { admin: { https_admin: true } }')), [
    /^error deployment\.admin\.https_admin: missing ssl cert for https admin/,
  ])
  t.end()
})

t.test('variables of the environment', (t) => {
  const env = (name: string): string | undefined => ({ PORT: '9' } as Record<string, string>)[name]
  t.strictSame(substitute('a: ${{PORT}}\nb: ${{ HOST:=x.com }}\n# ${{NONE}}', env), {
    text: 'a: 9\nb: x.com\n# ${{NONE}}',
  })
  t.strictSame(substitute('a: ${{NONE}}', env), { missing: 'NONE' })
  t.end()
})

t.test('apisix.yaml', (t) => {
  const read = (text: string, file = 'apisix.yaml') =>
    readStandalone(text, { file, env: () => 'v' })
  const text =
    'routes:\n  - { id: 1, uri: /a }\n  - { uri: /${{X}} }\nconsumers: [{ username: j }]\n#END\n'
  const found = read(text)
  t.strictSame('documents' in found && [...found.documents], [
    ['/routes/1', { id: 1, uri: '/a' }],
    ['/routes/arr_2', { uri: '/v' }],
    ['/consumers/j', { username: 'j' }],
  ])
  t.match(
    read("routes:\n  - { id: 1, hosts: [*.a.com, 'b'] }\n  - id: 2\n    host: *.b.com\n#END\n"),
    {
      documents: new Map([['/routes/1', { hosts: ['*.a.com', 'b'] }], ['/routes/2', {
        host: '*.b.com',
      }]]),
    },
    'what YAML takes for an alias',
  )
  t.strictSame(read('routes: []\n'), { wrong: 'it does not end with #END' })
  t.strictSame(read('routes: []\n#END\n  \n'), { documents: new Map() })
  t.match(read('routes: [\n#END'), { wrong: /^line \d+: Cannot parse YAML/ })
  t.match(read('{"routes":[{"id":"1","uri":"/a"}]}', 'apisix.json'), { documents: new Map() })
  t.end()
})
