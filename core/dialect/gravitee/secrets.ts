import type { Json, Path } from '../../store/mod.ts'
import { FOLDERS } from './keys.ts'

/** What stands in answers in place of a secret. */
export const MASK = '********'

/** Names whose values are secret wherever they stand in an API, a plan or a subscription. */
const SECRET = new Set([
  'password',
  'keyContent',
  'keyPassword',
  'clientSecret',
  'client_secret',
  'secret',
  'passphrase',
])

const WITH_SECRET = /"(password|clientSecret|client_secret|secret|passphrase)"\s*:/

/** A private key's container, or the secret of a symmetric signature. */
function isSecret(name: string, value: Json, parent: Readonly<Record<string, Json>>): boolean {
  if (typeof value !== 'string' || value === '') return false
  if (SECRET.has(name)) return true
  if (/-----BEGIN [A-Z ]*PRIVATE KEY/.test(value)) return true
  if (name === 'resolverParameter') return /^(HMAC|HS)/.test(String(parent['signature']))
  // Settings that came as text are kept as text.
  if (name === 'configuration') return WITH_SECRET.test(value)
  return false
}

/** Where the secrets of a document stand: the store seals them. */
export function secretsOf(key: string, value: Json): readonly Path[] {
  if (key.startsWith(FOLDERS.subscription)) return keyPaths(value)
  if (!key.startsWith(FOLDERS.api) && !key.startsWith(FOLDERS.plan)) return []
  const { files = {} } = value as { readonly files?: Readonly<Record<string, Json>> }
  const named = key.startsWith(FOLDERS.api) ? Object.keys(files).map((path) => ['files', path]) : []
  return [...paths(value, []), ...named]
}

function keyPaths(value: Json): Path[] {
  const keys = (value as { readonly apiKeys?: readonly Json[] } | null)?.apiKeys ?? []
  return keys.map((_, at) => ['apiKeys', at, 'key'])
}

function paths(value: Json, at: Path): Path[] {
  if (typeof value !== 'object' || value === null) return []
  if (Array.isArray(value)) {
    return (value as readonly Json[]).flatMap((part, index) => paths(part, [...at, index]))
  }
  const map = value as Readonly<Record<string, Json>>
  return Object.entries(map).flatMap(([name, part]) => {
    const path = [...at, name]
    if (isSecret(name, part, map) || (at.at(-1) === 'keyStore' && name === 'content')) return [path]
    return paths(part, path)
  })
}

/** A copy for answers, with {@linkcode MASK} for every secret. */
export function masked<T>(value: T): T {
  let copy = value as Json
  for (const path of paths(copy, [])) copy = replaced(copy, path, MASK)
  return copy as T
}

/** A copy in which masked secrets are those of an earlier document: whoever sends back what was answered changes nothing. */
export function unmasked<T>(value: T, before: unknown): T {
  let copy = value as Json
  for (const path of paths(copy, [])) {
    if (valueAt(copy, path) === MASK) {
      copy = replaced(copy, path, valueAt(before as Json, path) ?? '')
    }
  }
  return copy as T
}

function valueAt(value: Json | undefined, path: Path): Json | undefined {
  let here: Json | undefined = value
  for (const step of path) {
    if (typeof here !== 'object' || here === null) return undefined
    here = (here as Readonly<Record<string | number, Json>>)[step]
  }
  return here
}

function replaced(value: Json, path: Path, part: Json): Json {
  const [step, ...rest] = path
  if (step === undefined) return part
  const inner = replaced((value as Record<string | number, Json>)[step] as Json, rest, part)
  if (Array.isArray(value)) {
    return (value as readonly Json[]).map((each, at) => at === step ? inner : each)
  }
  return { ...(value as Record<string, Json>), [step]: inner }
}
