/** Listeners whose users prove themselves by name and password. */
import t, { type Test } from 'tap'
import { head, plainClient } from '../../support/client.ts'
import { startGateway, type TestGateway } from '../../support/gateway.ts'
import { startUpstream } from '../../support/upstream.ts'
import { everythingTo } from './scene.ts'

// Of the password `right`, by `openssl passwd`.
const HASH = '$5$rounds=1000$anna$BjwnkUS.RRZf/RijiMf3JL90ojIF91y3m3ut83lYsd/'
const USERS = `users: [{ name: anna, hash: '${HASH}' }]`

const basic = (name: string, password: string): string =>
  `Authorization: Basic ${btoa(`${name}:${password}`)}`

async function scene(t: Test, listener = USERS): Promise<TestGateway> {
  const upstream = await startUpstream(t)
  return await startGateway(t, everythingTo(upstream.address, { listener }))
}

t.test('who brings the right password comes in, with and without a body', async (t) => {
  const gateway = await scene(t)
  const client = await plainClient(t, gateway.port())
  for (let turn = 0; turn < 3; turn++) {
    client.send(head('GET /', [basic('anna', 'right')]))
    t.equal((await client.message()).status, 200)
    client.send(head('POST /', [basic('anna', 'right'), 'Content-Length: 4']) + 'body')
    t.equal((await client.message()).status, 200)
  }
})

t.test('who brings none, or a wrong one, is asked for it', async (t) => {
  const gateway = await scene(t)
  const client = await plainClient(t, gateway.port())
  const cases = [[[], 'CREDENTIAL_MISSING'], [['Authorization: Bearer x'], 'CREDENTIAL_MISSING'], [
    [basic('anna', 'wrong')],
    'CREDENTIAL_UNKNOWN',
  ], [[basic('ben', 'right')], 'CREDENTIAL_UNKNOWN']] as const
  for (const [fields, code] of cases) {
    client.send(head('GET /', fields))
    const { status, header, body } = await client.message()
    t.equal(status, 401)
    t.match(header('www-authenticate'), /^Basic realm="/)
    t.notMatch(body, /anna|right|wrong/)
    await gateway.line({ code })
  }
  client.send(head('GET /', [basic('anna', 'right')]))
  t.equal((await client.message()).status, 200, 'the connection goes on')
  t.notOk(gateway.rawLines.some((line) => /right|wrong/.test(line)), 'no password in the log')
})

t.test('a changed list counts from the next request', async (t) => {
  const upstream = await startUpstream(t)
  const yaml = (listener: string): string => everythingTo(upstream.address, { listener })
  const gateway = await startGateway(t, yaml(USERS))
  const client = await plainClient(t, gateway.port())
  const asked = async (): Promise<number> => {
    client.send(head('GET /', [basic('anna', 'right')]))
    return (await client.message()).status
  }
  t.equal(await asked(), 200)
  await gateway.reconfigure(yaml(USERS.replace('anna,', 'ben,')))
  t.equal(await asked(), 401)
  await gateway.reconfigure(yaml(''))
  t.equal(await asked(), 200)
})

t.test('a hash of another kind is refused when the configuration is read', async (t) => {
  const gateway = await scene(t)
  for (const hash of ['$2y$10$abcdefghijklmnopqrstuv', '$1$a$b', 'right']) {
    const yaml = everythingTo('127.0.0.1:9', {
      listener: `users: [{ name: anna, hash: '${hash}' }]`,
    })
    const reason = await gateway.reconfigure(yaml)
    t.match(
      reason,
      /Could not let user "anna" in at listener "main": its hash is none of crypt\(3\)/,
    )
    t.notOk(reason?.includes(hash), 'which it does not tell')
  }
})
