import type { Json } from '../../../store/mod.ts'
import { isTable, type Section, type Table } from './notes.ts'

/** Users of `security.providers` of type `memory`; their passwords in clear, or hashed by bcrypt. */
export function usersOf(root: Section): Json[] {
  const users: Json[] = []
  for (const provider of root.section('security').sections('providers')) {
    if (provider.text('type') !== 'memory') continue
    const written = provider.value('users')
    for (const each of Array.isArray(written) ? written as readonly Json[] : []) {
      const user = userOf(isTable(each) && isTable(each['user']) ? each['user'] : each)
      if (user !== undefined) users.push(user)
      else provider.warning('users', 'A user without username and password is left out')
    }
  }
  return users
}

function userOf(user: Json): Json | undefined {
  if (!isTable(user)) return undefined
  const { username, password } = user
  if (typeof username !== 'string' || typeof password !== 'string') return undefined
  const plain = password.replace(/^\{(noop|bcrypt)\}/, '')
  return { name: username, password: plain, role: roleOf(user) }
}

function roleOf({ roles }: Table): string {
  const text = String(roles ?? '').toUpperCase()
  if (text.includes('ADMIN')) return 'admin'
  return text.includes('API_PUBLISHER') ? 'publisher' : 'owner'
}
