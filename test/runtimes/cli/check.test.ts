import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { command, testFolder } from '../../support/command.ts'

const GOOD = `listeners:
  - address: 127.0.0.1:0
routes:
  - match: { paths: ['/*'] }
    upstream: { endpoints: [{ address: 127.0.0.1:8080 }] }
`

function configuration(t: Test, text: string): string {
  const file = join(testFolder(t), 'gateway.yaml')
  writeFileSync(file, text)
  return file
}

t.test('a good configuration', async (t) => {
  const file = configuration(t, GOOD)
  t.same(await command(['check', '-c', file]), { code: 0, out: `${file}: ok\n`, err: '' })
  const { code, out } = await command(['check', '--config', file, '--json'])
  t.equal(code, 0)
  t.same(JSON.parse(out), { ok: true, file, problems: [] })
})

t.test('everything that is wrong, each with its place', async (t) => {
  const file = configuration(t, GOOD.replace('address: 127.0.0.1:0', 'adress: 1') + 'bogus: 1\n')
  const { code, out, err } = await command(['check', '-c', file])
  t.equal(code, 1)
  t.equal(out, '')
  t.match(err, `${file}:2:`)
  t.match(err, `${file}:6:`)
  const json = await command(['check', '-c', file, '--json'])
  t.equal(json.code, 1)
  t.equal(json.err, '')
  const { ok, problems } = JSON.parse(json.out)
  t.equal(ok, false)
  t.ok(problems.length >= 2)
  for (const each of problems) {
    t.match(each, { severity: 'error', path: Array, message: String, file, column: Number })
  }
})

t.test('what a configuration names is looked at', async (t) => {
  const tls = '    tls: [{ certificate: { cert: none.crt, key: none.key } }]\n'
  const file = configuration(t, GOOD.replace('routes:', `${tls}routes:`))
  const { code, err } = await command(['check', '-c', file])
  t.equal(code, 1)
  t.match(err, /none\.crt/)
  t.match(err, /none\.key/)
})

t.test('warnings do not refuse', async (t) => {
  const file = configuration(t, `${GOOD}admin: { address: 0.0.0.0:0 }\n`)
  const { code, out, err } = await command(['check', '-c', file])
  t.equal(code, 0)
  t.match(out, /ok/)
  t.match(err, /warning/i)
})

t.test('no configuration', async (t) => {
  const file = join(testFolder(t), 'none.yaml')
  const { code, err } = await command(['check', '-c', file])
  t.equal(code, 1)
  t.match(err, /ENOENT/)
})
