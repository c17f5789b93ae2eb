import t from 'tap'
import { isPasswordOf, parseShaCrypt } from '../../../core/plan/sha-crypt.ts'
import type { ShaCrypt } from '../../../core/plan/sha-crypt.ts'

/** As glibc's crypt(3) and `openssl passwd` write them. */
const VECTORS: readonly (readonly [hash: string, password: string])[] = [
  ['$5$saltstring$5B8vYYiY.CVt1RlTTf8KbXBH3hsxY/GNooZaBBGWEc5', 'Hello world!'],
  [
    '$5$rounds=10000$saltstringsaltst$3xv.VbSHBb41AL9AvLeujZkZRBAwqFMz2.opqey6IcA',
    'Hello world!',
  ],
  [
    '$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcb' +
    'YEdFCoEOfaS35inz1',
    'Hello world!',
  ],
]

t.test('a password fits its hash, and no other does', async (t) => {
  for (const [text, password] of VECTORS) {
    const hash = parseShaCrypt(text) as ShaCrypt
    t.ok(await isPasswordOf(hash, password), text)
    t.notOk(await isPasswordOf(hash, `${password}!`))
    t.notOk(await isPasswordOf(hash, ''))
  }
})

t.test('a password beyond all measure fits nothing: hashing it would take for ever', async (t) => {
  const hash = parseShaCrypt(VECTORS[0]![0]) as ShaCrypt
  t.notOk(await isPasswordOf(hash, 'x'.repeat(100_000)))
})

t.test('parseShaCrypt takes both kinds, and nothing else', (t) => {
  t.match(parseShaCrypt(VECTORS[0]![0]), {
    algorithm: 'SHA-256',
    salt: 'saltstring',
    rounds: 5000,
  })
  t.match(parseShaCrypt(VECTORS[2]![0]), { algorithm: 'SHA-512', rounds: 5000 })
  const digest = 'x'.repeat(43)
  t.equal(parseShaCrypt(`$5$rounds=10$salt$${digest}`)?.rounds, 1000, 'the least there is')
  for (
    const text of [
      '',
      'secret',
      '$1$salt$abc',
      '$2y$10$abcdefghijklmnopqrstuv',
      '$y$j9T$salt$digest',
      `$5$salt$${digest}x`,
      `$6$salt$${digest}`,
      `$5$rounds=2000000$salt$${digest}`,
      `$5$salt$${digest.slice(1)}!`,
    ]
  ) t.equal(parseShaCrypt(text), undefined, text)
  t.end()
})
