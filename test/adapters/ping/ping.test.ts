import t from 'tap'
import { ProgramPinger } from '../../../adapters/ping/mod.ts'

t.test('what the program says is passed on', async (t) => {
  t.equal(await new ProgramPinger('true').ping('127.0.0.1', 1000), true)
  t.equal(await new ProgramPinger('false').ping('127.0.0.1', 1000), false)
})

t.test('where there is no such program, or it cannot ask, that is no answer', async (t) => {
  t.equal(await new ProgramPinger('/nowhere/ping').ping('127.0.0.1', 1000), undefined)
})
