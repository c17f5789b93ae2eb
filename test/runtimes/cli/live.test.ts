import t from 'tap'
import type { ApplicationConfig, RouteConfig, Snapshot, UpstreamConfig } from '../../../core/mod.ts'
import { readConfigurationObject } from '../../../core/mod.ts'
import type {
  ConfigurationParts,
  Dialect,
  DocumentProblem,
  PartsChange,
  Translator,
} from '../../../core/dialect/mod.ts'
import { type Change, isStoreFailure, MemoryStore } from '../../../core/store/mod.ts'
import { hostClock } from '../../../adapters/host/mod.ts'
import { type Assembled, Assembly } from '../../../runtimes/cli/assembly.ts'
import { Documents } from '../../../runtimes/cli/documents.ts'
import { Live } from '../../../runtimes/cli/live.ts'
import { processHost } from '../../../runtimes/cli/process-host.ts'
import * as scene from '../../core/decide/scene.ts'
import { Turns } from '../../../runtimes/cli/turns.ts'

/** Documents `/route/NAME` with an upstream's port, and `/app/NAME` with an API key. */
class Toy implements Translator {
  readonly #routes = new Map<string, RouteConfig>()
  readonly #upstreams = new Map<string, UpstreamConfig>()
  readonly #applications = new Map<string, ApplicationConfig>()
  readonly #keys = new WeakMap<object, string>()

  take(changes: readonly Change[]): PartsChange {
    const applications = new Set<string>()
    let others = false
    for (const { key, document } of changes) {
      const [, kind, name = ''] = key.split('/')
      const own = `apisix:${name}`
      const value = document?.value as { port?: number; key?: string } | undefined
      if (kind === 'app') {
        applications.add(own)
        if (value?.key === undefined) this.#applications.delete(own)
        else {
          const apiKeys = [{ key: value.key, from: undefined, until: undefined }]
          const config = scene.application(own, { certificates: [], apiKeys })
          this.#applications.set(own, config)
          this.#keys.set(config, key)
        }
        continue
      }
      others = true
      if (value?.port === undefined) {
        this.#routes.delete(own)
        this.#upstreams.delete(own)
        continue
      }
      const upstream = value.port === 0 ? 'nobody' : own
      const route = scene.route(own, { paths: [`/${name}`] }, { scope: 'apisix', upstream })
      this.#routes.set(own, route)
      this.#keys.set(route, key)
      const endpoint = scene.upstream(own).endpoints[0]
      if (endpoint === undefined) continue
      const to = scene.upstream(own, { endpoints: [{ ...endpoint, port: value.port }] })
      this.#upstreams.set(own, to)
      this.#keys.set(to, key)
    }
    return { applications, others }
  }

  parts(): ConfigurationParts {
    return {
      listeners: [],
      tls: [],
      upstreams: new Map(this.#upstreams),
      routes: [...this.#routes.values()],
      apis: [],
      applications: this.#applications,
      problems: [],
    }
  }

  documentOf(part: object): string | undefined {
    return this.#keys.get(part)
  }
}

const by = 'a test'

async function begin(t: { teardown: (done: () => void) => void }) {
  const store = new MemoryStore({ clock: hostClock })
  const dialect: Dialect = {
    name: 'apisix',
    root: '',
    paths: [],
    translator: new Toy(),
    api: () => Promise.resolve(new Response()),
  }
  const host = processHost({ runtime: 'node', args: [], program: 'test' })
  const snapshots: Snapshot[] = []
  const attempts: Assembled[] = []
  const assembly = new Assembly({
    host,
    secret: new Uint8Array(32),
    dialects: [dialect],
    turns: new Turns(hostClock),
    apply: (snapshot) => {
      snapshots.push(snapshot)
      return Promise.resolve([])
    },
  })
  const { configuration } = await readConfigurationObject({
    listeners: [{ name: 'main', address: '127.0.0.1:0' }],
    routes: [{ match: { paths: ['/own'] }, upstream: { endpoints: [{ address: '127.0.0.1:1' }] } }],
  })
  if (configuration === undefined) throw new Error('the configuration is wrong')
  const live = new Live(configuration, {
    host,
    assembly,
    made: (each) => attempts.push(each),
    settled: () => {},
  })
  const documents = new Documents([dialect], {
    clock: hostClock,
    turns: new Turns(hostClock),
    user: { changed: (change, at) => live.changed(change, at), stateChanged: () => {} },
  })
  t.teardown(() => documents.stop())
  await documents.start(store)
  await live.rebase(configuration)
  const put = async (key: string, value: object | undefined): Promise<number> => {
    const done = value === undefined
      ? await store.delete(key, { by })
      : await store.put(key, value as never, { by })
    if (isStoreFailure(done)) throw new Error(done.message)
    return done.revision
  }
  const current = (): Snapshot => snapshots.at(-1) as Snapshot
  const takes = (path: string): string | undefined =>
    current().routes.match(['', 'apisix'], { host: 'x', path, method: 'GET' })?.name
  return { live, put, current, takes, snapshots, attempts, configuration }
}

t.test('what a document asks for is in force once its revision is', async (t) => {
  const { live, put, takes } = await begin(t)
  t.equal(takes('/own'), 'route-1')
  t.equal(takes('/a'), undefined)
  t.same(await live.inForce(await put('/route/a', { port: 8080 })), { ok: true })
  t.equal(takes('/a'), 'apisix:a')
  t.same(await live.inForce(await put('/route/a', undefined)), { ok: true })
  t.equal(takes('/a'), undefined)
})

t.test('a document that cannot be is left out, told of, and holds up no other', async (t) => {
  const { live, put, takes } = await begin(t)
  const bad = await put('/route/bad', { port: 0 })
  const good = await put('/route/good', { port: 8080 })
  t.same(await live.inForce(good), { ok: true })
  t.equal(takes('/good'), 'apisix:good')
  t.equal(takes('/bad'), undefined)
  const found = await live.inForce(bad) as { ok: boolean; problems: DocumentProblem[] }
  t.equal(found.ok, false, 'also for whoever asks late')
  t.match(found.problems, [{ key: '/route/bad', severity: 'error', message: /nobody/ }])
  t.match(live.problems, [{ key: '/route/bad' }])
  await live.inForce(await put('/route/bad', { port: 8081 }))
  t.equal(takes('/bad'), 'apisix:bad')
  t.same(live.problems, [])
})

t.test('a flood of changes is put in force in a few steps', async (t) => {
  const { live, put, takes, snapshots } = await begin(t)
  const before = snapshots.length
  let last = 0
  for (let i = 0; i < 500; i++) last = await put(`/route/r${i}`, { port: 8080 })
  await live.inForce(last)
  t.equal(takes('/r0'), 'apisix:r0')
  t.equal(takes('/r499'), 'apisix:r499')
  t.ok(snapshots.length - before < 250, `${snapshots.length - before} steps`)
})

t.test('a change of applications alone leaves all else as it is', async (t) => {
  const { live, put, current } = await begin(t)
  await live.inForce(await put('/route/a', { port: 8080 }))
  const before = current()
  await live.inForce(await put('/app/acme', { key: 'k1' }))
  t.equal(current().applications.byApiKey('k1')?.application.name, 'apisix:acme')
  t.equal(current().routes, before.routes)
  await live.inForce(await put('/app/acme', { key: 'k2' }))
  t.equal(current().applications.byApiKey('k1'), undefined)
  t.ok(current().applications.byApiKey('k2'))
  await live.inForce(await put('/app/acme', undefined))
  t.equal(current().applications.byApiKey('k2'), undefined)
})

t.test('of two applications with one key the later one is left out, and told of', async (t) => {
  const { live, put, current } = await begin(t)
  await live.inForce(await put('/app/first', { key: 'same' }))
  const found = await live.inForce(await put('/app/second', { key: 'same' }))
  t.match(found, { ok: false, problems: [{ key: '/app/second', severity: 'error' }] })
  t.equal(current().applications.byApiKey('same')?.application.name, 'apisix:first')
  t.same(await live.inForce(await put('/app/first', undefined)), { ok: true })
  t.equal(current().applications.byApiKey('same')?.application.name, 'apisix:second')
})

t.test('a document of the operator that cannot be changes nothing', async (t) => {
  const { live, put, takes, configuration } = await begin(t)
  await live.inForce(await put('/route/a', { port: 8080 }))
  const broken = { ...configuration, routes: [scene.route('broken', {}, { upstream: 'none' })] }
  const { snapshot, problems } = await live.rebase(broken)
  t.equal(snapshot, undefined)
  t.match(problems, [{ severity: 'error', path: ['routes', 0, 'upstream'] }])
  t.equal(takes('/own'), 'route-1')
  await live.inForce(await put('/route/b', { port: 8080 }))
  t.equal(takes('/b'), 'apisix:b', 'and changes of the store go on')
})
