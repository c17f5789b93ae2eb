/** What APISIX's own documents say, pasted: how mTLS is set up with 3.x, and with 2.x. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { Pki } from '../../support/pki.ts'
import { missing } from '../../support/programs.ts'
import { startUpstream } from '../../support/upstream.ts'
import { bash, homeWith, KEY, type Running, start } from './apisix-scene.ts'

const LISTEN = `
  node_listen: [{ ip: 127.0.0.1, port: 0 }]
  ssl: { listen: [{ ip: 127.0.0.1, port: 0 }] }
`

/** "Configure mTLS Between Client and APISIX": its certificates are X.509 v1, without alternative names. */
const CERTIFICATES = `
openssl genrsa -out ca.key 2048 && \\
  openssl req -new -sha256 -key ca.key -out ca.csr -subj "/CN=ROOTCA" && \\
  openssl x509 -req -days 36500 -sha256 -extensions v3_ca -signkey ca.key -in ca.csr -out ca.crt
openssl genrsa -out server.key 2048 && \\
  openssl req -new -sha256 -key server.key -out server.csr -subj "/CN=test.com" && \\
  openssl x509 -req -days 36500 -sha256 -extensions v3_req \\
  -CA ca.crt -CAkey ca.key -CAserial ca.srl -CAcreateserial \\
  -in server.csr -out server.crt
openssl genrsa -out client.key 2048 && \\
  openssl req -new -sha256 -key client.key -out client.csr -subj "/CN=CLIENT" && \\
  openssl x509 -req -days 36500 -sha256 -extensions v3_req \\
  -CA ca.crt -CAkey ca.key -CAserial ca.srl -CAcreateserial \\
  -in client.csr -out client.crt
`

t.test('Configure mTLS Between Client and APISIX', async (t) => {
  const upstream = await startUpstream(t)
  const home = homeWith(
    t,
    `apisix:${LISTEN}
deployment:
  admin:
    admin_key_required: false
    admin_listen: { ip: 127.0.0.1, port: 0 }
`,
  )
  const { admin, https, sh, program } = await start(t, home)
  t.match(program.err, /config\.yaml:1:1: warning: Upstreams over TLS are not verified/)
  const route = await sh(`curl -si "http://127.0.0.1:${admin}/apisix/admin/routes" -X PUT -d '
{
  "id": "quickstart-ip",
  "uri": "/ip",
  "upstream": {
    "nodes": {
      "127.0.0.1:${upstream.port}":1
    },
    "type": "roundrobin"
  }
}'`)
  t.match(route.text, /^HTTP\/1\.1 201 /)
  t.equal((await sh(CERTIFICATES)).code, 0)
  const ssl = await sh(`
server_cert=$(cat server.crt)
server_key=$(cat server.key)
ca_cert=$(cat ca.crt)
curl -si "http://127.0.0.1:${admin}/apisix/admin/ssls" -X PUT -d '
{
  "id": "quickstart-mtls-client-ssl",
  "sni": "test.com",
  "cert": "'"\${server_cert}"'",
  "key": "'"\${server_key}"'",
  "client": {
    "ca": "'"\${ca_cert}"'"
  }
}'`)
  t.match(ssl.text, /^HTTP\/1\.1 201 /)
  t.notMatch(ssl.text, /PRIVATE KEY/)
  const curl = `curl -ikv --resolve "test.com:${https}:127.0.0.1" "https://test.com:${https}/ip"`
  const shown = await sh(`${curl} --cert client.crt --key client.key`)
  t.match(shown.text, /HTTP\/2 200/)
  t.match(shown.text, /TLS handshake, Request CERT \(13\)/)
  t.match(shown.text, /ALPN[:,] server accepted (?:to use )?h2/)
  t.match(shown.text, /subject: CN=test\.com/)
  const bare = await sh(curl)
  t.not(bare.code, 0)
  t.match(bare.text, /alert certificate required|certificate.required/i)
})

const SSL_PY = `#!/usr/bin/env python
# coding: utf-8
import sys
import requests

if len(sys.argv) <= 4:
    print("bad argument")
    sys.exit(1)
with open(sys.argv[1]) as f:
    cert = f.read()
with open(sys.argv[2]) as f:
    key = f.read()
sni = sys.argv[3]
api_key = "edd1c9f034335f136f87ad84b625c8f1" # Change it

reqParam = {
    "cert": cert,
    "key": key,
    "snis": [sni],
}
if len(sys.argv) >= 5:
    print("Setting mTLS")
    reqParam["client"] = {}
    with open(sys.argv[4]) as f:
        clientCert = f.read()
        reqParam["client"]["ca"] = clientCert
    if len(sys.argv) >= 6:
        reqParam["client"]["depth"] = int(sys.argv[5])
resp = requests.put("http://127.0.0.1:9080/apisix/admin/ssl/1", json=reqParam, headers={
    "X-API-KEY": api_key,
})
print(resp.status_code)
print(resp.text)
`

const PATCH_PY = `#!/usr/bin/env python
# coding: utf-8
import sys
import requests

if len(sys.argv) <= 4:
    print("bad argument")
    sys.exit(1)
with open(sys.argv[2]) as f:
    cert = f.read()
with open(sys.argv[3]) as f:
    key = f.read()
id = sys.argv[1]
api_key = "edd1c9f034335f136f87ad84b625c8f1" # Change it

reqParam = {
    "tls": {
        "client_cert": cert,
        "client_key": key,
    },
}

resp = requests.patch("http://127.0.0.1:9080/apisix/admin/upstreams/"+id, json=reqParam, headers={
    "X-API-KEY": api_key,
})
print(resp.status_code)
print(resp.text)
`

const hasRequests = (await bash(`python3 -c 'import requests'`, '.')).code === 0
const without = missing('python3') || (hasRequests ? false : 'python3-requests is not installed')

t.test('Mutual TLS Authentication, of 2.x', { skip: without }, async (t) => {
  const pki = new Pki(t)
  const ca = await pki.issue('mtls_ca', { isCa: true })
  const server = await pki.issue('mtls_server', { ca, names: ['DNS:admin.apisix.dev'] })
  const client = await pki.issue('mtls_client', { ca, use: 'clientAuth' })
  const site = await pki.issue('mtls.test.com', { ca, names: ['DNS:mtls.test.com'] })
  const upstream = await startUpstream(t)
  const home = homeWith(
    t,
    `apisix:${LISTEN}
  port_admin: 0
  https_admin: true

  admin_api_mtls:
    admin_ssl_ca_cert: "${ca.certFile}"              # Path of your self-signed ca cert.
    admin_ssl_cert: "${server.certFile}"             # Path of your self-signed server side cert.
    admin_ssl_cert_key: "${server.keyFile}"         # Path of your self-signed server side key.
  admin_key:
    - { name: admin, key: ${KEY}, role: admin }
`,
  )
  const running = await start(t, home)
  const { http, https, sh } = running

  t.test('protect the Admin API', async (t) => {
    const curl = adminCurl(running, ca.certFile)
    const shown = await sh(`${curl} --key ${client.keyFile} --cert ${client.certFile}`)
    t.match(shown.text, /^HTTP\/(?:2|1\.1) 200/)
    t.match(shown.text, /"action":"get"/)
    const bare = await sh(curl)
    t.match(bare.text, /^HTTP\/(?:2|1\.1) 400/)
    t.match(bare.text, /400 No required SSL certificate was sent/)
  })

  t.test('protect a route', async (t) => {
    // Not ssl.py, as the document has it: today's requests would take it for Python's own module.
    script(home, 'make_ssl.py', SSL_PY, http)
    const files = `${site.certFile} ${site.keyFile} 'mtls.test.com' ${ca.certFile} 10`
    const made = await sh(`python3 ./make_ssl.py ${files}`)
    t.match(made.text, /^Setting mTLS\n201\n\{"action":"set"/)
    const route =
      `{"uri":"/hello","upstream":{"nodes":{"127.0.0.1:${upstream.port}":1},"type":"roundrobin"}}`
    const put = await sh(
      `curl -si http://127.0.0.1:${http}/apisix/admin/routes/1 -H 'X-API-KEY: ${KEY}' -X PUT -d '${route}'`,
    )
    t.match(put.text, /^HTTP\/1\.1 201/)
    const curl =
      `curl -si --resolve 'mtls.test.com:${https}:127.0.0.1' "https://mtls.test.com:${https}/hello" -k`
    const shown = await sh(`${curl} --cert ${client.certFile} --key ${client.keyFile}`)
    t.match(shown.text, /^HTTP\/2 200/)
    t.not((await sh(curl)).code, 0)
  })

  t.test('mTLS between APISIX and its upstream', async (t) => {
    const { chain: cert, key: serverKey } = server
    const tls = { cert, key: serverKey, ca: ca.chain, requestCert: true, rejectUnauthorized: true }
    const secure = await startUpstream(t, { tls })
    const admin = `curl -s http://127.0.0.1:${http}/apisix/admin`
    const key = `-H 'X-API-KEY: ${KEY}'`
    const nodes = `"scheme":"https","nodes":{"127.0.0.1:${secure.port}":1},"type":"roundrobin"`
    await sh(`${admin}/upstreams/testmtls ${key} -X PUT -d '{${nodes}}'`)
    await sh(`${admin}/routes/2 ${key} -X PUT -d '{"uri":"/up","upstream_id":"testmtls"}'`)
    const ask = `curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:${http}/up`
    t.match((await sh(ask)).text, /^502/)
    script(home, 'patch_upstream_mtls.py', PATCH_PY, http)
    const files = `${client.certFile} ${client.keyFile}`
    // The document's own command has one argument too few for its own check.
    const patched = await sh(`python3 ./patch_upstream_mtls.py testmtls ${files} x`)
    t.match(patched.text, /^200\n\{"action":"compareAndSwap"/)
    t.notMatch(patched.text, /PRIVATE KEY/)
    t.match((await sh(ask)).text, /^200/)
  })
})

function adminCurl({ admin }: Running, caFile: string): string {
  return `curl -si --resolve admin.apisix.dev:${admin}:127.0.0.1 --cacert ${caFile} ` +
    `https://admin.apisix.dev:${admin}/apisix/admin/routes -H 'X-API-KEY: ${KEY}'`
}

/** Saves a document's script, with the port that the gateway has here. */
function script(home: string, name: string, text: string, port: number): void {
  writeFileSync(join(home, name), text.replace('127.0.0.1:9080', `127.0.0.1:${port}`))
}
