/** Workers share the store of the process that watches over them. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { testFolder } from '../../support/command.ts'
import { MANAGED, Managed } from '../../support/managed.ts'
import { Sallyport } from '../../support/sallyport.ts'
import { startUpstream } from '../../support/upstream.ts'

t.test('what is answered over the API holds in every worker', async (t) => {
  const upstream = await startUpstream(t)
  const file = join(testFolder(t), 'gateway.yaml')
  const listeners = 'listeners: [{ name: plain, address: 127.0.0.1:0 }]'
  writeFileSync(file, `${MANAGED}${listeners}\nworkers: 2\n`)
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

t.test('a port that is taken ends all workers, and tells why', async (t) => {
  const { address } = await startUpstream(t)
  const file = join(testFolder(t), 'gateway.yaml')
  writeFileSync(file, `listeners: [{ name: plain, address: '${address}' }]\nworkers: 2\n`)
  const { code, err } = await new Sallyport(t, ['run', '-c', file]).exit()
  t.equal(code, 2)
  t.match(err, /Could not listen on .*EADDRINUSE/)
})
