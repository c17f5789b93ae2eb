import type { Json } from '../../../store/mod.ts'
import type { Section } from './notes.ts'

/** Users of `security.providers` of type `memory`; their passwords in clear, or hashed by bcrypt. */
export function usersOf(root: Section): Json[] {
  const users: Json[] = []
  for (const provider of root.section('security').sections('providers', ['type'])) {
    if (provider.text('type') !== 'memory') continue
    for (const each of provider.sections('users', ['username'])) {
      const inner = each.section('user')
      const user = userOf(inner.keys().length > 0 ? inner : each)
      if (user !== undefined) users.push(user)
      else provider.warning('users', 'A user without username and password is left out')
    }
  }
  return users
}

function userOf(user: Section): Json | undefined {
  const [username, password] = [user.text('username'), user.text('password')]
  if (username === undefined || password === undefined) return undefined
  const plain = password.replace(/^\{(noop|bcrypt)\}/, '')
  return { name: username, password: plain, role: roleOf(user.texts('roles')) }
}

function roleOf(roles: readonly string[]): string {
  const text = roles.join(',').toUpperCase()
  if (text.includes('ADMIN')) return 'admin'
  return text.includes('API_PUBLISHER') ? 'publisher' : 'owner'
}
