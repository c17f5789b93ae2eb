/** What of an upstream changes while requests are under way: none is lost, and new connections follow the change. */
import type { TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import { head, plainClient } from '../../support/client.ts'
import { startGateway, type TestGateway } from '../../support/gateway.ts'
import { type KeyPairFiles, Pki } from '../../support/pki.ts'
import { startUpstream, type TestUpstream } from '../../support/upstream.ts'
import { everythingTo } from './scene.ts'

const pki = new Pki(t)
const [oldCa, newCa] = await Promise.all([pki.authority('old-ca'), pki.authority('new-ca')])
const names = ['DNS:members.test']
const issue = (name: string, ca: KeyPairFiles): Promise<KeyPairFiles> =>
  pki.issue(name, { ca, names, use: 'serverAuth' })
const [first, second, renewed, ownOld, ownNew] = await Promise.all([
  issue('first', oldCa),
  issue('second', oldCa),
  issue('renewed', newCa),
  pki.issue('own-old', { ca: oldCa, use: 'clientAuth' }),
  pki.issue('own-new', { ca: newCa, use: 'clientAuth' }),
])

/** An endpoint that wants to know who asks, and answers with its name and that of the gateway. */
function member(t: Test, name: string, pair: KeyPairFiles): Promise<TestUpstream> {
  return startUpstream(t, {
    tls: {
      cert: pair.chain,
      key: pair.key,
      ca: [oldCa.chain, newCa.chain],
      requestCert: true,
      rejectUnauthorized: true,
    },
    answer: ({ connection }) => {
      const body = `${name} ${(connection.socket as TLSSocket).getPeerCertificate().subject?.CN}`
      return `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n${body}`
    },
  })
}

/** Clients that ask one request after the other, with and without a body, until they are stopped. */
class Load {
  readonly answers: string[] = []
  readonly #done: Promise<unknown>
  #stopped = false
  #marks: (() => void)[] = []

  constructor(t: Test, gateway: TestGateway, clients = 6) {
    const all = Array.from({ length: clients }, (_, index) => this.#ask(t, gateway, index))
    this.#done = Promise.all(all)
  }

  /** Resolves after so many more answers, with these. */
  async more(count: number): Promise<readonly string[]> {
    const from = this.answers.length
    while (this.answers.length < from + count) {
      await new Promise<void>((resolve) => this.#marks.push(resolve))
    }
    return this.answers.slice(from)
  }

  async stop(): Promise<void> {
    this.#stopped = true
    await this.#done
  }

  async #ask(t: Test, gateway: TestGateway, index: number): Promise<void> {
    const client = await plainClient(t, gateway.port())
    while (!this.#stopped) {
      client.send(index % 2 === 0 ? head('GET /') : head('POST /', ['Content-Length: 4']) + 'body')
      const { status, body } = await client.message()
      this.answers.push(status === 200 ? body : String(status))
      for (const mark of this.#marks.splice(0)) mark()
    }
    client.close()
  }
}

const pair = ({ certFile, keyFile }: KeyPairFiles): string =>
  `{ cert: ${certFile}, key: ${keyFile} }`

/** `tls` of the upstream. */
function tls(ca: KeyPairFiles, own: KeyPairFiles, crl?: string): string {
  const revoked = crl === undefined ? '' : `, crl: ${crl}`
  return `tls: { name: members.test, ca: ${ca.certFile}, certificate: ${pair(own)}${revoked} }`
}

t.test('endpoints come and go one by one under load, and no request is lost', async (t) => {
  const members = await Promise.all(
    ['a', 'b', 'c', 'd'].map((name) => member(t, name, first)),
  ) as [TestUpstream, TestUpstream, TestUpstream, TestUpstream]
  const yaml = (...which: readonly TestUpstream[]): string =>
    everythingTo(which.map(({ address }) => address), { upstream: tls(oldCa, ownOld) })
  const [a, b, c, d] = members
  const gateway = await startGateway(t, yaml(a, b))
  const load = new Load(t, gateway)
  await load.more(60)
  for (const [which, gone] of [[[b, c], 'a'], [[c], 'b'], [[c, d], 'b'], [[d], 'c']] as const) {
    t.equal(await gateway.reconfigure(yaml(...which)), undefined)
    await load.more(12)
    const after = await load.more(60)
    t.notOk(after.some((answer) => answer.startsWith(gone)), `${gone} gets nothing more`)
  }
  await load.stop()
  t.same(load.answers.filter((answer) => !/^[abcd] own-old$/.test(answer)), [])
  for (const gone of [a, b, c]) {
    for (const connection of gone.connections) await connection.gone()
  }
})

t.test('another certificate of the gateway is shown by new connections at once', async (t) => {
  const upstream = await member(t, 'a', first)
  const yaml = (own: KeyPairFiles): string =>
    everythingTo(upstream.address, { upstream: tls(oldCa, own) })
  const gateway = await startGateway(t, yaml(ownOld))
  const load = new Load(t, gateway)
  await load.more(60)
  const before = upstream.connections.length
  t.equal(await gateway.reconfigure(yaml(ownNew)), undefined)
  await load.more(12)
  t.same([...new Set(await load.more(60))], ['a own-new'])
  await load.stop()
  t.same([...new Set(load.answers)], ['a own-old', 'a own-new'])
  for (const connection of upstream.connections.slice(0, before)) await connection.gone()
})

t.test('a CA is replaced by way of both, with the endpoints following', async (t) => {
  const old = await member(t, 'old', first)
  const young = await member(t, 'new', renewed)
  const both = `tls: { name: members.test, ca: [${oldCa.certFile}, ${newCa.certFile}], ` +
    `certificate: ${pair(ownOld)} }`
  const gateway = await startGateway(t, everythingTo(old.address, { upstream: tls(oldCa, ownOld) }))
  const load = new Load(t, gateway)
  await load.more(30)
  for (
    const yaml of [
      everythingTo(old.address, { upstream: both }),
      everythingTo([old.address, young.address], { upstream: both }),
      everythingTo(young.address, { upstream: both }),
      everythingTo(young.address, { upstream: tls(newCa, ownOld) }),
    ]
  ) {
    t.equal(await gateway.reconfigure(yaml), undefined)
    await load.more(30)
  }
  t.same([...new Set(await load.more(30))], ['new own-old'])
  await load.stop()
  t.same(load.answers.filter((answer) => !/^(old|new) own-old$/.test(answer)), [])
})

t.test('an endpoint that a CRL revokes gets no further request, and none is lost', async (t) => {
  const [good, revoked] = [await member(t, 'good', first), await member(t, 'bad', second)]
  const crl = await pki.crl('revoking', oldCa, { revoked: [second] })
  const empty = await pki.crl('empty', oldCa, {})
  const yaml = (list: string): string =>
    everythingTo([good.address, revoked.address], { upstream: tls(oldCa, ownOld, list) })
  const gateway = await startGateway(t, yaml(empty))
  const load = new Load(t, gateway)
  t.ok((await load.more(60)).includes('bad own-old'))
  t.equal(await gateway.reconfigure(yaml(crl)), undefined)
  await load.more(12)
  const asked = revoked.requests.length
  t.same([...new Set(await load.more(60))], ['good own-old'])
  await load.stop()
  t.equal(revoked.requests.length, asked)
  t.same(load.answers.filter((answer) => !/^(good|bad) own-old$/.test(answer)), [])
  for (const connection of revoked.connections) await connection.gone()
})
