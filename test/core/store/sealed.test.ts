/** Secrets at rest: sealed in place, readable by the right key only, and moved from key to key. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { FileStore } from '../../../adapters/file-store/mod.ts'
import { hostClock, hostEntropy, HostFiles } from '../../../adapters/host/mod.ts'
import {
  addKey,
  dropOldKeys,
  dumpLines,
  isStoreFailure,
  type Json,
  type KeyFile,
  type KeyRing,
  MemoryStore,
  openKeyFile,
  readKeyRing,
  rekey,
  restore,
  SealedStore,
  type SecretsOf,
} from '../../../core/store/mod.ts'
import { good, refused, Seen } from '../../conformance/store-cases.ts'

const by = 'tester'
const PEM = '-----BEGIN PRIVATE KEY-----\nMIGH-very-private\n-----END PRIVATE KEY-----\n'
const [old, fresh] = ['a', 'b'].map((letter) => btoa(letter.repeat(32))) as [string, string]

/** What a dialect would say: `password` anywhere at the top, all of `credentials`. */
const secretsOf: SecretsOf = () => [['password'], ['credentials']]

async function ringOf(t: Test, text: string): Promise<KeyRing> {
  return good(t, await readKeyRing(text, 'a test'))
}

async function sealedPair(
  t: Test,
  text = old,
): Promise<{ memory: MemoryStore; store: SealedStore; ring: KeyRing }> {
  const memory = new MemoryStore({ clock: hostClock })
  const ring = await ringOf(t, text)
  t.teardown(() => memory.close())
  return { memory, ring, store: new SealedStore({ store: memory, ring, secretsOf }) }
}

const DOCUMENT = {
  name: 'shown',
  password: 'hidden-word',
  credentials: [{ user: 'hidden-user' }],
  tls: { cert: 'CERT', keys: ['x', PEM] },
}

t.test('secrets are sealed, the rest is not, and reading gives all', async (t) => {
  const { memory, store } = await sealedPair(t)
  const { document } = good(t, await store.put('/ssls/1', DOCUMENT, { by }))
  t.same(document.value, DOCUMENT)
  const kept = good(t, await memory.get('/ssls/1')).document?.value
  t.notMatch(JSON.stringify(kept), /hidden|private/i)
  t.match(kept, {
    name: 'shown',
    password: /^sealed:1:[0-9a-f]{8}:/,
    credentials: /^sealed:1:/,
    tls: { cert: 'CERT', keys: ['x', /^sealed:1:/] },
  })
  t.same(good(t, await store.get('/ssls/1')).document?.value, DOCUMENT)
  t.same(good(t, await store.list('/')).documents[0]?.value, DOCUMENT)
  good(t, await store.put('/ssls/2', DOCUMENT, { by }))
  const [one, two] = good(t, await memory.list('/')).documents as readonly { value: Json }[]
  t.not(
    (one?.value as { password: string }).password,
    (two?.value as { password: string }).password,
    'equal secrets do not look equal',
  )
})

t.test('watchers get secrets in clear, in order', async (t) => {
  const { store } = await sealedPair(t)
  const seen = new Seen()
  t.teardown(store.watch('/', 0, seen.receive))
  for (let i = 0; i < 20; i++) {
    good(t, await store.put('/a', i % 2 === 0 ? { password: `p${i}` } : i, { by }))
  }
  await seen.until((events) => events.length === 20)
  t.same(
    seen.told.map(([, value]) => value),
    Array.from({ length: 20 }, (_, i) => i % 2 === 0 ? { password: `p${i}` } : i),
  )
})

t.test('text that only looks sealed comes back as it was', async (t) => {
  const { store } = await sealedPair(t)
  const value = { note: 'sealed:1:00000000:AAAA', deep: ['sealed:1:'], password: 'sealed:1:x' }
  good(t, await store.put('/a', value, { by }))
  t.same(good(t, await store.get('/a')).document?.value, value)
})

t.test('what was changed, moved, or sealed with another key is refused', async (t) => {
  const { memory, store } = await sealedPair(t)
  good(t, await store.put('/a', { password: 'x', other: 'y' }, { by }))
  const { password } = good(t, await memory.get('/a')).document?.value as { password: string }
  good(t, await memory.put('/b', { password }, { by }))
  refused(t, await store.get('/b'), 'corrupt', /^Unseal "password" of "\/b": it was changed/)
  good(t, await memory.put('/a', { other: password }, { by }))
  refused(t, await store.get('/a'), 'corrupt', /^Unseal "other"/)
  const last = password.at(-3) === 'A' ? 'B' : 'A'
  good(
    t,
    await memory.put('/a', { password: password.slice(0, -3) + last + password.slice(-2) }, { by }),
  )
  refused(t, await store.list('/'), 'corrupt')
  good(t, await memory.put('/a', { password }, { by }))
  const stranger = new SealedStore({ store: memory, ring: await ringOf(t, fresh) })
  refused(t, await stranger.get('/a'), 'corrupt', /the key "[0-9a-f]{8}" .* is not among ours/)
  const seen = new Seen()
  stranger.watch('/', 1, seen.receive)
  await seen.until((events) => events.some(({ kind }) => kind === 'ended'))
  t.match(seen.events, [{ kind: 'ended', failure: { failure: 'corrupt' } }])
})

t.test('a document that cannot be unsealed hides no other from whoever is told of it', async (t) => {
  const { memory, store } = await sealedPair(t)
  good(t, await store.put('/a', { password: 'x' }, { by }))
  const told: string[] = []
  const unreadable = ({ message }: { readonly message: string }): void => void told.push(message)
  const ring = await ringOf(t, fresh)
  const stranger = new SealedStore({ store: memory, ring, unreadable })
  good(t, await stranger.put('/b', { open: 1 }, { by }))
  const page = good(t, await stranger.list('/'))
  t.match(page.documents.map(({ key, value }) => [key, value]), [
    ['/a', { password: /^sealed:1:/ }],
    ['/b', { open: 1 }],
  ])
  t.match(told, [/^Unseal "password" of "\/a": the key .* is not among ours/])
  refused(t, await stranger.get('/a'), 'corrupt')
})

t.test('keys that are none are refused', async (t) => {
  refused(t, await readKeyRing('# nothing\n', 'K'), 'invalid', /^Read keys of K: there is none/)
  refused(t, await readKeyRing('!!', 'K'), 'invalid', /not base64/)
  refused(t, await readKeyRing(`${old}\n${btoa('short')}`, 'K'), 'invalid', /key "2" .* 5 bytes/)
  t.equal((await ringOf(t, `# comment\n${old}, ${fresh}\n`)).keys.length, 2)
})

t.test('the key file is made once, for its owner alone, and never by halves', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'keys-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const file: KeyFile = { files: new HostFiles(), entropy: hostEntropy, path: join(folder, 'key') }
  const first = good(t, await openKeyFile(file))
  t.equal(statSync(file.path).mode & 0o777, 0o600)
  t.same(good(t, await openKeyFile(file)).keys.map(({ id }) => id), [first.keys[0].id])
  const two = good(t, await addKey(file))
  t.same([two.keys.length, two.keys[1]?.id], [2, first.keys[0].id])
  t.equal(await dropOldKeys(file), undefined)
  t.same(good(t, await openKeyFile(file)).keys.map(({ id }) => id), [two.keys[0].id])
  t.equal(statSync(file.path).mode & 0o777, 0o600)
  writeFileSync(file.path, 'nonsense!')
  refused(t, await openKeyFile(file), 'invalid', /not base64/)
  const nowhere = { ...file, path: join(folder, 'none', 'key') }
  refused(t, await openKeyFile(nowhere), 'unavailable', /^Use key file/)
})

t.test('a rekey moves all secrets to the first key, while others write', async (t) => {
  const { memory, store } = await sealedPair(t)
  for (let i = 0; i < 50; i++) good(t, await store.put(`/d/${i}`, { password: `p${i}` }, { by }))
  good(t, await store.put('/leased', { password: 'soon' }, { by, ttl: 100 }))
  good(t, await memory.put('/foreign', { key: PEM }, { by }))
  const both = await ringOf(t, `${fresh}\n${old}`)
  const writing = (async () => {
    for (let i = 0; i < 10; i++) {
      good(t, await store.put(`/d/${i}`, { password: `late${i}` }, { by }))
    }
  })()
  const done = good(t, await rekey(memory, both))
  await writing
  t.ok(done.documents >= 52)
  good(t, await rekey(memory, both))
  const single = await ringOf(t, fresh)
  const after = new SealedStore({ store: memory, ring: single })
  for (let i = 0; i < 50; i++) {
    const { document } = good(t, await after.get(`/d/${i}`))
    t.same(document?.value, { password: i < 10 ? `late${i}` : `p${i}` })
  }
  t.ok(good(t, await after.get('/leased')).document?.expires, 'it will still vanish')
  t.notMatch(JSON.stringify(good(t, await memory.list('/'))), /PRIVATE KEY/)
  refused(t, await store.get('/d/20'), 'corrupt', /is not among ours/)
  const reloading = new SealedStore({
    store: memory,
    ring: await ringOf(t, old),
    reload: () => Promise.resolve(single),
  })
  t.same(good(t, await reloading.get('/d/20')).document?.value, { password: 'p20' })
})

t.test('a dump holds no secret unless asked, and both kinds can be restored', async (t) => {
  const { memory, store, ring } = await sealedPair(t)
  good(t, await store.put('/ssls/1', DOCUMENT, { by }))
  good(t, await store.put('/plain', { a: 1 }, { by }))
  good(t, await store.put('/leased', 1, { by, ttl: 100 }))
  good(t, await memory.put('/foreign', { key: PEM }, { by }))
  for (const reveal of [false, true]) {
    const lines = good(t, await dumpLines(memory, { prefix: '/', ring, reveal }))
    const text = lines.map((line) => JSON.stringify(line)).join('\n')
    t.same(lines.map(({ key }) => key), ['/foreign', '/plain', '/ssls/1'])
    t.equal(/hidden|very-private/.test(text), reveal)
    const { memory: other, store: copy } = await sealedPair(t)
    t.same(good(t, await restore(other, text, { ring, by, replace: false })), { documents: 3 })
    t.same(good(t, await copy.get('/ssls/1')).document?.value, DOCUMENT)
    t.same(good(t, await copy.get('/foreign')).document?.value, { key: PEM })
    t.notMatch(JSON.stringify(good(t, await other.list('/'))), /hidden|very-private/)
    const again = await restore(other, text, { ring, by, replace: false })
    refused(t, again, 'conflict', /^Restore "\/foreign": it is there already/)
    good(t, await restore(other, text, { ring, by, replace: true }))
  }
})

t.test('a dump that makes no sense changes nothing', async (t) => {
  const { memory, ring } = await sealedPair(t)
  const options = { ring, by, replace: false }
  for (const row of ['{', '[]', '{"key":"x","value":1}', '{"key":"/a"}', 'null']) {
    const text = `{"key":"/ok","value":1}\n${row}\n`
    refused(t, await restore(memory, text, options), 'invalid', /^Restore line "2"/)
  }
  const foreign = '{"key":"/a","value":{"password":"sealed:1:12345678:AAAA"}}'
  refused(t, await restore(memory, foreign, options), 'corrupt', /is not among ours/)
  t.same(good(t, await memory.list('/')).documents, [])
})

t.test('nothing secret lies in clear in the files of a folder', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sealed-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const files = good(t, await FileStore.open({ folder, clock: hostClock }))
  const store = new SealedStore({ store: files, ring: await ringOf(t, old), secretsOf })
  good(t, await store.put('/ssls/1', DOCUMENT, { by }))
  const failure = await files.compact()
  if (isStoreFailure(failure)) t.fail(failure.message)
  good(t, await store.put('/ssls/1', { ...DOCUMENT, name: 'again' }, { by }))
  await store.close()
  const text = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8')).join('')
  t.match(text, /again[\s\S]*shown/)
  t.notMatch(text, /hidden|very-private/)
})
