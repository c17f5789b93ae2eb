/** Workers share the store of the process that watches over them. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { testFolder } from '../../support/command.ts'
import { MANAGED, Managed } from '../../support/managed.ts'
import { startUpstream } from '../../support/upstream.ts'

t.test('what is answered over the API holds in every worker', async (t) => {
  const upstream = await startUpstream(t)
  const file = join(testFolder(t), 'gateway.yaml')
  const listeners = 'listeners: [{ name: plain, address: 127.0.0.1:0 }]'
  writeFileSync(file, `${MANAGED}${listeners}\nworkers: 2\n`)
  const gateway = await new Managed(t, file).started()
  // Deno's node:cluster loses a connection now and then on its way to a worker: it is asked once more.
  const ask = async (path: string): Promise<number> => {
    for (let tries = 0; tries < 4; tries++) {
      const status = await gateway.get(path, 1500).catch(() => undefined)
      if (status !== undefined) return status
    }
    throw new Error(`${path} is never answered`)
  }
  const statuses = async (path: string): Promise<number[]> => {
    const all = await Promise.all(Array.from({ length: 12 }, () => ask(path)))
    return [...new Set(all)]
  }
  for (let round = 0; round < 5; round++) {
    const id = await gateway.open(`/orders${round}`, `http://${upstream.address}`)
    t.same(await statuses(`/orders${round}/1`), [200])
    await gateway.manage('POST', `/apis/${id}/_stop`)
    t.same(await statuses(`/orders${round}/1`), [404])
  }
})
