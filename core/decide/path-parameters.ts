/**
 * Names what parameters of a path stand for: of `/user/:name/posts/*rest`, `:name` is one segment and `*rest` all that
 * follows.
 * @param patterns the first that fits counts
 */
export function nameParameters(
  named: Map<string, string>,
  patterns: readonly string[],
  path: string,
): void {
  const segments = path.split('/')
  for (const pattern of patterns) {
    const found = parametersOf(pattern.split('/'), segments)
    if (found === undefined) continue
    for (const [name, value] of found) named.set(`uri_param_${name}`, value)
    return
  }
}

/** What a star without a name is called (lua-resty-radixtree). */
const REST = ':ext'

function parametersOf(
  pattern: readonly string[],
  segments: readonly string[],
): readonly (readonly [name: string, value: string])[] | undefined {
  const found: (readonly [string, string])[] = []
  for (const [at, part] of pattern.entries()) {
    if (part.startsWith('*') && at === pattern.length - 1) {
      return [...found, [part.slice(1) || REST, segments.slice(at).join('/')]]
    }
    const segment = segments[at]
    if (segment === undefined) return undefined
    if (part.startsWith(':') && segment !== '') found.push([part.slice(1), segment])
    else if (part !== segment) return undefined
  }
  return pattern.length === segments.length ? found : undefined
}
