import { isStoreFailure } from '../../../store/mod.ts'
import { type Call, type Endpoint, page, queryOf, type Service } from '../call.ts'
import type { TaskDoc } from '../documents.ts'
import { invalid, notFound } from '../faults.ts'
import { queryBoolean, queryInt, time } from '../schemas/fields.ts'
import { storeFault } from '../store-fault.ts'
import { listTasks, putTask, readTask, showTask } from '../tasks.ts'

const STATES: ReadonlySet<string> = new Set(['ERROR', 'FINISHED', 'NEW', 'RUNNING'])
const DEFAULT_LIMIT = 10
/** Tasks put in one transaction. */
const AT_ONCE = 50

/** Tasks. */
export const TASK_ENDPOINTS: readonly Endpoint[] = [
  {
    method: 'get',
    path: '/v1/tasks',
    summary: 'List tasks',
    query: [
      'project_id',
      'region_id',
      'state',
      'task_type',
      'from_timestamp',
      'to_timestamp',
      'is_acknowledged',
      'limit',
      'offset',
      'order_by',
      'sorting',
    ],
    answer: 'list',
    handle: async ({ context }, call) => {
      const all = (await listTasks(context.store)).filter(filterOf(call))
      return page(call, oldestFirst(call) ? all.reverse() : all, showTask, {
        limit: DEFAULT_LIMIT,
      })
    },
  },
  {
    method: 'get',
    path: '/v1/tasks/{project_id}/{region_id}/active',
    summary: 'List tasks under way',
    answer: 'list',
    handle: async ({ context }, call) => {
      const all = await listTasks(context.store)
      const active = all.filter((each) =>
        isOf(each, call) && (each.state === 'RUNNING' || each.state === 'NEW')
      )
      return page(call, active, showTask)
    },
  },
  {
    method: 'post',
    path: '/v1/tasks/acknowledge_all',
    summary: 'Acknowledge all tasks that have ended',
    query: ['project_id', 'region_id'],
    answer: 'nothing',
    handle: acknowledgeAll,
  },
  {
    method: 'get',
    path: '/v1/tasks/{task_id}',
    summary: 'Get a task',
    answer: 'item',
    handle: async (service, call) => showTask((await taskOf(service, call)).task),
  },
  {
    method: 'post',
    path: '/v1/tasks/{task_id}/acknowledge',
    summary: 'Acknowledge a task',
    answer: 'item',
    handle: async (service, call) => {
      const { task } = await taskOf(service, call)
      const seen = { ...task, acknowledged_at: task.acknowledged_at ?? service.context.clock.now() }
      if (task.acknowledged_at === null && task.state !== 'RUNNING') await put(service, [seen])
      return showTask(seen)
    },
  },
]

async function taskOf(
  { context }: Service,
  { param }: Call,
): Promise<{ readonly task: TaskDoc; readonly revision: number }> {
  const found = await readTask(context.store, param('task_id'))
  if (found === undefined) throw notFound('Task', param('task_id'))
  return found
}

async function acknowledgeAll(service: Service, call: Call): Promise<undefined> {
  const now = service.context.clock.now()
  const wanted = filterOf(call)
  const open = (await listTasks(service.context.store)).filter((each) =>
    each.acknowledged_at === null && each.state !== 'RUNNING' && wanted(each)
  )
  for (let at = 0; at < open.length; at += AT_ONCE) {
    const some = open.slice(at, at + AT_ONCE)
    await put(service, some.map((each) => ({ ...each, acknowledged_at: now })))
  }
  return undefined
}

async function put({ context }: Service, tasks: readonly TaskDoc[]): Promise<void> {
  const done = await context.store.commit({ by: 'gcore', operations: tasks.map(putTask) })
  if (isStoreFailure(done)) throw storeFault(done)
}

function isOf(task: TaskDoc, { place }: Call): boolean {
  return task.project_id === place.project && task.region_id === place.region
}

/** What a query asks of tasks. @throws ApiFault 400 */
function filterOf(call: Call): (task: TaskDoc) => boolean {
  const projects = ints(call, 'project_id')
  const regions = ints(call, 'region_id')
  const states = call.query.getAll('state').flatMap((each) => each.split(','))
  const wrong = states.find((each) => !STATES.has(each))
  if (wrong !== undefined) {
    throw invalid({ state: [`Input should be 'ERROR', 'FINISHED', 'NEW' or 'RUNNING'`] })
  }
  const type = call.query.get('task_type')
  const from = queryOf(call, 'from_timestamp', time)
  const to = queryOf(call, 'to_timestamp', time)
  const acknowledged = queryOf(call, 'is_acknowledged', queryBoolean)
  return (task) =>
    (projects.size === 0 || projects.has(task.project_id)) &&
    (regions.size === 0 || regions.has(task.region_id)) &&
    (states.length === 0 || states.includes(task.state)) &&
    (type === null || task.task_type === type) &&
    (from === undefined || task.created_on >= from) &&
    (to === undefined || task.created_on <= to) &&
    (acknowledged === undefined || acknowledged === (task.acknowledged_at !== null))
}

function ints(call: Call, name: string): ReadonlySet<number> {
  const schema = queryInt(0, Number.MAX_SAFE_INTEGER)
  return new Set(
    call.query.getAll(name).map((text) => {
      const found = schema.safeParse(text)
      if (found.success) return found.data
      throw invalid({ [name]: ['Input should be a valid integer'] })
    }),
  )
}

function oldestFirst({ query }: Call): boolean {
  const order = query.get('order_by') ?? query.get('sorting') ?? 'desc'
  if (order === 'asc' || order === 'desc') return order === 'asc'
  throw invalid({ order_by: [`Input should be 'asc' or 'desc'`] })
}
