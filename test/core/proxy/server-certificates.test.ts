/** What the gateway shows to clients, looked at with `openssl s_client`. */
import { readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { startGateway } from '../../support/gateway.ts'
import { Pki } from '../../support/pki.ts'
import { sClient } from '../../support/s-client.ts'
import { startUpstream } from '../../support/upstream.ts'

const pki = new Pki(t)
const ca = await pki.authority('ca')
const upper = await pki.authority('upper', ca)
const lower = await pki.authority('lower', upper)
const other = await pki.authority('other')
const names = ['DNS:a.test', 'DNS:*.many.test']
const rsa = await pki.issue('rsa', { ca, names, use: 'serverAuth', key: 'RSA' })
const ec = await pki.issue('ec', { ca, names, use: 'serverAuth' })
const deep = await pki.issue('deep', { ca: lower, names: ['DNS:deep.test'], use: 'serverAuth' })
const upstream = await startUpstream(t)

function yaml(entries: string): string {
  return `
listeners:
  - address: 127.0.0.1:0
    tls:
${entries.trim().split('\n').map((line) => `      ${line.trim()}`).join('\n')}
routes: [{ upstream: { endpoints: [{ address: '${upstream.address}' }] } }]
`
}

const pair = ({ certFile, keyFile }: typeof ec): string => `{ cert: ${certFile}, key: ${keyFile} }`

for (const order of [[ec, rsa], [rsa, ec]]) {
  t.test(`several certificates for one name: ${order.map(({ certFile }) => certFile.slice(-7))}`, async (t) => {
    const list = `[${order.map(pair).join(', ')}]`
    const gateway = await startGateway(t, yaml(`- { names: [a.test], certificate: ${list} }`))
    const shown = async (...args: string[]): Promise<string | undefined> => {
      const { text, status } = await sClient(gateway.port(), { sni: 'a.test', args })
      return status === 200 ? /Peer signature type: (.*)/.exec(text)?.[1] : text
    }
    t.equal(await shown('-tls1_3', '-sigalgs', 'RSA-PSS+SHA256'), 'RSA-PSS')
    t.equal(await shown('-tls1_3', '-sigalgs', 'ECDSA+SHA256'), 'ECDSA')
    t.equal(await shown('-tls1_2', '-cipher', 'ECDHE-RSA-AES128-GCM-SHA256'), 'RSA-PSS')
    t.equal(await shown('-tls1_2', '-cipher', 'ECDHE-ECDSA-AES128-GCM-SHA256'), 'ECDSA')
    t.match(await shown(), /^(ECDSA|RSA-PSS)$/)
  })
}

/** The common names of the certificates that were sent, in their order. */
function sent(text: string): string[] {
  return [...text.matchAll(/^ *\d+ s:.*?CN ?= ?([^\n,]+)/gm)].map(([, name]) => name!)
}

t.test('chains are sent leaf first, repaired, without root and strangers', async (t) => {
  const jumble = [ca, lower, other, upper].map(({ certFile }) => readFileSync(certFile, 'utf8'))
  const file = pki.path('jumble.pem')
  writeFileSync(file, [...jumble, deep.chain].join(''))
  const entry = `- { names: [deep.test], certificate: { cert: ${file}, key: ${deep.keyFile} } }`
  const gateway = await startGateway(t, yaml(entry))
  const args = ['-showcerts', '-CAfile', ca.certFile, '-verify_return_error']
  const { text, status } = await sClient(gateway.port(), { sni: 'deep.test', args })
  t.equal(status, 200, text)
  t.same(sent(text), ['deep', 'lower', 'upper'])
  t.match(text, /Verify return code: 0 \(ok\)/)
})

t.test('names of one wildcard, one after the other', async (t) => {
  const entry = `- { names: ['*.many.test'], certificate: ${pair(ec)} }`
  const gateway = await startGateway(t, yaml(entry))
  for (const name of ['x', 'y', 'x', 'X']) {
    const { status } = await sClient(gateway.port(), { sni: `${name}.many.test` })
    t.equal(status, 200, name)
  }
})

t.test('a reload that changes another entry leaves contexts and sessions alone', async (t) => {
  const entries = (file: string): string => `
    - { names: [a.test], certificate: ${pair(ec)} }
    - { names: [deep.test], certificate: { cert: ${file}, key: ${deep.keyFile} } }`
  const gateway = await startGateway(t, yaml(entries(deep.certFile)))
  const profile = () => {
    const [listener] = gateway.service.snapshot.listeners.values()
    return listener?.names.select('a.test')?.profile
  }
  const keep = pki.path('kept.pem')
  t.match(await sClient(gateway.port(), { sni: 'a.test', keep }), { status: 200 })
  const before = profile()
  const file = pki.path('longer.pem')
  writeFileSync(file, deep.chain + lower.chain)
  t.equal(await gateway.reconfigure(yaml(entries(file))), undefined)
  t.equal(profile(), before)
  const again = await sClient(gateway.port(), { sni: 'a.test', resume: keep })
  t.match(again, { status: 200, resumed: true })
})
