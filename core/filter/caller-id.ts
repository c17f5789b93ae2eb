import type { CallerIdFilterConfig } from '../snapshot/types.ts'
import { sha256Hex } from './digest.ts'
import { setField } from './headers.ts'
import type { Maker } from './making.ts'

/** Digests of addresses that are kept. */
const KEPT = 1024

/** `caller-id`: who calls, for both sides; nothing where nobody was let in. */
export const makeCallerId: Maker<CallerIdFilterConfig> = ({ header }) => {
  const lower = header.toLowerCase()
  const digests = new Map<string, string>()
  const digestOf = (address: string): string => {
    const kept = digests.get(address)
    if (kept !== undefined) return kept
    if (digests.size >= KEPT) digests.clear()
    const digest = sha256Hex(address)
    digests.set(address, digest)
    return digest
  }
  return {
    onRequest: (passage) => {
      const { facts } = passage
      const subscription = facts.named.get('subscription_id')
      if (subscription === undefined) return undefined
      const id = subscription === '' ? digestOf(facts.address) : subscription
      const asked = facts.header(lower)?.trim() || facts.argument(header)?.trim() || ''
      const told = asked === '' ? id : asked
      passage.setHeader(header, asked === '' || asked.endsWith(id) ? told : `${asked}-${id}`)
      passage.onResponse.push((_, response) => setField(response, header, told))
      return undefined
    },
  }
}
