import { factsOf } from '../decide/mod.ts'
import type {
  AffinityFacts,
  CompiledListener,
  CompiledUpstream,
  DecidedHead,
  Forward,
  Peer,
} from '../decide/mod.ts'
import type { Address } from '../port/mod.ts'
import { type RequestHead, writeProxyHeader } from '../wire/mod.ts'
import type { ClientConnection } from './connection.ts'
import { Picker } from './picker.ts'
import type { Http1Options } from './request-head.ts'
import type { Runtime } from './runtime.ts'

/** Both ends of a client's connection, by its own account or that of a PROXY header. */
export interface Ends {
  readonly source: Address
  readonly destination: Address
}

/** What connections to an upstream begin with, if anything. */
export function prefaceOf(
  { config: { proxyProtocol } }: CompiledUpstream,
  { source, destination }: Ends,
): Uint8Array | undefined {
  if (proxyProtocol === undefined) return undefined
  return writeProxyHeader({ version: proxyProtocol === 'v1' ? 1 : 2, source, destination })
}

/** What of a request without filters may lead to an endpoint. */
export function affinityFacts(
  head: DecidedHead,
  peer: Peer,
  grant: Forward['grant'],
): AffinityFacts {
  const facts = factsOf(head, peer)
  if (grant?.application !== undefined) facts.named.set('consumer_name', grant.application)
  return facts
}

/** The endpoints of one exchange. */
export function pickerFor(
  { onHealth }: Pick<Runtime, 'onHealth'>,
  { upstream, grant, filtering }: Forward,
  { head, peer, now }: { readonly head: RequestHead; readonly peer: Peer; readonly now: number },
): Picker {
  const facts = (): AffinityFacts => filtering?.facts ?? affinityFacts(head, peer, grant)
  return new Picker(upstream, { now, facts, onHealth })
}

/** What of one request {@linkcode optionsFor} depends on. */
export interface OptionsParts {
  readonly connection: ClientConnection
  readonly host: string
  readonly trusted: boolean
  readonly upgrade: boolean
}

/** How a request goes on, before filters have their say. */
export function optionsFor(
  { classes }: Runtime,
  { added, owned }: Forward,
  { connection, host, trusted, upgrade }: OptionsParts,
): Http1Options {
  const { clientFields, facts: { address }, listener } = connection
  const forwardedHeaders = listener?.forwardedHeaders ?? 'set'
  return { classes, host, clientFields, added, owned, forwardedHeaders, trusted, address, upgrade }
}

/** A request as an endpoint takes it all of whose paths begin alike. */
export function below(prefix: string, head: RequestHead): RequestHead {
  const { target } = head
  return prefix === '' || !target.startsWith('/') ? head : { ...head, target: prefix + target }
}

/** The name in a Host; undefined where it is empty. */
export function nameIn(host: string): string | undefined {
  if (host === '') return undefined
  return host.replace(/:\d*$/, '').replace(/^\[(.*)\]$/, '$1').toLowerCase()
}

/** Time-outs towards endpoints, in milliseconds. */
export interface Times {
  readonly connect: number
  readonly read: number
  readonly send: number
}

/** The time-outs of one exchange towards its endpoint: the route's, the listener's, or the upstream's. */
export function timesFor(
  { route, upstream }: Forward,
  listener: CompiledListener | undefined,
): Times {
  const first = route.config.upstreamTimes
  const second = listener?.upstreamTimes
  return {
    connect: first.connect ?? second?.connect ?? upstream.config.connectTimeout,
    read: first.read ?? second?.read ?? upstream.config.readTimeout,
    send: first.send ?? second?.send ?? upstream.config.sendTimeout,
  }
}

/** From a request's coming to the head of its answer, in milliseconds; undefined: there is no bound. */
export function answerTime(
  { route }: Forward,
  listener: CompiledListener | undefined,
): number | undefined {
  return route.config.upstreamTimes.answer ?? listener?.upstreamTimes.answer
}
