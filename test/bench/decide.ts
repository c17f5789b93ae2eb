/**
 * How long a decision takes, for 10, 10,000 and 100,000 routes beside 100,000 applications; the answers are checked
 * before anything is timed. Run by hand:
 *
 *     node_modules/.bin/deno run -A test/bench/decide.ts
 *     node test/bench/decide.ts                             (Node 22.18 or later)
 */
import process from 'node:process'
import { changeApplications, compile, decide } from '../../core/decide/mod.ts'
import type { DecidedHead, Decision, Peer, Snapshot } from '../../core/decide/mod.ts'
import * as scene from '../core/decide/scene.ts'

const APPLICATIONS = 100_000
const SIZES = [10, 10_000, 100_000]
const ROUNDS = 400_000

/** Routes over many hosts, wildcards and prefixes, every tenth with plans. */
function configurationOf(routes: number) {
  const names = Array.from({ length: routes }, (_, index) => index)
  const matching = (index: number) => ({
    hosts: [index % 3 === 0 ? `*.t${index % 500}.test` : `h${index % 1000}.test`],
    paths: [`/v1/service-${index}/*`],
    methods: index % 2 === 0 ? ['GET', 'POST'] : [],
  })
  return scene.configuration({
    listeners: [scene.listener({
      tls: [
        scene.tlsEntry([], scene.clients({ mode: 'request' })),
        scene.tlsEntry(['strict.test'], scene.clients({ mode: 'require' })),
      ],
    })],
    apis: names.filter((index) => index % 10 === 1)
      .map((index) => scene.api(`a${index}`, ['mtls', 'api-key'], { matching: matching(index) })),
    routes: names.filter((index) => index % 10 !== 1)
      .map((index) => scene.route(`r${index}`, matching(index))),
    applications,
  })
}

const applications = Array.from(
  { length: APPLICATIONS },
  (_, index) =>
    scene.application(`app${index}`, {
      subscriptions: [scene.subscription(`a${index % 10 * 10 + 1}`, 'mtls')],
      apiKeys: [{ key: `key-${index}`, from: undefined, until: undefined }],
    }),
)

interface Scenario {
  readonly name: string
  readonly head: DecidedHead
  readonly peer: Peer
  readonly expected: string
}

function scenarios(snapshot: Snapshot, routes: number): Scenario[] {
  const last = routes - 1
  const host = last % 3 === 0 ? `x.t${last % 500}.test` : `h${last % 1000}.test`
  const bare = scene.peer(snapshot)
  const known = scene.peer(snapshot, { verdict: scene.trusted('app0') })
  const headers = ['Host', host, 'User-Agent', 'bench', 'Accept', '*/*', 'X-Trace', '1']
  const at = (line: string): DecidedHead => scene.head(line, headers)
  const keyed = { ...at('GET h1.test/v1/service-1/x'), headers: [...headers, 'X-API-Key', 'key-7'] }
  return [
    {
      name: 'route',
      head: at(`GET ${host}/v1/service-${last}/orders/7`),
      peer: bare,
      expected: `r${last}`,
    },
    { name: 'no route', head: at(`GET ${host}/v2/none`), peer: bare, expected: 'ROUTE_NOT_FOUND' },
    { name: 'mtls plan', head: at('GET h1.test/v1/service-1/x'), peer: known, expected: 'a1' },
    { name: 'no subscription', head: keyed, peer: bare, expected: 'SUBSCRIPTION_MISSING' },
    { name: 'misdirected', head: at('GET strict.test/'), peer: bare, expected: 'HOST_MISDIRECTED' },
  ]
}

function nameOf(decision: Decision): string {
  return decision.kind === 'refuse' ? decision.refusal.code : decision.route?.name ?? ''
}

/** Nanoseconds a decision takes: the best of a few rounds, because others share the machine. */
function time(snapshot: Snapshot, { head, peer }: Scenario): number {
  const listener = scene.mainOf(snapshot)
  let best = Infinity
  for (let attempt = 0; attempt < 5; attempt++) {
    const start = performance.now()
    for (let round = 0; round < ROUNDS / 5; round++) {
      decide(snapshot, listener, head, peer, scene.NOW)
    }
    best = Math.min(best, (performance.now() - start) / (ROUNDS / 5) * 1e6)
  }
  return best
}

const columns = [
  'routes',
  'compile ms',
  'route',
  'no route',
  'mtls plan',
  'no subscription',
  'misdirected',
]
console.log(`${APPLICATIONS} applications; nanoseconds a decision`)
console.log(columns.map((column) => column.padStart(16)).join(''))
let previous: Snapshot | undefined
for (const routes of SIZES) {
  const start = performance.now()
  const result = await compile(configurationOf(routes), scene.options({ previous }))
  const took = Math.round(performance.now() - start)
  if (result.snapshot === undefined) throw new Error(JSON.stringify(result.problems.slice(0, 5)))
  previous = result.snapshot
  const listed = scenarios(previous, routes)
  for (const { name, head, peer, expected } of listed) {
    const found = nameOf(decide(previous, scene.mainOf(previous), head, peer, scene.NOW))
    if (found === expected) continue
    console.error(`Wrong answer for "${name}" with ${routes} routes: ${found}, not ${expected}`)
    process.exit(1)
  }
  const times = listed.map((each) => Math.round(time(previous as Snapshot, each)))
  console.log([routes, took, ...times].map((value) => String(value).padStart(16)).join(''))
}

const changes: number[] = []
let changed = previous as Snapshot
for (let turn = 0; turn < 21; turn++) {
  const start = performance.now()
  const change = { put: [scene.application(`newcomer${turn}`)], remove: [] }
  const result = await changeApplications(changed, change, scene.options())
  changes.push(performance.now() - start)
  changed = result.snapshot as Snapshot
}
if (changed.applications.size !== APPLICATIONS + 21) throw new Error('A newcomer is missing')
const [middle = 0] = changes.sort((a, b) => a - b).slice(10)
console.log(`One application added beside ${APPLICATIONS}: ${middle.toFixed(2)} ms`)
