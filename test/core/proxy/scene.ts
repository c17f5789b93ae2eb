/** What tests of the data path have in common: small configurations. */
import type { Test } from 'tap'
import { plainClient } from '../../support/client.ts'
import { type GatewayOptions, startGateway, type TestGateway } from '../../support/gateway.ts'
import { startUpstream, type TestUpstream, type UpstreamOptions } from '../../support/upstream.ts'
import type { Wire } from '../../support/wire.ts'

/** What differs from a plain listener with one route to one upstream. */
export interface SceneOptions {
  /** Keys of the listener besides its address, as YAML in one line. */
  readonly listener?: string
  /** Keys of the upstream besides its endpoints. */
  readonly upstream?: string
  /** Keys of the route besides what it matches. */
  readonly route?: string
  readonly limits?: string
  /** Further keys of the document. */
  readonly more?: string
}

/** A configuration with everything from one listener going to `addresses`. */
export function everythingTo(
  addresses: string | readonly string[],
  options: SceneOptions = {},
): string {
  const { listener = '', upstream = '', route = '', limits = '', more = '' } = options
  const endpoints = [addresses].flat().map((each) => {
    return each.includes('{') ? each : `{ address: '${each}' }`
  })
  return `
listeners: [{ name: main, address: 127.0.0.1:0${comma(listener)} }]
upstreams: { main: { endpoints: [${endpoints.join(', ')}]${comma(upstream)} } }
routes: [{ name: all, upstream: main${comma(route)} }]
limits: { ${limits} }
${more}
`
}

function comma(keys: string): string {
  return keys === '' ? '' : `, ${keys}`
}

/** An upstream, a gateway before it, and a client. */
export interface Scene {
  readonly upstream: TestUpstream
  readonly gateway: TestGateway
  readonly client: Wire
}

/** Starts all three, without TLS. */
export async function plainScene(
  t: Test,
  upstreamOptions: UpstreamOptions = {},
  options: SceneOptions & GatewayOptions = {},
): Promise<Scene> {
  const upstream = await startUpstream(t, upstreamOptions)
  const gateway = await startGateway(t, everythingTo(upstream.address, options), options)
  return { upstream, gateway, client: await plainClient(t, gateway.port()) }
}
