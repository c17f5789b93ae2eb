const VARIABLE = /\$\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*(?::=\s*([^}]*?)\s*)?\}\}/g

/**
 * Puts variables of the environment in place of `${{NAME}}` and `${{NAME:=default}}`, as APISIX does on the text of its
 * files. Comments stay as they are.
 * @returns the text, or the name of a variable that there is not
 */
export function substitute(
  text: string,
  env: (name: string) => string | undefined,
): { readonly text: string } | { readonly missing: string } {
  let missing: string | undefined
  const lines = text.split('\n').map((line) => {
    if (line.trimStart().startsWith('#')) return line
    return line.replace(VARIABLE, (_, name: string, fallback: string | undefined) => {
      const value = env(name) ?? fallback
      if (value === undefined) missing ??= name
      return value ?? ''
    })
  })
  return missing === undefined ? { text: lines.join('\n') } : { missing }
}
