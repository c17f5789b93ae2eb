/** What is stored survives a kill at any moment: a write answered with success is there after a restart, a torn write never is. */
import { appendFileSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { testFolder } from '../support/command.ts'
import { MANAGED, Managed } from '../support/managed.ts'
import { startUpstream } from '../support/upstream.ts'

t.test('A write answered with success is in force after a kill, a torn one never is', async (t) => {
  const upstream = await startUpstream(t)
  const folder = testFolder(t)
  const file = join(folder, 'gateway.yaml')
  writeFileSync(file, `${MANAGED}listeners: [{ name: plain, address: 127.0.0.1:0 }]\n`)
  const first = await new Managed(t, file).started()
  await first.open('/orders', `http://${upstream.address}`)
  first.program.signal('SIGKILL')
  await first.program.exit()

  const second = await new Managed(t, file).started()
  t.equal(await second.get('/orders/1'), 200)
  const id = await second.open('/bills', `http://${upstream.address}`)
  await second.manage('POST', `/apis/${id}/_stop`)
  second.program.signal('SIGKILL')
  await second.program.exit()

  // A line that never became whole, as a loss of power leaves it.
  const store = join(folder, 'data')
  const log = readdirSync(store).filter((name) => name.startsWith('log-')).sort().at(-1) ?? ''
  appendFileSync(join(store, log), '0f6b2a51 9999 {"revision":99,"changes":[{"delete":')
  const third = await new Managed(t, file).started()
  t.equal(await third.get('/orders/1'), 200)
  t.equal(await third.get('/bills/1'), 404, 'what was stopped stays so')
  t.match((await third.ready()).body, { status: 'ready', store: { current: true } })
})
