import { asBytes } from './decode.ts'
import type { Facts } from './facts.ts'

type Read = (facts: Facts) => string | undefined

const FORM = /^(?:Bearer\s+)([\w-]+)\.([\w-]*)\./i
/** The longest part of a token that is read. */
const LONGEST = 16_384

/**
 * What the bearer token of a request says, true or not: `jwt_claim_iss`, `jwt_header_kid`. Lists and maps are told as
 * JSON.
 */
export function tokenVariable(name: string): Read | undefined {
  const [, part, key] = /^jwt_(claim|header)_(.+)$/.exec(name) ?? []
  if (key === undefined) return undefined
  const at = part === 'header' ? 1 : 2
  return (facts) => {
    const found = FORM.exec(facts.header('authorization') ?? '')?.[at]
    const said = found === undefined || found.length > LONGEST ? undefined : decoded(found)
    const value = said !== undefined && Object.hasOwn(said, key) ? said[key] : undefined
    if (value === undefined || value === null) return undefined
    return typeof value === 'object' ? asBytes(JSON.stringify(value)) : asBytes(String(value))
  }
}

function decoded(part: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const binary = atob(part.replaceAll('-', '+').replaceAll('_', '/'))
    const text = new TextDecoder().decode(Uint8Array.from(binary, (char) => char.charCodeAt(0)))
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null
      ? value as Readonly<Record<string, unknown>>
      : undefined
  } catch {
    return undefined
  }
}
