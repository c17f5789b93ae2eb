/** Workers of one gateway share its store over the messages that processes really send. */
import { execFile } from 'node:child_process'
import process from 'node:process'
import t from 'tap'
import { compiled, PLAIN } from '../../support/compiled.ts'

t.test('two workers count together and see the end', async (t) => {
  const script = compiled(t, 'test/core/store/cluster-lab.ts')
  const [program, ...args] = [...PLAIN, process.execPath, script] as const
  const out = await new Promise<string>((resolve, reject) => {
    execFile(program, args, { timeout: 20_000 }, (error, out, err) => {
      if (error === null) resolve(out)
      else reject(new Error(`${error.message} ${err}`))
    })
  })
  t.match(JSON.parse(out), { document: { key: '/total', value: 50, version: 50 } })
})
