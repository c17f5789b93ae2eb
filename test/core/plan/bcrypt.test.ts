import t from 'tap'
import { isPasswordOf, parsePasswordHash } from '../../../core/plan/password-hash.ts'

/** Of crypt_blowfish's own tests: hash, password. */
const KNOWN: readonly (readonly [string, string])[] = [
  ['$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', 'U*U'],
  ['$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK', 'U*U*'],
  ['$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a', 'U*U*U'],
  ['$2a$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy', ''],
]

t.test('bcrypt', async (t) => {
  for (const [hash, password] of KNOWN) {
    for (const kind of ['$2a', '$2b', '$2y']) {
      const read = parsePasswordHash(hash.replace('$2a', kind))
      if (read === undefined) return t.fail(`${hash} is not read`)
      t.ok(await isPasswordOf(read, password), `${kind} ${password}`)
    }
  }
  const read = parsePasswordHash(KNOWN[0]?.[0] ?? '')
  if (read === undefined) return t.fail('it is not read')
  t.notOk(await isPasswordOf(read, 'U*V'))
  t.notOk(await isPasswordOf(read, 'x'.repeat(300)))
  for (const [bad] of [['$2a$03$'], ['$2a$14$'], ['$2x$05$'], ['$2$05$']] as const) {
    t.equal(parsePasswordHash(bad + 'C'.repeat(53)), undefined, bad)
  }
})
