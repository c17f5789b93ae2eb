import type { Certificate, Truststore } from '../pki/mod.ts'
import type { ClientsConfig, Path, TrustConfig } from '../snapshot/types.ts'
import type { ClientPolicy } from './compiled.ts'
import { fail } from './compile-context.ts'
import type { CompileContext, Place } from './compile-context.ts'
import { contentId } from './content-id.ts'
import { compileIdentities } from './identity.ts'
import { compilePatterns } from './patterns.ts'
import { readCrls, readMaterials } from './read-materials.ts'

/** What a truststore is made from, besides what the configuration says. */
export interface TrustOptions {
  readonly path: Path
  readonly acceptsAnyLeaf: boolean
  /** In place of `ca`. */
  readonly anchors?: readonly Certificate[] | undefined
}

/** Reads anchors and CRLs into a truststore; what goes wrong is noted, and leaves undefined. */
export async function compileTrust(
  context: CompileContext,
  config: TrustConfig,
  options: TrustOptions,
): Promise<Truststore | undefined> {
  const { path, acceptsAnyLeaf } = options
  const anchors = options.anchors ?? await readMaterials(context, config.ca, [...path, 'ca'])
  if (anchors === undefined) return undefined
  const crls = await readCrls(context, config.crl, [...path, 'crl'])
  if (crls === undefined) return undefined
  const { crlPolicy, crlDepth, profile, minRsaBits } = config
  const { crlFetch, ocsp, ocspNonce, fetchFrom } = config
  const online = { crlFetch, ocsp, ocspNonce, fetchFrom }
  const rules = { crlPolicy, crlDepth, profile, minRsaBits }
  const store = await context.pki.createTruststore({
    anchors,
    crls,
    ...rules,
    acceptsAnyLeaf,
    online,
  })
  return context.keeper.truststores.keep(store)
}

/** A compiled client policy, with the anchors that the handshake may name. */
export interface CompiledClients {
  readonly policy: ClientPolicy
  readonly authorities: readonly Certificate[]
}

/** Where a client policy stands, and which paths of its names need no certificate. */
export interface ClientsPlace extends Place {
  readonly skip?: { readonly patterns: readonly string[]; readonly path: Path }
}

/** Compiles a client policy; what goes wrong is noted, and leaves undefined. */
export async function compileClients(
  context: CompileContext,
  config: ClientsConfig,
  { path, usedBy, skip: skipped }: ClientsPlace,
): Promise<CompiledClients | undefined> {
  const { mode, depth, applications } = config
  if (mode === 'none') {
    const id = contentId('client policy', mode)
    const policy = {
      id,
      mode,
      truststore: undefined,
      depth,
      applications,
      anchors: new Set<string>(),
      identity: undefined,
      skip: [],
    }
    return { policy: context.keeper.policies.keep(policy), authorities: [] }
  }
  if (config.ca.length === 0 && !applications) {
    const state = 'it has neither ca nor applications'
    return fail(context, path, `Could not set clients.mode "${mode}" of ${usedBy}: ${state}`)
  }
  const options = { path, acceptsAnyLeaf: applications }
  const truststore = await compileTrust(context, config, options)
  if (truststore === undefined) return undefined
  const { sendAuthorities, allow } = config
  const skip = skipped === undefined ? [] : compilePatterns(context, skipped.patterns, skipped.path)
  const id = contentId(
    'client policy',
    mode,
    truststore.id,
    depth,
    applications,
    sendAuthorities,
    allow,
    ...(skip.length === 0 ? [] : [skip.map(({ source }) => source)]),
  )
  const anchors = new Set(truststore.anchors.map((anchor) => anchor.sha256))
  const identity = compileIdentities(context, allow, {
    path: [...path, 'allow'],
    whose: `The client policy of ${usedBy}`,
  })
  const policy = { id, mode, truststore, depth, applications, anchors, identity, skip }
  return {
    policy: context.keeper.policies.keep(policy),
    authorities: sendAuthorities ? truststore.anchors : [],
  }
}
