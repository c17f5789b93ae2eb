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
  // Deno's node:cluster may lose the first connection that it hands to a worker; nothing is claimed about that one.
  await Promise.all(Array.from({ length: 8 }, () => gateway.get('/', 2000).catch(() => 0)))
  // Under Deno, a connection that is handed to a worker before it listens is answered by nobody.
  await gateway.program.said(/(?:"Listening","listener":"plain"[^]*){2}/)
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
