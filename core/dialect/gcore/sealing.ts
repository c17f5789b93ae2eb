import type { Json, Path } from '../../store/mod.ts'
import { ROOT } from './documents.ts'

/** Where a document holds secrets: payloads of secrets, hashes of passwords, and what tasks would put back of them. */
export function secretsOf(key: string, value: Json): readonly Path[] {
  if (!key.startsWith(`${ROOT}/`)) return []
  if (key.startsWith(`${ROOT}/secrets/`)) return [['payload']]
  if (key.startsWith(`${ROOT}/loadbalancers/`)) return hashesIn(value, [])
  if (!key.startsWith(`${ROOT}/tasks/`)) return []
  return listIn(value, 'undo').flatMap((_, at) =>
    hashesIn(memberOf(listIn(value, 'undo')[at], 'value'), ['undo', at, 'value'])
  )
}

function hashesIn(lb: Json | undefined, path: Path): Path[] {
  return listIn(lb, 'listeners').flatMap((listener, at) =>
    listIn(listener, 'user_list').map((_, user): Path => [
      ...path,
      'listeners',
      at,
      'user_list',
      user,
      'encrypted_password',
    ])
  )
}

function listIn(value: Json | undefined, name: string): readonly Json[] {
  const found = memberOf(value, name)
  return Array.isArray(found) ? found : []
}

function memberOf(value: Json | undefined, name: string): Json | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Readonly<Record<string, Json>>)[name]
    : undefined
}
