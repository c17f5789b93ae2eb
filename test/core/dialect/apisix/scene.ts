/** The Admin API over a store in memory. */
import { type ApiOptions, createAdminApi } from '../../../../core/dialect/apisix/api/mod.ts'
import { DEFAULT_KEYRING } from '../../../../core/dialect/apisix/keyring.ts'
import type { Caller, DialectContext } from '../../../../core/dialect/types.ts'
import { MemoryStore } from '../../../../core/store/mod.ts'
import { hostClock, hostEntropy } from '../../../../adapters/host/mod.ts'

export const LOCAL: Caller = { address: '127.0.0.1', secure: false, certificate: undefined }

/** What an answer was. */
export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  // deno-lint-ignore no-explicit-any -- tests look into what they expect
  readonly json: any
}

/** Asks the API. */
export type Ask = (
  method: string,
  path: string,
  body?: unknown,
  more?: { readonly headers?: Record<string, string>; readonly caller?: Partial<Caller> },
) => Promise<Reply>

export function scene(options: Partial<ApiOptions> = {}): {
  readonly ask: Ask
  readonly store: MemoryStore
  readonly logged: string[]
} {
  const store = new MemoryStore({ clock: hostClock })
  const logged: string[] = []
  const context: DialectContext = {
    store,
    clock: hostClock,
    log: { write: (_, message) => void logged.push(message) },
    entropy: hostEntropy,
    inForce: () => Promise.resolve({ ok: true }),
    running: { addresses: () => new Map(), endpoints: () => [] },
    credential: (_, make) => Promise.resolve(make()),
    version: '0.0.0',
  }
  const api = createAdminApi(context, {
    access: { keys: [], keyRequired: false, allow: ['127.0.0.0/24'], certificateRequired: false },
    shape: 'v3',
    prefix: '/apisix',
    cors: true,
    keyring: DEFAULT_KEYRING,
    server: 'APISIX/3.14.1',
    standalone: false,
    ...options,
  })
  const ask: Ask = async (method, path, body, more = {}) => {
    const request = new Request(`http://127.0.0.1:9180/apisix/admin${path}`, {
      method,
      headers: more.headers ?? {},
      body: body === undefined ? null : typeof body === 'string' ? body : JSON.stringify(body),
    })
    const response = await api(request, { ...LOCAL, ...more.caller })
    const text = await response.text()
    let json: unknown
    try {
      json = JSON.parse(text)
    } catch {
      json = undefined
    }
    return { status: response.status, headers: response.headers, text, json }
  }
  return { ask, store, logged }
}
