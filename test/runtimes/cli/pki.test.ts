import { existsSync, readFileSync, statSync } from 'node:fs'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import t from 'tap'
import { command, type Ended, testFolder } from '../../support/command.ts'

const pki = (...args: string[]): Promise<Ended> => command(['pki', ...args])

function openssl(...args: string[]): string {
  return execFileSync('openssl', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] })
}

function mode(file: string): number {
  return statSync(file).mode & 0o777
}

t.test('an authority, a server and clients, as openssl sees them', async (t) => {
  const folder = join(testFolder(t), 'pki')
  const path = (name: string) => join(folder, name)
  t.same(await pki('ca', '--out', folder, '--name', 'Acme, Inc'), {
    code: 0,
    out: `Wrote ${path('ca.crt')}\nWrote ${path('ca.key')}\n`,
    err: '',
  })
  const names = ['--name', 'Localhost', '--name', '127.0.0.1', '--name', '[::1]', '--name', '*.a.b']
  t.equal((await pki('server', '--ca', folder, ...names)).code, 0)
  const who = ['--name', 'alice', '--uri', 'spiffe://a/b', '--email', 'a@b.c', '--type', 'rsa']
  t.equal((await pki('client', '--ca', folder, ...who, '--days', '3')).code, 0)
  t.equal((await pki('client', '--ca', folder, '--name', 'CN=bob,O=Acme')).code, 0)

  t.match(openssl('x509', '-in', path('ca.crt'), '-noout', '-subject'), 'Acme, Inc')
  const server = ['verify', '-CAfile', path('ca.crt'), '-purpose', 'sslserver']
  t.match(openssl(...server, '-verify_hostname', 'x.a.b', path('localhost.crt')), 'OK')
  t.match(openssl(...server, '-verify_ip', '::1', path('localhost.crt')), 'OK')
  const client = ['verify', '-CAfile', path('ca.crt'), '-purpose', 'sslclient']
  t.match(openssl(...client, path('alice.crt'), path('bob.crt')), 'OK')
  t.throws(() => openssl(...server, path('alice.crt')))
  const alice = openssl('x509', '-in', path('alice.crt'), '-noout', '-text')
  t.match(alice, 'URI:spiffe://a/b, email:a@b.c')
  t.match(alice, 'Public-Key: (2048 bit)')
  t.throws(() => openssl('x509', '-in', path('alice.crt'), '-noout', '-checkend', '259300'))
  for (const name of ['ca', 'localhost', 'alice', 'bob']) {
    t.equal(mode(path(`${name}.key`)), 0o600)
    t.match(openssl('pkey', '-in', path(`${name}.key`), '-noout', '-check'), /valid/)
  }
})

t.test('what is there stays, unless forced', async (t) => {
  const folder = testFolder(t)
  const key = join(folder, 'ca.key')
  await pki('ca', '--out', folder)
  const before = readFileSync(key, 'utf8')
  const again = await pki('ca', '--out', folder)
  t.equal(again.code, 2)
  t.match(again.err, 'it is there already; --force replaces it')
  t.equal(readFileSync(key, 'utf8'), before)
  t.equal((await pki('ca', '--out', folder, '--force', '--type', 'rsa')).code, 0)
  t.not(readFileSync(key, 'utf8'), before)
  t.equal(mode(key), 0o600)
  // An authority of RSA issues, too.
  t.equal((await pki('client', '--ca', folder, '--name', 'alice')).code, 0)
  t.match(openssl('verify', '-CAfile', join(folder, 'ca.crt'), join(folder, 'alice.crt')), 'OK')
  t.match(await pki('client', '--ca', folder, '--name', 'ca', '--force'), { code: 2 })
})

t.test('PKCS#12', async (t) => {
  const folder = testFolder(t)
  const path = (name: string) => join(folder, name)
  await pki('ca', '--out', folder)
  await pki('client', '--ca', folder, '--name', 'alice')
  const pair = ['--cert', path('alice.crt'), '--key', path('alice.key')]
  const out = path('new/alice.p12')
  const made = await pki('bundle', ...pair, '--out', out, '--passphrase', 'secret')
  t.same(made, { code: 0, out: `Wrote ${out}\n`, err: '' })
  t.equal(mode(out), 0o600)
  t.match(openssl('pkcs12', '-in', out, '-passin', 'pass:secret', '-noenc'), 'CN = alice')
  t.throws(() => openssl('pkcs12', '-in', out, '-passin', 'pass:wrong', '-noenc'))
  const shown = await command(['inspect', out, '--passphrase', 'secret'])
  t.equal(shown.code, 0)
  const again = await pki('bundle', ...pair, '--out', out, '--passphrase', 'other')
  t.match(again, { code: 2, err: /there already/ })
  t.match(await pki('bundle', ...pair, '--out', path('x.p12')), { code: 2, err: /passphrase/ })
  const mixed = ['--cert', path('alice.crt'), '--key', path('ca.key'), '--out', path('x.p12')]
  t.match(await pki('bundle', ...mixed, '--passphrase', 'x'), {
    code: 2,
    err: /belongs to another/,
  })
  t.match(await pki('bundle', ...pair), { code: 2, err: /--out are needed/ })
  t.notOk(existsSync(path('x.p12')))
})

t.test('wrong use', async (t) => {
  const folder = testFolder(t)
  await pki('ca', '--out', folder)
  const cases: (readonly [readonly string[], RegExp])[] = [
    [[], /Usage: sallyport pki ca/],
    [['nothing'], /Usage: sallyport pki ca/],
    [['server', '--ca', folder], /at least one --name/],
    [['server', '--ca', folder, '--name', 'two words'], /neither a DNS name nor an IP address/],
    [['server', '--ca', join(folder, 'none'), '--name', 'a'], /make one with sallyport pki ca/],
    [['client', '--ca', folder], /give its --name/],
    [['client', '--ca', folder, '--name', 'a"b'], /has one of/],
    [['client', '--ca', folder, '--name', 'a', '--type', 'dsa'], /ec and rsa are possible/],
    [['client', '--ca', folder, '--name', 'a', '--days', 'x'], /expected a whole number/],
    [['client', '--ca', folder, '--name', 'a', '--days', '0'], /for 0 days/],
    [['ca', '--out', join(folder, 'ca.crt')], /there is a file where a folder should be/],
  ]
  for (const [args, expected] of cases) {
    const { code, out, err } = await pki(...args)
    t.equal(code, 2, args.join(' '))
    t.equal(out, '')
    t.match(err, expected)
  }
})
