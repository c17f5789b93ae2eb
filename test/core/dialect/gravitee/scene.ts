import type { Test } from 'tap'
import { hostClock, hostEntropy, HostFiles } from '../../../../adapters/host/mod.ts'
import { createDialect } from '../../../../core/dialect/gravitee/mod.ts'
import type { Dialect, DialectContext } from '../../../../core/dialect/mod.ts'
import type { Clock, GraviteeConfig } from '../../../../core/mod.ts'
import { follow, MemoryStore } from '../../../../core/store/mod.ts'
import { V1, V2 } from '../../../support/gravitee.ts'

export { V1, V2 }

/** An answer with its body read. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  // deno-lint-ignore no-explicit-any
  readonly body: any
}

/** The Management API over a store in memory. */
export interface Scene {
  readonly dialect: Dialect
  readonly store: MemoryStore
  /** Sets the time, epoch milliseconds. */
  readonly setTime: (now: number) => void
  /** What was asked to be in force. */
  readonly waited: number[]
  /** Asks as `user`, whose password is its name; undefined: nobody. */
  ask(method: string, path: string, body?: unknown, user?: string): Promise<Answer>
  /** Asks as the administrator for something that is not JSON. */
  text(method: string, path: string): Promise<{ readonly headers: Headers; readonly text: string }>
}

const OPTIONS: GraviteeConfig = {
  address: undefined,
  listeners: undefined,
  // A hash of few iterations, so that tests are quick.
  users: [
    { name: 'admin', password: 'admin', role: 'admin' },
    { name: 'paula', password: 'paula', role: 'publisher' },
    { name: 'olga', password: 'olga', role: 'owner' },
  ],
  verbose401: false,
}

/** Makes the dialect over a store that ends with the test. */
export function gravitee(t: Test, options: Partial<GraviteeConfig> = {}): Scene {
  let time: number | undefined
  const clock: Clock = { ...hostClock, now: () => time ?? hostClock.now() }
  const store = new MemoryStore({ clock })
  const waited: number[] = []
  const context: DialectContext = {
    store,
    clock,
    log: { write: () => {} },
    entropy: hostEntropy,
    inForce: (revision) => {
      waited.push(revision)
      return Promise.resolve({ ok: true })
    },
    running: { addresses: () => new Map(), endpoints: () => [] },
    credential: (_, make) => Promise.resolve(make()),
    version: '0.0.0',
    files: new HostFiles(),
  }
  const dialect = createDialect({ ...OPTIONS, ...options }, context)
  const stop = follow(store, '/gravitee/', {
    clock,
    follower: { onChanges: (changes) => void dialect.translator.take(changes) },
  })
  t.teardown(async () => {
    stop()
    await store.close()
  })
  const send = async (
    method: string,
    path: string,
    body?: unknown,
    user = 'admin',
  ): Promise<Response> => {
    const headers = new Headers()
    if (user !== '') headers.set('authorization', `Basic ${btoa(`${user}:${user}`)}`)
    if (body !== undefined) headers.set('content-type', 'application/json')
    const request = new Request(`http://gateway${path}`, {
      method,
      headers,
      ...(body === undefined
        ? {}
        : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    })
    return await dialect.api(request, {
      address: '127.0.0.1',
      secure: false,
      certificate: undefined,
    })
  }
  const ask: Scene['ask'] = async (...asked) => {
    const response = await send(...asked)
    const text = await response.text()
    return {
      status: response.status,
      headers: response.headers,
      body: text === ''
        ? undefined
        : response.headers.get('content-type')?.includes('json')
        ? JSON.parse(text)
        : text,
    }
  }
  const text: Scene['text'] = async (method, path) => {
    const response = await send(method, path)
    return { headers: response.headers, text: await response.text() }
  }
  return { dialect, store, waited, ask, text, setTime: (now) => time = now }
}

/** The body of an API with one context path. */
export function apiBody(path: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    name: `API ${path}`,
    apiVersion: '1.0',
    definitionVersion: 'V4',
    type: 'PROXY',
    description: 'An API',
    listeners: [{ type: 'HTTP', paths: [{ path }], entrypoints: [{ type: 'http-proxy' }] }],
    endpointGroups: [{
      name: 'default-group',
      type: 'http-proxy',
      endpoints: [{
        name: 'default',
        type: 'http-proxy',
        weight: 1,
        inheritConfiguration: false,
        configuration: { target: 'http://127.0.0.1:8080/base' },
      }],
    }],
    ...more,
  }
}

/** The body of a plan. */
export function planBody(
  type = 'MTLS',
  more: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    definitionVersion: 'V4',
    name: `${type} plan`,
    description: 'A plan',
    mode: 'STANDARD',
    security: { type, configuration: {} },
    validation: 'MANUAL',
    characteristics: [],
    flows: [],
    ...more,
  }
}

/** Makes a started API with a published plan. */
export async function startedApi(
  { ask }: Scene,
  path = '/mtls-api',
  plan: Record<string, unknown> = planBody(),
): Promise<{ readonly api: string; readonly plan: string }> {
  const api = (await ask('POST', `${V2}/apis`, apiBody(path))).body.id as string
  const made = await ask('POST', `${V2}/apis/${api}/plans`, plan)
  await ask('POST', `${V2}/apis/${api}/plans/${made.body.id}/_publish`)
  await ask('POST', `${V2}/apis/${api}/_start`)
  return { api, plan: made.body.id as string }
}

/** Makes an application with a certificate. */
export async function application(
  { ask }: Scene,
  name: string,
  certificate?: string,
): Promise<string> {
  const tls = certificate === undefined ? {} : { tls: { client_certificate: certificate } }
  const settings = { app: { type: 'web' }, ...tls }
  const made = await ask('POST', `${V1}/applications`, {
    name,
    description: `${name} app`,
    settings,
  })
  return made.body.id as string
}
