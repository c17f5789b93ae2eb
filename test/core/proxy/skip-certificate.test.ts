import t from 'tap'
import { head, tlsClient, type TlsOptions } from '../../support/client.ts'
import { startGateway } from '../../support/gateway.ts'
import { startUpstream } from '../../support/upstream.ts'
import { entry, makeCertificates, tlsListener } from './tls-scene.ts'

t.test('paths of a name may need no client certificate', async (t) => {
  const certificates = await makeCertificates(t)
  const { ca, server, client, stranger } = certificates
  const upstream = await startUpstream(t)
  const clients = `mode: require, ca: ${ca.certFile}`
  const needs = entry(['needs.test'], server, clients)
  const skips = entry(['asks.test'], server, clients)
    .replace(/ \}$/, `, skipClientCertificate: ["^/open(/|$)", "\\\\.css$"] }`)
  const gateway = await startGateway(t, tlsListener([needs, skips], upstream.address))
  const ask = async (target: string, options: TlsOptions): Promise<number> => {
    const wire = await tlsClient(t, gateway.port(), { sni: 'asks.test', ...options })
    wire.send(head(`GET ${target}`, [], options.sni ?? 'asks.test'))
    const { status } = await wire.message()
    wire.close()
    return status
  }
  t.equal(await ask('/', { certificate: client }), 200)
  t.equal(await ask('/', {}), 400, 'the handshake did not insist')
  t.equal(await ask('/', { certificate: stranger }), 400)
  t.equal(await ask('/open', {}), 200)
  t.equal(await ask('/open/x?q', {}), 200)
  t.equal(await ask('/open', { certificate: stranger }), 200)
  t.equal(await ask('/a/b.css', {}), 200)
  t.equal(await ask('/opener', {}), 400)
  t.equal(await ask('/closed?/open', {}), 400, 'the query is no part of the path')
  t.equal(await ask('/open/../closed', {}), 400, 'dots are resolved first')
  t.equal(await ask('/%6Fpen', {}), 200, 'and it is decoded')
  await gateway.line({ code: 'CERTIFICATE_UNTRUSTED', status: 400 })
  const closed = await tlsClient(t, gateway.port(), { sni: 'needs.test' })
  await closed.finished()
  t.pass('another name insists as ever')
})

t.test("by APISIX's rules a Host that wants certificates must be the SNI", async (t) => {
  const certificates = await makeCertificates(t)
  const { ca, server, client } = certificates
  const upstream = await startUpstream(t)
  const needs = entry(['needs.test', '*.test.com'], server, `mode: require, ca: ${ca.certFile}`)
  const open = entry(['open.test'], server)
  const gateway = await startGateway(
    t,
    tlsListener([needs, open], upstream.address, { listener: 'style: apisix' }),
  )
  const ask = async (sni: string, host: string, certificate = client) => {
    const wire = await tlsClient(t, gateway.port(), { sni, certificate })
    wire.send(head('GET /', [], host))
    const message = await wire.message()
    wire.close()
    return message
  }
  t.equal((await ask('needs.test', 'needs.test')).status, 200)
  const other = await ask('open.test', 'needs.test')
  t.match([other.status, other.body], [400, /400 Bad Request/])
  t.equal((await ask('a.test.com', 'b.test.com')).status, 400, 'of the same wildcard, too')
  t.equal((await ask('needs.test', 'open.test')).status, 200, 'what asks for less is allowed')
  t.equal((await ask('needs.test', 'unknown.test')).status, 200)
})
