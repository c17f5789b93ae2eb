/** Workers share the store of the process that watches over them. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import t from 'tap'
import { testFolder } from '../../support/command.ts'
import { MANAGED, Managed } from '../../support/managed.ts'
import { startUpstream } from '../../support/upstream.ts'

t.test('what is answered over the API holds in every worker', async (t) => {
  const upstream = await startUpstream(t)
  const file = join(testFolder(t), 'gateway.yaml')
  const listeners = 'listeners: [{ name: plain, address: 127.0.0.1:0 }]'
  // Deno's node:cluster loses connections and messages now and then, as the program says at its start: what is
  // claimed here of several processes is claimed of one there.
  const workers = process.versions['deno'] === undefined ? 2 : 1
  writeFileSync(file, `${MANAGED}${listeners}\nworkers: ${workers}\n`)
  const gateway = await new Managed(t, file).started()
  const statuses = async (path: string): Promise<number[]> => {
    const all = await Promise.all(Array.from({ length: 12 }, () => gateway.get(path)))
    return [...new Set(all)]
  }
  for (let round = 0; round < 5; round++) {
    const id = await gateway.open(`/orders${round}`, `http://${upstream.address}`)
    t.same(await statuses(`/orders${round}/1`), [200])
    await gateway.manage('POST', `/apis/${id}/_stop`)
    t.same(await statuses(`/orders${round}/1`), [404])
  }
})
