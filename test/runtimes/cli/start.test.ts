import { execFile } from 'node:child_process'
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { main } from '../../../runtimes/cli/mod.ts'
import { keepTryOutPki } from '../../../runtimes/cli/try-out-pki.ts'
import { command, testFolder, testHost } from '../../support/command.ts'
import { Sallyport } from '../../support/sallyport.ts'

const run = promisify(execFile)
const FREE = ['--port', '0', '--http-port', '0', '--admin-port', '0']

/** Runs a line as it is printed; what curl answers, and the status behind it. */
async function paste(line: string): Promise<{ body: string; status: number }> {
  const { stdout } = await run('sh', ['-c', `${line} -sS -w '\\n%{http_code}'`])
  const end = stdout.lastIndexOf('\n')
  return { body: stdout.slice(0, end), status: Number(stdout.slice(end + 1)) }
}

function requestAfter(out: string, words: RegExp): string {
  const found = new RegExp(`${words.source}[^\n]*:\n((?:[^\n]+\n)+)`).exec(out)
  return (found?.[1] ?? '').trimEnd()
}

/** Starts within this process, and ends as Ctrl-C ends it. */
async function startHere(
  args: readonly string[],
): Promise<{ said: { out: string; err: string }; interrupt: () => Promise<number> }> {
  const tasks = new Map<string, () => void>()
  let exited: (code: number) => void = () => {}
  const over = new Promise<number>((done) => exited = done)
  const sink = { append: () => {}, reopen: () => {}, close: () => Promise.resolve(), dropped: 0 }
  const host = testHost(args, {
    onSignal: (signal, task) => void tasks.set(signal, task),
    exit: (code) => exited(code),
    openLines: () => sink,
    log: { write: () => {} },
  })
  const code = await main(host)
  if (code !== undefined) throw new Error(`It ended with ${code}: ${host.said.err}`)
  const interrupt = async (): Promise<number> => {
    tasks.get('SIGINT')?.()
    return await over
  }
  return { said: host.said, interrupt }
}

t.test('a first start, and another one', async (t) => {
  // A space, so that what is printed has to be quoted.
  const data = join(testFolder(t), 'my data')
  const program = new Sallyport(t, ['start', '--data', data, ...FREE])
  await program.said(/Ctrl-C ends it all/)
  const { out } = program

  const subscriber = await paste(requestAfter(out, /"acme" is let in, 200/))
  t.equal(subscriber.status, 200)
  const { method, path, headers } = JSON.parse(subscriber.body)
  t.match({ method, path, headers }, {
    method: 'GET',
    path: '/orders/1',
    headers: { 'client-cert': /^:[A-Za-z0-9+/=]+:$/, 'x-forwarded-proto': 'https' },
  })
  const stranger = await paste(requestAfter(out, /"stranger" is refused, 401 CERTIFICATE_UNKNOWN/))
  t.equal(stranger.status, 401)
  t.equal(JSON.parse(stranger.body).code, 'CERTIFICATE_UNKNOWN')
  const plain = /(http:\/\/localhost:\d+) +plain/.exec(out)?.[1]
  t.equal((await paste(`curl ${plain}/hello`)).status, 200)
  t.equal((await paste(`curl ${plain}/orders/1`)).status, 401)
  const admin = /(http:\/\/\S+) +admin/.exec(out)?.[1]
  t.match(JSON.parse((await paste(`curl ${admin}/readyz`)).body), { status: 'ready' })

  for (const name of ['ca', 'localhost', 'acme', 'stranger']) {
    t.equal(statSync(join(data, 'pki', `${name}.key`)).mode & 0o777, 0o600)
  }
  const file = join(data, 'gateway.yaml')
  t.same(await command(['check', '-c', file]), { code: 0, out: `${file}: ok\n`, err: '' })

  // What was written is read again when it changes.
  const before = readFileSync(file, 'utf8')
  writeFileSync(file, before.replace('paths: [/hello]', 'paths: [/moin]'))
  program.signal('SIGHUP')
  await program.said(/Configuration reloaded/)
  t.equal((await paste(`curl ${plain}/moin`)).status, 200)
  t.equal((await paste(`curl ${plain}/hello`)).status, 404)

  // The README's tour: the stranger subscribes.
  const block = /```yaml\n(applications:\n[^`]+)```/.exec(readFileSync('README.md', 'utf8'))?.[1]
  writeFileSync(file, readFileSync(file, 'utf8').replace('applications:\n', block ?? 'none'))
  program.signal('SIGHUP')
  await program.said(/Configuration reloaded[^]*Configuration reloaded/)
  t.equal((await paste(requestAfter(out, /"stranger" is refused/))).status, 200)

  const busy = await command(['start', '--data', data])
  t.equal(busy.code, 2)
  t.match(busy.err, /Open the store ".+": process \d+ has it open/)
  t.match(busy.err, `Change ${file}`)

  const ended = await program.stop()
  t.equal(ended.code, 0)
  t.match(ended.out, /"path":"\/orders\/1","status":401/)

  const certificate = readFileSync(join(data, 'pki', 'acme.crt'), 'utf8')
  const changed = readFileSync(file, 'utf8')
  const again = await startHere(['start', '--data', data, '--port', '1'])
  t.notMatch(again.said.out, 'Made')
  t.match(again.said.out, '--port: not looked at, since the addresses stand in')
  t.equal((await paste(requestAfter(again.said.out, /"acme" is let in, 200/))).status, 200)
  t.equal(readFileSync(join(data, 'pki', 'acme.crt'), 'utf8'), certificate)
  t.equal(readFileSync(file, 'utf8'), changed)
  t.equal(await again.interrupt(), 0)
})

t.test('a port that is taken: nothing is written', async (t) => {
  const server = createServer()
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  t.teardown(() => new Promise((done) => server.close(done)))
  const { port } = server.address() as AddressInfo
  const data = join(testFolder(t), 'data')
  for (const flag of ['--port', '--http-port', '--admin-port']) {
    const { code, err } = await command(['start', '--data', data, ...FREE, flag, String(port)])
    t.equal(code, 2)
    t.match(err, `Could not use ${flag} ${port} (EADDRINUSE): another process`)
  }
  t.notOk(existsSync(data))
})

t.test('wrong use', async (t) => {
  const folder = testFolder(t)
  const file = join(folder, 'file')
  writeFileSync(file, '')
  const cases: (readonly [readonly string[], RegExp])[] = [
    [['--port', 'x'], /Could not read --port "x": expected a port/],
    [['--http-port', '65536'], /Could not read --http-port "65536"/],
    [['--data', ''], /it names no folder/],
    [['--data', file, ...FREE], /there is a file where a folder should be: choose another/],
    [['--data', join(file, 'below'), ...FREE], /there is a file where a folder should be/],
  ]
  for (const [args, expected] of cases) {
    const { code, err } = await command(['start', '--data', join(folder, 'data'), ...args])
    t.equal(code, 2, args.join(' '))
    t.match(err, expected)
  }
  t.notOk(existsSync(join(folder, 'data')))
})

t.test('a configuration that was broken by hand', async (t) => {
  const folder = testFolder(t)
  writeFileSync(join(folder, 'gateway.yaml'), 'listeners: []\n')
  const { code, err } = await command(['start', '--data', folder])
  t.equal(code, 1)
  t.match(err, /gateway\.yaml:1:/)
  t.match(err, 'or remove it to have it made anew')
})

t.test('certificates are kept, renewed, or told of', async (t) => {
  const folder = testFolder(t)
  const days = (count: number) => {
    const host = testHost([])
    const { clock } = host
    return { ...host, clock: { ...clock, now: () => clock.now() + count * 86_400_000 } }
  }
  const text = (name: string) => readFileSync(join(folder, name), 'utf8')
  t.equal((await keepTryOutPki(testHost([]), folder)).length, 4)
  t.same(await keepTryOutPki(testHost([]), folder), [])
  const ca = text('ca.crt')

  t.test('soon', async (t) => {
    const acme = text('acme.crt')
    const notes = await keepTryOutPki(days(380), folder)
    t.equal(notes.length, 3)
    t.match(notes[1], /^Renewed, for it expires soon, client certificate "acme"/)
    t.not(text('acme.crt'), acme)
    t.equal(text('ca.crt'), ca)
    t.same(await keepTryOutPki(days(380), folder), [])
  })

  t.test('missing, or without its key', async (t) => {
    rmSync(join(folder, 'acme.crt'))
    writeFileSync(join(folder, 'stranger.key'), text('acme.key'))
    const notes = await keepTryOutPki(days(380), folder)
    t.match(notes, [/^Made client certificate "acme"/, /^Made client certificate "stranger"/])
  })

  t.test('of another CA', async (t) => {
    rmSync(join(folder, 'ca.key'))
    const notes = await keepTryOutPki(days(380), folder)
    t.match(notes, [/^Made a CA: /, /^Renewed, for it is not of this CA/, String, String])
    t.not(text('ca.crt'), ca)
  })

  t.test('the CA itself', async (t) => {
    const late = 380 + 3650
    await keepTryOutPki(days(late - 20), folder)
    t.match(await keepTryOutPki(days(late - 20), folder), [/^The CA expires in (19|20) days/])
    const notes = await keepTryOutPki(days(late + 1), folder)
    t.match(notes[0], /^Made a CA anew, since the old one has expired/)
    t.equal(notes.length, 4)
  })
})
