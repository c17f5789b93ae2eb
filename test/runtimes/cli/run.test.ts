import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import t from 'tap'
import { command, testFolder } from '../../support/command.ts'
import { Sallyport } from '../../support/sallyport.ts'

const upstream = createServer((_, response) => response.end('from the upstream'))
await new Promise<void>((done) => upstream.listen(0, '127.0.0.1', done))
t.teardown(() => {
  upstream.closeAllConnections()
  upstream.close()
})
const { port } = upstream.address() as AddressInfo

function configuration(address: string, path: string): string {
  return `listeners: [{ name: plain, address: '${address}' }]
routes:
  - match: { paths: [${path}] }
    upstream: { endpoints: [{ address: 127.0.0.1:${port} }] }
`
}

t.test('serves, reloads, drains', async (t) => {
  const folder = testFolder(t)
  const file = join(folder, 'gateway.yaml')
  writeFileSync(file, configuration('127.0.0.1:0', '/a'))
  // The default file is that of the folder it is started in.
  const program = new Sallyport(t, ['run'], { cwd: folder })
  const [, address] = await program.said(/"Listening","listener":"plain","address":"([^"]+)"/)
  const get = async (path: string): Promise<string> => {
    const response = await fetch(`http://${address}${path}`, { headers: { Connection: 'close' } })
    return `${response.status} ${await response.text()}`
  }
  t.equal(await get('/a'), '200 from the upstream')
  t.match(await get('/b'), /^404/)

  writeFileSync(file, configuration('127.0.0.1:0', '/b'))
  program.signal('SIGHUP')
  await program.said(/Configuration reloaded/)
  t.equal(await get('/b'), '200 from the upstream')

  writeFileSync(file, 'listeners: nonsense\n')
  program.signal('SIGHUP')
  await program.said(/Configuration refused, the old one stays.*gateway\.yaml:1:/)
  t.equal(await get('/b'), '200 from the upstream')

  const { code, err } = await program.stop()
  t.equal(code, 0)
  t.match(err, /Draining/)
})

t.test('a configuration that is wrong', async (t) => {
  const file = join(testFolder(t), 'gateway.yaml')
  writeFileSync(file, 'listeners: nonsense\n')
  const { code, err } = await command(['run', '-c', file])
  t.equal(code, 1)
  t.match(err, `${file}:1:`)
})

t.test('an address that is taken', async (t) => {
  const file = join(testFolder(t), 'gateway.yaml')
  writeFileSync(file, configuration(`127.0.0.1:${port}`, '/a'))
  const { code, err } = await command(['run', '-c', file])
  t.equal(code, 2)
  t.match(err, `Could not listen on 127.0.0.1:${port} (EADDRINUSE): another process has it`)
})
