import type { Forward, Peer } from '../decide/mod.ts'
import { clientFields, forwardedFields } from '../proxy/mod.ts'
import type { Filtered, ForwardOptions, HeaderClasses } from '../proxy/mod.ts'
import { isNamed } from '../wire/mod.ts'
import type { RequestHead } from '../wire/mod.ts'

/** What a request's head upstream is made of. */
export interface OutgoingParts {
  readonly request: Request
  readonly classes: HeaderClasses
  readonly head: RequestHead
  readonly peer: Peer
  readonly forward: Forward
  /** What filters make of the exchange; undefined: there are none. */
  readonly filtered: Filtered | undefined
}

/** The header fields that go upstream; Host and framing are for `fetch` to write. */
export function outgoingHeaders(parts: OutgoingParts): Headers {
  const { request, classes, head, peer, forward } = parts
  const port = Number(new URL(request.url).port) || (peer.secure ? 443 : 80)
  const options: ForwardOptions = {
    classes,
    clientFields: clientFields(peer.address, port, peer.secure),
    added: forward.added,
    owned: forward.owned,
    forwardedHeaders: 'set',
    trusted: false,
    address: peer.address,
  }
  const { filtered } = parts
  const fields = forwardedFields(head, filtered?.options(options, port) ?? options)
  const headers = new Headers()
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string
    if (!isHosts(name)) headers.append(name, fields[i + 1] as string)
  }
  return headers
}

/**
 * Fields that are the host's own: it has answered what was expected, and its `fetch` asks for the content codings
 * that it decodes. Named by the client they would bring codings that it does not.
 */
function isHosts(name: string): boolean {
  return isNamed(name, 'expect') || isNamed(name, 'accept-encoding')
}
