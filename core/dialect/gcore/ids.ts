import type { Entropy } from '../../port/mod.ts'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
/** What the ids of a load balancer and of all below it begin with: 60 random bits. */
const FAMILY = 19

/** Whether text is a UUID. */
export function isUuid(text: string): boolean {
  return UUID.test(text)
}

/** A random UUID (RFC 9562 section 5.4). */
export function newId(entropy: Entropy): string {
  const hex = hexOf(entropy.bytes(16))
  const variant = (8 + (Number.parseInt(hex.charAt(16), 16) & 3)).toString(16)
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `4${hex.slice(13, 16)}`,
    `${variant}${hex.slice(17, 20)}`,
    hex.slice(20),
  ].join('-')
}

/** An id for something below a load balancer. By its beginning the load balancer is found without an index. */
export function childId(entropy: Entropy, parent: string): string {
  return familyOf(parent) + newId(entropy).slice(FAMILY)
}

/** What an id has in common with those of the same load balancer. */
export function familyOf(id: string): string {
  return id.toLowerCase().slice(0, FAMILY)
}

/** 32 random hexadecimal digits. */
export function newRequestId(entropy: Entropy): string {
  return hexOf(entropy.bytes(16))
}

function hexOf(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')
}
