import type { PlanRefusalCode } from '../plan/mod.ts'
import { type ClientFacts, Facts } from '../vars/mod.ts'
import type { RequestHead } from '../wire/types.ts'
import type { CompiledRoute, Snapshot } from './compiled.ts'
import type { Peer } from './types.ts'
import { nameParameters } from './path-parameters.ts'

/** What a decision depends on of a request's head. */
export type DecidedHead =
  & Pick<RequestHead, 'method' | 'host' | 'path' | 'headers'>
  & Partial<Pick<RequestHead, 'target' | 'query' | 'authority' | 'version'>>

/** What is known of a request besides. */
export interface FactsAbout {
  /** Says which headers carry identity: variables show those of trusted proxies alone. */
  readonly snapshot?: Snapshot
  /** Why the client's certificate does not count. */
  readonly problem?: PlanRefusalCode | undefined
}

/** What variables of a request are read from. */
export function factsOf(
  head: DecidedHead,
  peer: Peer,
  { snapshot, problem }: FactsAbout = {},
): Facts {
  const { query = '', authority = head.host, version = '1.1' } = head
  const { target = head.path + query } = head
  const { method, host, path, headers } = head
  return new Facts(
    { method, target, path, query, authority, host, version, headers },
    clientOf(peer, problem),
    peer.trustedProxy ? undefined : snapshot?.isIdentityHeader,
  )
}

function clientOf(
  { address, secure, sni, ends, certificate }: Peer,
  problem: PlanRefusalCode | undefined,
): ClientFacts {
  return {
    address,
    secure,
    sni,
    port: ends?.source.port,
    local: ends?.destination,
    certificate: certificate?.verdict.certificate,
    certificateProblem: problem,
  }
}

/** Tells of the route that takes the request. */
export function nameRoute(facts: Facts, route: CompiledRoute | undefined): void {
  if (route === undefined) return
  const { named } = facts
  const { variables, parameters } = route.config
  named.set('route_name', route.name)
  for (const [name, value] of Object.entries(variables)) named.set(name, value)
  if (parameters !== undefined) nameParameters(named, parameters, facts.uri)
}
