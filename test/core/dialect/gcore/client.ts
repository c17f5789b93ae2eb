/** A client as the official SDKs are: it makes a change, follows its one task, and gets what was made. */

/** What sends a request. */
export type Send = (request: Request) => Promise<Response>

/** An answer as a test looks at it. */
export interface Answer {
  readonly status: number
  // deno-lint-ignore no-explicit-any
  readonly body: any
  readonly headers: Headers
}

/** A task of the API. */
export interface Task {
  readonly id: string
  readonly state: string
  readonly error: string | null
  readonly task_type: string
  readonly created_resources: Readonly<Record<string, readonly string[]>> | null
}

/** Where the SDK gets a thing from once its task has ended, and what kind the task calls it. */
const KINDS = {
  secrets: ['secrets', 'secrets'],
  loadbalancers: ['loadbalancers', 'loadbalancers'],
  lblisteners: ['lblisteners', 'listeners'],
  lbpools: ['lbpools', 'pools'],
  l7policies: ['l7policies', 'l7polices'],
} as const

export type Resource = keyof typeof KINDS

/** The API as a client sees it. */
export class GcoreClient {
  readonly #send: Send
  readonly #base: string
  readonly token: string
  readonly place: string

  constructor(
    send: Send,
    { base = 'http://api', token = '1$secret', place = '1/2' }: {
      readonly base?: string
      readonly token?: string
      readonly place?: string
    } = {},
  ) {
    this.#send = send
    this.#base = base
    this.token = token
    this.place = place
  }

  /** The same API, in another project or region. */
  at(place: string): GcoreClient {
    return new GcoreClient(this.#send, { base: this.#base, token: this.token, place })
  }

  async call(method: string, path: string, body?: unknown): Promise<Answer> {
    return await this.raw(method, path, {
      headers: { authorization: `APIKey ${this.token}` },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
  }

  async raw(method: string, path: string, init: RequestInit = {}): Promise<Answer> {
    const response = await this.#send(new Request(this.#base + path, { method, ...init }))
    const text = await response.text()
    return {
      status: response.status,
      body: text === '' ? undefined : JSON.parse(text),
      headers: response.headers,
    }
  }

  get(resource: string, path = ''): Promise<Answer> {
    return this.call('GET', `/cloud/v1/${resource}/${this.place}${path}`)
  }

  post(resource: string, body: unknown, path = ''): Promise<Answer> {
    return this.call('POST', `/cloud/v1/${resource}/${this.place}${path}`, body)
  }

  /** Follows a task to its end. */
  async task(id: string): Promise<Task> {
    for (;;) {
      const { status, body } = await this.call('GET', `/cloud/v1/tasks/${id}`)
      if (status !== 200) throw new Error(`Task ${id}: ${status} ${JSON.stringify(body)}`)
      if (body.state === 'FINISHED' || body.state === 'ERROR') return body as Task
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  /** The one task of an answer, at its end. Throws as the SDK does. */
  async ended(answer: Answer): Promise<Task> {
    if (answer.status !== 200) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`)
    const tasks = answer.body.tasks as readonly string[]
    if (tasks.length !== 1) throw new Error('Expected exactly one task to be created')
    return await this.task(tasks[0] as string)
  }

  /** As {@linkcode ended}; throws the task's error. */
  async done(answer: Answer): Promise<Task> {
    const task = await this.ended(answer)
    if (task.state === 'ERROR') throw new Error(task.error ?? 'no reason')
    return task
  }

  /** `create_and_poll`: what was made, as a GET gives it. */
  // deno-lint-ignore no-explicit-any
  async create(resource: Resource, body: unknown, version = 'v1'): Promise<any> {
    const path = `/cloud/${version}/${resource}/${this.place}`
    const task = await this.done(await this.call('POST', path, body))
    const [, kind] = KINDS[resource]
    const ids = task.created_resources?.[kind] ?? []
    if (ids.length !== 1) throw new Error(`Expected exactly one of ${kind}: ${ids}`)
    return (await this.get(resource, `/${ids[0]}`)).body
  }

  /** `update_and_poll`: no task means that nothing was to be done. */
  // deno-lint-ignore no-explicit-any
  async update(resource: Resource, id: string, body: unknown, version = 'v2'): Promise<any> {
    const path = `/cloud/${version}/${resource}/${this.place}/${id}`
    const answer = await this.call('PATCH', path, body)
    if (answer.status !== 200) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`)
    if (answer.body.tasks.length > 0) await this.done(answer)
    return (await this.get(resource, `/${id}`)).body
  }

  /** `delete_and_poll`. */
  async remove(resource: Resource, id: string, query = ''): Promise<void> {
    const path = `/cloud/v1/${resource}/${this.place}/${id}${query}`
    await this.done(await this.call('DELETE', path))
  }
}
