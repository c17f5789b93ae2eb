import { readFileSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { testFolder } from '../../support/command.ts'
import { startNginx } from '../../support/nginx.ts'
import { type KeyPairFiles, Pki } from '../../support/pki.ts'
import { plainClient } from '../../support/client.ts'
import { encoded, oneListener, secretOf, startGcore } from './scene.ts'

const CLIENTS = 4

t.test('a rolling change of members, authority and certificate loses no request', async (t) => {
  const pki = new Pki(t)
  const [ca, next] = [await pki.authority('ca'), await pki.authority('next-ca')]
  const both = readFileSync(ca.certFile, 'utf8') + readFileSync(next.certFile, 'utf8')
  const one = await startNginx(t, nginxOf(await member(pki, 'one', ca), both, pki))
  const two = await startNginx(t, nginxOf(await member(pki, 'two', next), both, pki))
  const { client } = await startGcore(t, testFolder(t))
  const own = async (name: string, from: KeyPairFiles): Promise<string> => {
    const pair = await pki.issue(name, { ca: from, use: 'clientAuth' })
    const secret = await client.create('secrets', encoded(name, pair.chain + pair.key), 'v2')
    return secret.id
  }
  const authorities = {
    old: await secretOf(client, ca.certFile),
    both: (await client.create('secrets', encoded('both', both))).id as string,
    next: await secretOf(client, next.certFile),
  }
  const at = (...ports: readonly number[]) =>
    ports.map((protocol_port) => ({ address: '127.0.0.1', protocol_port }))
  const { port, body } = await oneListener({
    pools: [{
      name: 'backend-pool',
      protocol: 'HTTPS',
      lb_algorithm: 'ROUND_ROBIN',
      ca_secret_id: authorities.old,
      secret_id: await own('first', ca),
      members: at(one.port),
    }],
  })
  await client.create('loadbalancers', body)
  const [{ id }] = (await client.get('lbpools')).body.results

  let going = true
  const statuses = new Map<number, number>()
  const load = Promise.all(Array.from({ length: CLIENTS }, async () => {
    const wire = await plainClient(t, port)
    while (going) {
      wire.send('GET / HTTP/1.1\r\nHost: web.test\r\n\r\n')
      const { status } = await wire.message()
      statuses.set(status, (statuses.get(status) ?? 0) + 1)
    }
    wire.close()
  }))
  const steps = [
    { ca_secret_id: authorities.both },
    { members: at(one.port, two.port) },
    { secret_id: await own('second', next) },
    { members: at(two.port) },
    { ca_secret_id: authorities.next },
    { members: at(two.port, one.port), ca_secret_id: authorities.both },
    { members: at(two.port) },
  ]
  const before = () => [...statuses.values()].reduce((sum, each) => sum + each, 0)
  for (const step of steps) {
    await client.update('lbpools', id, step)
    const count = before()
    // Traffic has to meet each step.
    while (before() < count + 50) await new Promise((resolve) => setTimeout(resolve, 5))
  }
  going = false
  await load
  t.same([...statuses.keys()], [200], `all of ${before()} requests are answered`)
  const subjects = (log: readonly string[]) => new Set(log.map((line) => line.split(' ')[2]))
  t.same(subjects(one.log()), new Set(['CN=first', 'CN=second']))
  t.ok(subjects(two.log()).has('CN=second'))
})

function member(pki: Pki, name: string, ca: KeyPairFiles): Promise<KeyPairFiles> {
  return pki.issue(name, { ca, use: 'serverAuth', names: [`DNS:${name}.test`] })
}

function nginxOf(pair: KeyPairFiles, authorities: string, pki: Pki): string {
  const file = pki.path('authorities.pem')
  writeFileSync(file, authorities)
  return `ssl_certificate ${pair.certFile}; ssl_certificate_key ${pair.keyFile};
    ssl_client_certificate ${file}; ssl_verify_client on; location / { return 200 ok; }`
}
