import t from 'tap'
import { VERSION } from '../../../runtimes/cli/version.ts'
import { command, testFolder } from '../../support/command.ts'
import { sallyport } from '../../support/sallyport.ts'

t.test('version', async (t) => {
  t.same(await command(['version']), { code: 0, out: `sallyport ${VERSION}\n`, err: '' })
  t.same(await command(['--version']), { code: 0, out: `sallyport ${VERSION}\n`, err: '' })
  const { out } = await command(['version', '--json'])
  t.same(JSON.parse(out), { version: VERSION })
})

t.test('help', async (t) => {
  for (const args of [['help'], ['--help'], ['-h'], ['run', '--help']]) {
    const { code, out } = await command(args)
    t.equal(code, 0, args.join(' '))
    t.match(out, /^Usage: sallyport COMMAND/)
  }
  const nothing = await command([])
  t.equal(nothing.code, 2)
  t.match(nothing.out, /^Usage/)
})

t.test('what there is not', async (t) => {
  for (const name of ['bogus', 'toString', '__proto__', '']) {
    const { code, out, err } = await command([name])
    t.equal(code, 2)
    t.equal(out, '')
    t.equal(err, `No command "${name}": see sallyport help\n`)
  }
})

t.test('wrong flags', async (t) => {
  const cases: (readonly [readonly string[], RegExp])[] = [
    [['run', '--bogus'], /Unknown option '--bogus'.*see sallyport help/],
    [['check', 'gateway.yaml'], /Unexpected argument 'gateway.yaml'/],
    [['check', '-c'], /argument missing|ambiguous/],
    [['start', '--json'], /Unknown option '--json'/],
    [['explain', '--listener'], /argument missing|ambiguous/],
    [['inspect', '--nope', 'x'], /Unknown option '--nope'/],
    [['pki', 'ca', '--nope'], /Unknown option '--nope'/],
  ]
  for (const [args, expected] of cases) {
    const { code, out, err } = await command(args)
    t.equal(code, 2, args.join(' '))
    t.equal(out, '')
    t.match(err, expected)
  }
})

t.test("the process ends with the command's code, its output whole", async (t) => {
  const { code, out } = await sallyport(t, ['check', '--json'], { cwd: testFolder(t) })
  t.equal(code, 1)
  t.equal(JSON.parse(out).ok, false)
})
