import type { Path } from './types.ts'
import { routeName } from './checks/routes.ts'
import { valueAt } from './problems.ts'

/**
 * Where the document has what the configuration has at a path: an upstream that is written within a route or API
 * stands among all others later on.
 */
export function writtenPath(document: unknown, path: Path): Path {
  const [section, name, ...rest] = path
  const named = section === 'upstreams' && valueAt(document, ['upstreams', name!]) === undefined
  if (!named) return path
  for (const key of ['apis', 'routes']) {
    const items = valueAt(document, [key])
    const index = Array.isArray(items)
      ? items.findIndex((item, at) => routeName(nameIn(item), [key, at]) === name)
      : -1
    if (index !== -1) return [key, index, 'upstream', ...rest]
  }
  return path
}

function nameIn(item: unknown): string | undefined {
  const name = valueAt(item, ['name'])
  return typeof name === 'string' ? name : undefined
}
