import t from 'tap'
import {
  intermediateOf,
  isKnownIssue,
  noteIssue,
  rememberPath,
} from '../../../core/pki/known-cas.ts'
import type { Certificate } from '../../../core/pki/mod.ts'
import { ask, CA, Lab, LEAF } from './lab.ts'

const lab = new Lab(t)
const root = await lab.make('root', { extensions: CA })
const inter = await lab.make('inter', { issuer: 'root', extensions: CA, days: 50 })
const leaf = await lab.make('leaf', { issuer: 'inter', extensions: LEAF })

t.test('an intermediate of an accepted path is not read again, and is judged all the same', async (t) => {
  t.not(await intermediateOf(inter.der), await intermediateOf(inter.der))
  for (const _ of [1, 2]) t.equal((await ask([leaf, inter], { anchors: [root] })).code, 'trusted')
  const known = await intermediateOf(inter.der)
  t.equal(await intermediateOf(inter.der.slice()), known)
  t.ok(isKnownIssue(known, root))
  const late = await ask([leaf, inter], { anchors: [root], now: inter.notAfter + 1000 })
  t.equal(late.code, 'expired')
  t.match(late.detail, /"CN=inter"/)
  // The same name with another key.
  const double = await lab.make('double', { subject: '/CN=root', extensions: CA })
  t.notOk(isKnownIssue(known, double))
  t.equal((await ask([leaf, inter], { anchors: [double] })).code, 'bad-signature')
})

t.test('a path that is refused leaves nothing behind', async (t) => {
  const other = await lab.make('other', { issuer: 'root', extensions: CA })
  const server = await lab.make('server', {
    issuer: 'other',
    extensions: [...LEAF, 'extendedKeyUsage=serverAuth'],
  })
  t.equal((await ask([server, other], { anchors: [root] })).code, 'extended-key-usage')
  t.not(await intermediateOf(other.der), await intermediateOf(other.der))
})

t.test('those that were not seen for longest are forgotten', async (t) => {
  const known = await intermediateOf(inter.der)
  const stranger = (i: number): Certificate => ({ ...inter, sha256: String(i) })
  for (let i = 0; i < 255; i++) rememberPath([leaf, stranger(i), root])
  t.equal(await intermediateOf(inter.der), known)
  rememberPath([leaf, stranger(255), root])
  t.not(await intermediateOf(inter.der), known)
  noteIssue(known, leaf)
  t.ok(isKnownIssue(known, leaf))
  t.notOk(isKnownIssue(root, leaf))
})
