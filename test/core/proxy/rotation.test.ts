/** Certificates that change while requests are under way: nobody who may come in is lost, nobody else stays. */
import type { TLSSocket } from 'node:tls'
import t from 'tap'
import type { Test } from 'tap'
import { head, tlsClient, type TlsOptions } from '../../support/client.ts'
import { startGateway, type TestGateway } from '../../support/gateway.ts'
import { type KeyPairFiles, Pki } from '../../support/pki.ts'
import { okay, startUpstream, type UpstreamRequest } from '../../support/upstream.ts'

const pki = new Pki(t)
const ca = await pki.authority('ca')
const names = ['DNS:a.test']
const server = await pki.issue('server', { ca, names, use: 'serverAuth' })
const renewed = await pki.issue('renewed', { ca, names, use: 'serverAuth' })
const [first, second, third] = await Promise.all(
  ['first', 'second', 'third'].map((name) => pki.issue(name, { ca, use: 'clientAuth' })),
) as [KeyPairFiles, KeyPairFiles, KeyPairFiles]

const pair = ({ certFile, keyFile }: KeyPairFiles): string =>
  `{ cert: ${certFile}, key: ${keyFile} }`

/** Requests on one connection that is kept alive, one after the other. */
class Load {
  readonly statuses: number[] = []
  readonly bodies: string[] = []
  #stop = false
  #marks: (() => void)[] = []
  readonly done: Promise<void>

  constructor(t: Test, gateway: TestGateway, options: TlsOptions = {}) {
    this.done = this.#run(t, gateway, options)
  }

  /** Resolves after so many more answers. */
  async more(count: number): Promise<void> {
    const wanted = this.statuses.length + count
    while (this.statuses.length < wanted) {
      await new Promise<void>((resolve) => this.#marks.push(resolve))
    }
  }

  async stop(): Promise<void> {
    this.#stop = true
    await this.done
  }

  async #run(t: Test, gateway: TestGateway, options: TlsOptions): Promise<void> {
    const client = await tlsClient(t, gateway.port(), { sni: 'a.test', ...options })
    while (!this.#stop) {
      client.send(head('GET /x', [], 'a.test'))
      const { status, body } = await client.message()
      this.statuses.push(status)
      this.bodies.push(body)
      for (const mark of this.#marks.splice(0)) mark()
    }
    client.close()
  }
}

/** Lets every connection go on for a while. */
async function goOn(loads: readonly Load[], count = 25): Promise<void> {
  await Promise.all(loads.map((load) => load.more(count)))
}

const startLoads = (t: Test, gateway: TestGateway, each: readonly TlsOptions[]): Load[] =>
  each.map((options) => new Load(t, gateway, options))

t.test('an application renews its certificate under load', async (t) => {
  const upstream = await startUpstream(t)
  const yaml = (certificates: string): string => `
listeners:
  - address: 127.0.0.1:0
    tls:
      - names: [a.test]
        certificate: ${pair(server)}
        clients: { mode: request }
apis:
  - name: all
    upstream: { endpoints: [{ address: '${upstream.address}' }] }
    plans: [{ name: members, type: mtls }]
applications:
  - { name: acme, subscriptions: [{ api: all, plan: members }], certificates: [${certificates}] }
`
  const overlapping = `{ cert: ${first.certFile}, until: 2100-01-01 }, ` +
    `{ cert: ${second.certFile}, from: 2020-01-01 }`
  const gateway = await startGateway(t, yaml(overlapping))
  const shown = (certificate: KeyPairFiles): TlsOptions[] => Array(4).fill({ certificate })
  const leaving = startLoads(t, gateway, shown(first))
  const staying = startLoads(t, gateway, shown(second))
  await goOn([...leaving, ...staying])
  const next = `{ cert: ${second.certFile}, until: 2100-01-01 }, { cert: ${third.certFile} }`
  t.equal(await gateway.reconfigure(yaml(next)), undefined)
  const before = leaving.map(({ statuses }) => statuses.length)
  const coming = startLoads(t, gateway, shown(third))
  await goOn([...leaving, ...staying, ...coming])
  await Promise.all([...leaving, ...staying, ...coming].map((load) => load.stop()))
  for (const { statuses } of [...staying, ...coming]) {
    t.ok(statuses.every((status) => status === 200), 'no request is lost')
  }
  for (const [index, { statuses }] of leaving.entries()) {
    const turn = statuses.indexOf(401)
    t.ok(statuses.slice(0, turn).every((status) => status === 200))
    t.ok(statuses.slice(turn).every((status) => status === 401))
    // The request that was under way at the reload may have been decided before.
    t.ok(turn <= (before[index] as number) + 1, 'refused from the next request on')
  }
  t.ok(gateway.refusals('CERTIFICATE_UNKNOWN') >= 4 * 20)
})

t.test('a server certificate changes under load', async (t) => {
  const upstream = await startUpstream(t)
  const yaml = (certificate: string): string => `
listeners:
  - address: 127.0.0.1:0
    tls: [{ names: [a.test], certificate: ${certificate}, clients: { mode: require, ca: ${ca.certFile} } }]
routes: [{ upstream: { endpoints: [{ address: '${upstream.address}' }] } }]
`
  const gateway = await startGateway(t, yaml(pair(server)))
  const shown = async (): Promise<string> => {
    const { socket } = await tlsClient(t, gateway.port(), { sni: 'a.test', certificate: first })
    return fingerprintOf(socket as TLSSocket)
  }
  t.equal(await shown(), server.fingerprint)
  const loads = startLoads(t, gateway, Array(6).fill({ certificate: first }))
  await goOn(loads)
  t.equal(await gateway.reconfigure(yaml(pair(renewed))), undefined)
  t.equal(await shown(), renewed.fingerprint)
  const fresh = startLoads(t, gateway, Array(4).fill({ certificate: second }))
  await goOn([...loads, ...fresh])
  await Promise.all([...loads, ...fresh].map((load) => load.stop()))
  for (const { statuses } of [...loads, ...fresh]) {
    t.ok(statuses.every((status) => status === 200), 'no request is lost')
  }
})

t.test('the certificate towards an upstream changes under load', async (t) => {
  const tls = {
    cert: server.chain,
    key: server.key,
    ca: ca.chain,
    requestCert: true,
    rejectUnauthorized: true,
  }
  const answer = ({ connection }: UpstreamRequest): string =>
    okay(fingerprintOf(connection.socket as TLSSocket))
  const upstream = await startUpstream(t, { tls, answer })
  const yaml = (certificate: KeyPairFiles): string => `
listeners:
  - address: 127.0.0.1:0
    tls: [{ names: [a.test], certificate: ${pair(server)} }]
upstreams:
  backend:
    endpoints: [{ address: '${upstream.address}' }]
    tls: { ca: ${ca.certFile}, name: a.test, certificate: ${pair(certificate)} }
routes: [{ upstream: backend }]
`
  const gateway = await startGateway(t, yaml(first))
  const loads = startLoads(t, gateway, Array(8).fill({}))
  await goOn(loads)
  for (const { bodies } of loads) t.ok(bodies.every((body) => body === first.fingerprint))
  t.equal(await gateway.reconfigure(yaml(second)), undefined)
  const before = loads.map(({ statuses }) => statuses.length)
  await goOn(loads)
  await Promise.all(loads.map((load) => load.stop()))
  for (const [index, { statuses, bodies }] of loads.entries()) {
    t.ok(statuses.every((status) => status === 200), 'no request is lost')
    const later = bodies.slice((before[index] as number) + 1)
    t.ok(later.length >= 20 && later.every((body) => body === second.fingerprint))
  }
})

function fingerprintOf(socket: TLSSocket): string {
  return socket.getPeerCertificate().fingerprint256.replaceAll(':', '').toLowerCase()
}
