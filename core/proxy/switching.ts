import { endToEnd, getHeader } from '../wire/mod.ts'
import type { HeaderList, ResponseHead } from '../wire/mod.ts'
import type { ClientSide, TakenOver } from './sides.ts'
import { tunnel, type TunnelOptions } from './tunnel.ts'

/** What a change of protocols comes with. */
export interface Switching extends Pick<TunnelOptions, 'ticker' | 'idleMs' | 'onOver'> {
  /** The endpoint's 101. */
  readonly head: ResponseHead
}

/** Leaves HTTP on both sides at once (RFC 9110 section 7.8). False where the client is gone. */
export function joinEnds(client: ClientSide, upstream: TakenOver, switching: Switching): boolean {
  const { head, ticker, idleMs, onOver } = switching
  const end = client.switchProtocols(switchingFields(head))
  if (end === undefined) {
    upstream.duplex.destroy()
    upstream.over()
    return false
  }
  tunnel({
    client: end,
    upstream,
    ticker,
    idleMs,
    onOver: (sent, received) => {
      onOver(sent, received)
      upstream.over()
      end.over()
    },
  })
  return true
}

function switchingFields({ headers }: ResponseHead): HeaderList {
  const upgrade = getHeader(headers, 'upgrade') ?? ''
  return [...endToEnd(headers), 'Connection', 'Upgrade', 'Upgrade', upgrade]
}
