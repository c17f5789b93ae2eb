/** A gateway that is configured over its Management API while it runs. */
import { Sallyport } from './sallyport.ts'
import type { Test } from 'tap'

export const USER = 'admin'
export const PASSWORD = 'a word to pass by'
const BASE = '/management/v2/environments/DEFAULT'

/** The part of a configuration that switches the Management API on. */
export const MANAGED = `admin:
  address: 127.0.0.1:0
  dialects:
    apisix: false
    gcore: false
    gravitee: { users: [{ name: ${USER}, password: ${PASSWORD} }] }
`

/** A gateway in a process of its own. */
export class Managed {
  readonly program: Sallyport
  #admin = ''
  #plain = ''

  constructor(t: Test, file: string) {
    this.program = new Sallyport(t, ['run', '-c', file])
  }

  /** Resolves once its admin listener and, where it has one, the listener `plain` accept. */
  async started({ traffic = true } = {}): Promise<this> {
    const said = async (listener: string): Promise<string> =>
      (await this.program.said(
        new RegExp(`"Listening","listener":"${listener}","address":"([^"]+)"`),
      ))[1] ?? ''
    this.#admin = await said('admin')
    if (traffic) this.#plain = await said('plain')
    return this
  }

  /** The URL of its admin listener. */
  get admin(): string {
    return `http://${this.#admin}`
  }

  /** Asks its Management API, below the environment; the answer's body where it is JSON. */
  async manage(method: string, path: string, body?: object): Promise<Record<string, string>> {
    const response = await fetch(`http://${this.#admin}${BASE}${path}`, {
      method,
      headers: {
        'Authorization': `Basic ${btoa(`${USER}:${PASSWORD}`)}`,
        'Content-Type': 'application/json',
        'Connection': 'close',
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return text === '' ? {} : JSON.parse(text) as Record<string, string>
  }

  /** Makes an API without keys below a path, towards an endpoint, and starts it. Returns its id. */
  async open(path: string, target: string): Promise<string> {
    const { id = '' } = await this.manage('POST', '/apis', {
      name: `API ${path}`,
      apiVersion: '1',
      definitionVersion: 'V4',
      type: 'PROXY',
      listeners: [{
        type: 'HTTP',
        paths: [{ path }],
        entrypoints: [{ type: 'http-proxy' }],
      }],
      endpointGroups: [{
        name: 'all',
        type: 'http-proxy',
        endpoints: [{ name: 'one', type: 'http-proxy', configuration: { target } }],
      }],
    })
    const plan = await this.manage('POST', `/apis/${id}/plans`, {
      definitionVersion: 'V4',
      name: 'open',
      description: 'for all',
      mode: 'STANDARD',
      security: { type: 'KEY_LESS', configuration: {} },
      validation: 'AUTO',
    })
    await this.manage('POST', `/apis/${id}/plans/${plan['id']}/_publish`)
    await this.manage('POST', `/apis/${id}/_start`)
    return id
  }

  /** The status of a request to the listener `plain`. Rejects where it takes longer. */
  async get(path: string, withinMs = 20_000): Promise<number> {
    const response = await fetch(`http://${this.#plain}${path}`, {
      headers: { Connection: 'close' },
      signal: AbortSignal.timeout(withinMs),
    })
    await response.arrayBuffer()
    return response.status
  }

  /** Resolves once a request is answered so. */
  async answers(path: string, status: number): Promise<void> {
    for (let tries = 0; await this.get(path) !== status; tries++) {
      if (tries === 300) throw new Error(`${path} is never answered ${status}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /** What `/readyz` says. */
  async ready(): Promise<{ status: number; body: Ready }> {
    const response = await fetch(`http://${this.#admin}/readyz`, {
      headers: { Connection: 'close' },
    })
    return { status: response.status, body: await response.json() as Ready }
  }
}

/** The part of `/readyz` about the store. */
export interface Ready {
  readonly status: string
  readonly store: {
    readonly current: boolean
    readonly revision: number
    readonly lostSince?: string
  }
}
