/** A lost store leaves the last good snapshot serving, says so, and catches up when it returns. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import t from 'tap'
import { head, plainClient } from '../support/client.ts'
import { startGateway } from '../support/gateway.ts'
import { startUpstream } from '../support/upstream.ts'
import { everythingTo } from '../core/proxy/scene.ts'

t.test('an unreadable configuration leaves the last good snapshot serving, says so, and catches up', async (t) => {
  const upstream = await startUpstream(t)
  const next = await startUpstream(t)
  const gateway = await startGateway(t, everythingTo(upstream.address))
  const { service } = gateway
  const client = await plainClient(t, gateway.port())
  const ask = async (): Promise<number> => {
    client.send(head('GET /'))
    return (await client.message()).status
  }
  t.equal(await ask(), 200)

  const text = readFileSync(gateway.file, 'utf8')
  rmSync(gateway.file)
  await service.reloadNow()
  t.match(service.reload.stale?.reason, /ENOENT/, 'it says what is lost')
  t.equal(await ask(), 200, 'the last good snapshot serves')

  writeFileSync(gateway.file, text.slice(0, text.length / 2))
  const since = service.reload.stale?.since
  await service.reloadNow()
  t.equal(await ask(), 200, 'half a file changes nothing')
  t.equal(service.reload.stale?.since, since, 'it says since when')

  writeFileSync(gateway.file, everythingTo(next.address))
  await service.reloadNow()
  t.equal(service.reload.stale, undefined, 'it has caught up')
  t.equal(await ask(), 200)
  t.equal(next.requests.length, 1, 'the new configuration is in force')
})
