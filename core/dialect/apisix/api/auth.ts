import { inRange } from '../../shared/ranges.ts'
import type { Caller } from '../../types.ts'
import { type Answer, page } from './answer.ts'

/** Who may use the API. */
export interface AccessRules {
  /** Keys with what they allow; empty with `keyRequired`: nobody. */
  readonly keys: readonly { readonly key: string; readonly role: 'admin' | 'viewer' }[]
  readonly keyRequired: boolean
  /** Ranges of addresses; empty: all. */
  readonly allow: readonly string[]
  /** Whether callers over TLS must have shown a certificate that counts. */
  readonly certificateRequired: boolean
}

/** Turns away whoever is at the wrong address or shows no certificate, with nginx's pages. */
export function checkCaller(
  caller: Caller,
  rules: AccessRules,
  server: string,
): Answer | undefined {
  if (rules.certificateRequired && caller.secure && caller.certificate === undefined) {
    return page(400, '400 No required SSL certificate was sent', server)
  }
  const { allow } = rules
  if (allow.length > 0 && !allow.some((range) => inRange(caller.address, range))) {
    return page(403, '403 Forbidden', server)
  }
  return undefined
}

/** Turns away whoever has no key, or one that does not allow what is asked. */
export async function checkKey(request: Request, rules: AccessRules): Promise<Answer | undefined> {
  if (!rules.keyRequired) return undefined
  const key = keyOf(request)
  if (key === undefined) return failed('missing apikey')
  const digest = await sha256(key)
  let role: 'admin' | 'viewer' | undefined
  for (const each of rules.keys) if (await sha256(each.key) === digest) role ??= each.role
  if (role === undefined) return failed('wrong apikey')
  if (role === 'viewer' && request.method !== 'GET') return failed('invalid method for role viewer')
  return undefined
}

/** The key from the query, the header or the cookie, in APISIX's order. */
function keyOf(request: Request): string | undefined {
  const query = new URL(request.url).searchParams.get('api_key')
  return query ?? request.headers.get('x-api-key') ?? cookieOf(request) ?? undefined
}

function cookieOf(request: Request): string | undefined {
  for (const part of (request.headers.get('cookie') ?? '').split(';')) {
    const [name = '', ...value] = part.trim().split('=')
    if (name === 'x_api_key') return value.join('=')
  }
  return undefined
}

function failed(description: string): Answer {
  return { status: 401, body: { error_msg: 'failed to check token', description } }
}

/** Digests are compared, so that the time taken tells nothing of a key. */
async function sha256(text: string): Promise<string> {
  const digest = await globalThis.crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  return [...new Uint8Array(digest)].join()
}
