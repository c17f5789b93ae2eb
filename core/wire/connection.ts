import type { FieldReader } from './fields.ts'

/** What the fields say about the connection itself. */
export interface ConnectionOptions {
  readonly keepAlive: boolean
  /** The value of `Upgrade` where `Connection` names it, else empty. */
  readonly upgrade: string
}

const STAYS: ConnectionOptions = { keepAlive: true, upgrade: '' }
const CLOSES: ConnectionOptions = { keepAlive: false, upgrade: '' }

/** Reads `Connection` (RFC 9112 section 9.3) and `Upgrade` (RFC 9110 section 7.8). */
export function connectionOptions(fields: FieldReader, http10: boolean): ConnectionOptions {
  const { count, value } = fields.connection
  if (count === 0) return http10 ? CLOSES : STAYS
  const options = listItems(value)
  if (options.includes('close')) return CLOSES
  if (http10) return options.includes('keep-alive') ? STAYS : CLOSES
  const upgrades = fields.upgrade.count > 0 && options.includes('upgrade')
  return upgrades ? { keepAlive: true, upgrade: fields.upgrade.value } : STAYS
}

/** The elements of a comma-separated list of tokens, in lower case (RFC 9110 section 5.6.1). */
export function listItems(value: string): string[] {
  const lower = value.toLowerCase()
  if (!lower.includes(',')) return [lower]
  return lower.split(',').map((item) => item.replace(/^[\t ]+|[\t ]+$/g, '')).filter((item) =>
    item !== ''
  )
}
