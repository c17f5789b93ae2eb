import t from 'tap'
import { UserList } from '../../../core/plan/mod.ts'
import { countOperations } from '../../support/webcrypto.ts'

// The passwords are `right` and `other`.
const ANNA = '$5$rounds=1000$anna$BjwnkUS.RRZf/RijiMf3JL90ojIF91y3m3ut83lYsd/'
const BEN = '$5$rounds=1000$ben$lxJAnmWK6eDfs66cbvmlE13TJPxmdFHaJLAFm2vfSQ9'

const basic = (name: string, password: string): string => `Basic ${btoa(`${name}:${password}`)}`

function list(): UserList {
  return new UserList([{ name: 'anna', hash: ANNA }, { name: 'ben', hash: BEN }, {
    name: 'old',
    hash: '$1$a$b',
  }])
}

t.test('a user comes in with the right password, time and again', async (t) => {
  const users = list()
  t.equal(await users.check(basic('anna', 'right')), 'good')
  t.equal(await users.check(basic('ben', 'other')), 'good')
  const digests = countOperations(t, 'digest')
  const found = new Set<string>()
  for (let turn = 0; turn < 1000; turn++) found.add(await users.check(basic('anna', 'right')))
  t.strictSame([...found], ['good'])
  t.equal(digests.count, 0, 'what was checked is known')
  await users.check(basic('anna', 'other'))
  t.ok(digests.count > 1000, 'and what was not is worked out')
})

t.test('nobody else does', async (t) => {
  const users = list()
  const wrong = [['anna', 'other'], ['ben', 'right'], ['carl', 'right'], ['old', ''], ['', '']]
  for (const [name, password] of wrong) {
    t.equal(await users.check(basic(name as string, password as string)), 'wrong', String(name))
  }
  t.equal(await users.check(basic('anna', 'other')), 'wrong', 'the second time as well')
  for (const text of ['', 'Basic', 'Bearer abc', 'Basic !!!', `Basic ${btoa('anna')}`]) {
    t.equal(await users.check(text), 'missing', text)
  }
  t.equal(await users.check(basic('anna', 'x'.repeat(5000))), 'missing')
  t.equal(await new UserList([]).check(basic('anna', 'right')), 'wrong')
})

t.test('guessing is bounded: of very many passwords at once, most are not looked at', async (t) => {
  const users = list()
  const guesses = Array.from({ length: 200 }, (_, index) => users.check(basic('anna', `${index}`)))
  const found = await Promise.all(guesses)
  t.equal(found.filter((login) => login === 'good').length, 0)
  t.ok(found.filter((login) => login === 'busy').length > 100)
  t.equal(await users.check(basic('anna', 'right')), 'good', 'and afterwards all goes on')
})

t.test('equal logins at once are checked once', async (t) => {
  const users = list()
  const all = Array.from({ length: 200 }, () => users.check(basic('anna', 'right')))
  t.strictSame([...new Set(await Promise.all(all))], ['good'])
})
