import type { AddressFilterConfig, RealAddressFilterConfig } from '../snapshot/types.ts'
import { compileVariable, type Facts, inRange, type IpRange, parseAddress } from '../vars/mod.ts'
import type { Maker } from './making.ts'
import { refuse } from './stops.ts'

function within(ranges: readonly IpRange[], address: string): boolean {
  const bytes = parseAddress(address)
  return bytes !== undefined && ranges.some((range) => inRange(range, bytes))
}

/** `addresses`: who may come, by address. */
export const makeAddresses: Maker<AddressFilterConfig> = (config, making) => {
  const allow = making.ranges(config.allow, ['allow'])
  const deny = making.ranges(config.deny, ['deny'])
  return {
    onRequest: ({ facts: { address } }) => {
      const denied = within(deny, address)
      if (!denied && (config.allow.length === 0 || within(allow, address))) return undefined
      const detail = `Address ${address} is ${denied ? 'denied' : 'not among those allowed'}`
      return refuse('ADDRESS_NOT_ALLOWED', [config.status, detail], { message: config.message })
    },
  }
}

/** `real-address`: the client's address where a proxy in front tells it. */
export const makeRealAddress: Maker<RealAddressFilterConfig> = (config, making) => {
  const trusted = making.ranges(config.trusted, ['trusted'])
  const source = compileVariable(config.source)
  const anyone = config.trusted.length === 0
  return {
    onRequest: ({ facts }) => {
      if (!anyone && !within(trusted, facts.address)) return undefined
      const told = config.source === 'http_x_forwarded_for'
        ? fromTrace(facts, config.recursive && !anyone ? trusted : undefined)
        : source(facts)
      const found = told === undefined ? undefined : splitAddress(told.trim())
      if (found !== undefined) facts.moveTo(found.address, found.port)
      return undefined
    },
  }
}

/** The last address of X-Forwarded-For; the last that is not trusted where trusted ones are passed over. */
function fromTrace(facts: Facts, trusted: readonly IpRange[] | undefined): string | undefined {
  const trace = facts.header('x-forwarded-for')?.split(',').map((each) => each.trim())
  if (trace === undefined || trusted === undefined) return trace?.at(-1)
  for (let at = trace.length - 1; at > 0; at--) {
    if (!within(trusted, trace[at] as string)) return trace[at]
  }
  return trace[0]
}

/** Reads an address, with or without a port; undefined where it is none. */
function splitAddress(
  text: string,
): { readonly address: string; readonly port: string | undefined } | undefined {
  const [, bracketed, plain, port] =
    /^(?:\[([^\]]+)\]|([^:]+|[^:]*:[^:]*:.*?))(?::(\d{1,5}))?$/.exec(text) ?? []
  const alone = parseAddress(text) === undefined ? undefined : text
  const address = alone ?? bracketed ?? plain
  if (address === undefined || parseAddress(address) === undefined) return undefined
  const told = alone === undefined ? port : undefined
  if (told !== undefined && (Number(told) < 1 || Number(told) > 65_535)) return undefined
  return { address, port: told }
}
