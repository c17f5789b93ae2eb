import type { TokenVerdict } from '../plan/mod.ts'
import type { Fetcher } from '../port/mod.ts'
import type { IntrospectionConfig, IntrospectionRequestConfig } from '../snapshot/types.ts'
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
    const { status, body } = await this.#fetcher.fetch({
      ...questionOf(this.#config, token),
      timeoutMs: this.#config.timeout,
      maxBytes: MOST_BYTES,
      mayConnect: () => true,
    })
    if (status !== 200) throw new Error(`the authorization server answered ${status}`)
    const answer = JSON.parse(new TextDecoder().decode(body)) as Record<string, unknown>
    return { verdict: this.#read(answer), until: now + Math.max(1, this.#config.cache) }
  }

  #read(answer: Record<string, unknown>): TokenVerdict {
    const { bound, request } = this.#config
    // Some servers that are asked in their own way say what they know of good tokens alone.
    const active = answer['active'] ?? request !== undefined
    if (active !== true) return invalid('the token is not active')
    const clientIds = clientIdsOf(answer)
    const missing = missingScopes(this.#config, answer)
    if (missing.length > 0) {
      const detail = `the token lacks scope ${missing.join(' ')}`
      return { ...invalid(detail), clientIds, lacks: 'scope' }
    }
    const certificate = boundCertificate(answer['cnf'])
    if (certificate === 'malformed') return invalid("the token's cnf cannot be read")
    if (bound && certificate === undefined) {
      const detail = 'the token is bound to no certificate'
      return { ...invalid(detail), clientIds, lacks: 'certificate' }
    }
    const { exp, nbf } = answer
    return {
      ok: true,
      clientIds,
      certificate,
      from: typeof nbf === 'number' ? nbf * 1000 : -Infinity,
      until: typeof exp === 'number' ? exp * 1000 : Infinity,
    }
  }
}

/** Servers that do not say whose a token is may say whom it is for. */
function clientIdsOf(answer: Readonly<Record<string, unknown>>): string[] {
  const [first] = [answer['client_id'] || answer['aud']].flat()
  return typeof first === 'string' && first !== '' ? [first] : []
}

function missingScopes(
  { scopes, anyScope, scopeSeparator }: IntrospectionConfig,
  answer: Readonly<Record<string, unknown>>,
): readonly string[] {
  const told = answer['scope'] ?? answer['scp'] ?? ''
  const granted = Array.isArray(told)
    ? told.map(String)
    : String(told).split(scopeSeparator ?? /\s+/)
  const missing = scopes.filter((scope) => !granted.includes(scope))
  return anyScope === true && missing.length < scopes.length ? [] : missing
}

type Question = Pick<Parameters<Fetcher['fetch']>[0], 'url' | 'body' | 'headers'>

function questionOf(config: IntrospectionConfig, token: string): Question {
  const { url, clientId, clientSecret, request } = config
  if (request !== undefined) return ownQuestion(config, request, token)
  const credentials = `${encodeURIComponent(clientId ?? '')}:${
    encodeURIComponent(clientSecret ?? '')
  }`
  return {
    url,
    body: formOf({ token, token_type_hint: 'access_token' }),
    headers: {
      accept: 'application/json',
      ...(clientId === undefined ? {} : { authorization: `Basic ${btoa(credentials)}` }),
    },
  }
}

function ownQuestion(
  { url, clientId = '', clientSecret = '' }: IntrospectionConfig,
  { method, argument, header, field, authorization }: IntrospectionRequestConfig,
  token: string,
): Question {
  const asked = argument === undefined
    ? url
    : `${url}${url.includes('?') ? '&' : '?'}${new URLSearchParams({ [argument]: token })}`
  const credentials = btoa(`${clientId}:${clientSecret}`)
  const form = field === undefined ? {} : { [field]: token }
  return {
    url: asked,
    body: method === 'GET' ? undefined : formOf(form),
    headers: {
      accept: 'application/json',
      ...(header === undefined ? {} : { [header.toLowerCase()]: token }),
      ...(authorization === undefined ? {} : {
        [authorization.header.toLowerCase()]: `${authorization.scheme} ${credentials}`.trim(),
      }),
    },
  }
}

function formOf(fields: Record<string, string>): NonNullable<Question['body']> {
  const data = new TextEncoder().encode(new URLSearchParams(fields).toString())
  return { type: 'application/x-www-form-urlencoded', data }
}
