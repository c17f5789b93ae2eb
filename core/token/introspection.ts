import type { TokenVerdict } from '../plan/mod.ts'
import type { Fetcher } from '../port/mod.ts'
import type { IntrospectionConfig } from '../snapshot/types.ts'
import { boundCertificate, invalid } from './claims.ts'
import type { Finder, Finding } from './kept.ts'

const MOST_BYTES = 262_144

/** Asks an authorization server about tokens (RFC 7662). */
export class IntrospectionChecker implements Finder {
  readonly #config: IntrospectionConfig
  readonly #fetcher: Fetcher

  constructor(config: IntrospectionConfig, { fetcher }: { readonly fetcher: Fetcher }) {
    this.#config = config
    this.#fetcher = fetcher
  }

  async find(token: string, now: number): Promise<Finding> {
    const { url, clientId, clientSecret, timeout } = this.#config
    const credentials = `${encodeURIComponent(clientId ?? '')}:${
      encodeURIComponent(clientSecret ?? '')
    }`
    const form = new URLSearchParams({ token, token_type_hint: 'access_token' }).toString()
    const { status, body } = await this.#fetcher.fetch({
      url,
      body: { type: 'application/x-www-form-urlencoded', data: new TextEncoder().encode(form) },
      headers: {
        accept: 'application/json',
        ...(clientId === undefined ? {} : { authorization: `Basic ${btoa(credentials)}` }),
      },
      timeoutMs: timeout,
      maxBytes: MOST_BYTES,
      mayConnect: () => true,
    })
    if (status !== 200) throw new Error(`the authorization server answered ${status}`)
    const answer = JSON.parse(new TextDecoder().decode(body)) as Record<string, unknown>
    return { verdict: this.#read(answer), until: now + Math.max(1, this.#config.cache) }
  }

  #read(answer: Record<string, unknown>): TokenVerdict {
    const { scopes, bound } = this.#config
    if (answer['active'] !== true) return invalid('the token is not active')
    const granted = String(answer['scope'] ?? '').split(/\s+/)
    const missing = scopes.filter((scope) => !granted.includes(scope))
    if (missing.length > 0) return invalid(`the token lacks scope ${missing.join(' ')}`)
    const certificate = boundCertificate(answer['cnf'])
    if (certificate === 'malformed') return invalid("the token's cnf cannot be read")
    if (bound && certificate === undefined) {
      return invalid('the token is bound to no certificate')
    }
    const { exp, nbf, client_id: clientId } = answer
    return {
      ok: true,
      clientIds: typeof clientId === 'string' ? [clientId] : [],
      certificate,
      from: typeof nbf === 'number' ? nbf * 1000 : -Infinity,
      until: typeof exp === 'number' ? exp * 1000 : Infinity,
    }
  }
}
