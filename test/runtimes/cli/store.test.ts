/** `sallyport store`: what comes out, goes in, and changes keys, over a folder and over etcd. */
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { FileStore } from '../../../adapters/file-store/mod.ts'
import { hostClock, hostEntropy, HostFiles } from '../../../adapters/host/mod.ts'
import { openKeyFile, readKeyRing, SealedStore } from '../../../core/store/mod.ts'
import { missing } from '../../support/programs.ts'
import { startEtcd } from '../../adapters/etcd-store/etcd-lab.ts'
import { good } from '../../conformance/store-cases.ts'
import { command, type Ended, testFolder } from '../../support/command.ts'

const store = (...args: string[]): Promise<Ended> => command(['store', ...args])
const by = 'tester'

/** A folder with a sealed document in it, written the way a gateway would. */
async function filled(t: Test): Promise<{ folder: string; keyFile: string }> {
  const folder = join(testFolder(t), 'data')
  const keyFile = `${folder}.key`
  const ring = good(
    t,
    await openKeyFile({ files: new HostFiles(), entropy: hostEntropy, path: keyFile }),
  )
  const files = good(t, await FileStore.open({ folder, clock: hostClock }))
  const sealed = new SealedStore({ store: files, ring, secretsOf: () => [['password']] })
  good(t, await sealed.put('/routes/1', { uri: '/a' }, { by }))
  good(t, await sealed.put('/users/1', { name: 'u', password: 'hidden-word' }, { by }))
  await sealed.close()
  return { folder, keyFile }
}

t.test('a dump hides secrets, reveals them when asked, and is restored elsewhere', async (t) => {
  const { folder } = await filled(t)
  const hidden = await store('dump', '--folder', folder)
  t.match(hidden, { code: 0, err: '' })
  t.match(hidden.out, /^\{"key":"\/routes\/1","value":\{"uri":"\/a"\}\}\n.*"sealed:1:/)
  t.notMatch(hidden.out, 'hidden-word')
  const shown = await store('dump', '--folder', folder, '--reveal', '--prefix', '/users/')
  t.same(shown.out.trim().split('\n').map((line) => JSON.parse(line) as unknown), [{
    key: '/users/1',
    value: { name: 'u', password: 'hidden-word' },
    secrets: [['password']],
  }])

  const other = testFolder(t)
  const file = join(other, 'dump')
  writeFileSync(file, shown.out)
  const restored = await store('restore', file, '--folder', other)
  t.same(restored, { code: 0, out: '', err: 'Restored 1 documents\n' })
  t.equal(statSync(`${other}.key`).mode & 0o777, 0o600, 'a key was made')
  t.notMatch((await store('dump', '--folder', other)).out, 'hidden-word')
  t.match((await store('dump', '--folder', other, '--reveal')).out, 'hidden-word')
  const again = await store('restore', file, '--folder', other)
  t.match(again, { code: 1, err: /^Restore "\/users\/1": it is there already/ })
  t.equal((await store('restore', file, '--folder', other, '--replace')).code, 0)
})

t.test('a rekey leaves one new key, and nothing that the old one reads', async (t) => {
  const { folder, keyFile } = await filled(t)
  const before = readFileSync(keyFile, 'utf8')
  const done = await store('rekey', '--folder', folder)
  t.match(done, { code: 0, err: /^Sealed 1 documents with key [0-9a-f]{8}; it is the only one/ })
  const after = readFileSync(keyFile, 'utf8')
  t.not(after, before)
  const { keys } = good(t, await readKeyRing(after, 'the new file'))
  t.equal(keys.length, 1)
  t.match((await store('dump', '--folder', folder, '--reveal')).out, 'hidden-word')
  writeFileSync(keyFile, before)
  t.match(await store('dump', '--folder', folder, '--reveal'), { code: 1, err: /not among ours/ })

  // As if it had been broken off after the new key was put first.
  writeFileSync(keyFile, `${btoa('n'.repeat(32))}\n${after}`)
  t.equal((await store('rekey', '--folder', folder)).code, 0)
  t.match((await store('dump', '--folder', folder, '--reveal')).out, 'hidden-word')
})

t.test('the configuration names the folder, the environment the keys', async (t) => {
  const { folder, keyFile } = await filled(t)
  const config = join(folder, '..', 'gateway.yaml')
  writeFileSync(
    config,
    'listeners: [{ address: 127.0.0.1:0 }]\nstore: { folder: data }\nroutes: []\n',
  )
  t.match((await store('dump', '-c', config, '--reveal')).out, 'hidden-word')
  const text = readFileSync(keyFile, 'utf8')
  const env = (name: string): string | undefined =>
    name === 'SALLYPORT_STORE_KEYS' ? text : undefined
  const dump = ['store', 'dump', '-c', config, '--reveal', '--key-file', '/nowhere']
  t.match((await command(dump, { env })).out, 'hidden-word')
  t.match(await command(dump), { code: 2, err: /^Read key file "\/nowhere": there is none/ })
})

t.test('etcd is dumped, restored and rekeyed', { skip: missing('etcd') }, async (t) => {
  const [member] = await startEtcd(t)
  const { folder, keyFile } = await filled(t)
  const { out } = await store('dump', '--folder', folder)
  const etcd = ['--etcd', member?.endpoint ?? '', '--etcd-prefix', '/apisix', '--key-file', keyFile]
  const bytes = new TextEncoder().encode(out)
  const readStdin = () => Promise.resolve(bytes)
  t.equal((await command(['store', 'restore', '-', ...etcd], { readStdin })).code, 0)
  t.match((await store('dump', ...etcd, '--reveal')).out, 'hidden-word')
  t.match(await store('rekey', ...etcd), { code: 0, err: /the old ones stay/ })
  t.match(await store('rekey', ...etcd, '--drop-old-keys'), { code: 0, err: /it is the only one/ })
  t.match((await store('dump', ...etcd, '--reveal')).out, 'hidden-word')
})

t.test('wrong use is told', async (t) => {
  const { folder } = await filled(t)
  const elsewhere = join(folder, 'none')
  t.match(await store('dump', '--folder', elsewhere), { code: 2, err: /there is no such folder/ })
  t.notOk(existsSync(elsewhere), 'and nothing is made')
  for (
    const args of [[], ['empty'], ['dump', 'x'], ['restore', 'a', 'b'], ['dump', '--nonsense']]
  ) {
    t.equal((await store(...args, '--folder', folder)).code, 2)
  }
  t.match(await store('dump', '--etcd', 'http://127.0.0.1:1'), { code: 2, err: /--key-file or/ })
  const held = good(t, await FileStore.open({ folder, clock: hostClock }))
  t.teardown(() => held.close())
  t.match(await store('dump', '--folder', folder), { code: 2, err: /process \d+ has it open/ })
})
