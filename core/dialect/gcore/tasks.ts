import type { Operation, Store } from '../../store/mod.ts'
import { asJson, get, list } from './balancer.ts'
import type { Created, CreatedKind, Place, TaskDoc, Undo } from './documents.ts'
import { isUuid } from './ids.ts'
import { taskKey, TASKS } from './keys.ts'
import { taskTime } from './times.ts'

/** How long the store remembers a task, in seconds: three days. */
const LIFETIME = 3 * 86_400

/** What a new task is made of. */
export interface TaskContent {
  readonly id: string
  readonly type: string
  readonly place: Place
  readonly now: number
  readonly requestId: string
}

/** A task under way. */
export function runningTask(
  { id, type, place, now, requestId }: TaskContent,
  { created, holds, undo }: {
    readonly created: Created | undefined
    readonly holds: string | null
    readonly undo: readonly Undo[]
  },
): TaskDoc {
  return {
    id,
    task_type: type,
    project_id: place.project,
    region_id: place.region,
    state: 'RUNNING',
    error: null,
    created_on: now,
    updated_on: now,
    finished_on: null,
    acknowledged_at: null,
    request_id: requestId,
    created_resources: created ?? null,
    holds,
    undo,
  }
}

/** A task that ended well. */
export function finished(task: TaskDoc, now: number): TaskDoc {
  return {
    ...task,
    state: 'FINISHED',
    updated_on: now,
    finished_on: now,
    holds: null,
    undo: [],
  }
}

/** A task that failed; nothing of what it was to make is there. */
export function failed(task: TaskDoc, now: number, error: string): TaskDoc {
  return { ...finished(task, now), state: 'ERROR', error, created_resources: null }
}

/** Puts a task, for as long as tasks are remembered. */
export function putTask(task: TaskDoc): Operation {
  return { put: taskKey(task.id), value: asJson(task), ttl: LIFETIME }
}

/** A task by its id, with the revision at which it was put. */
export async function readTask(
  store: Store,
  id: string,
): Promise<{ readonly task: TaskDoc; readonly revision: number } | undefined> {
  if (!isUuid(id)) return undefined
  const found = await get(store, taskKey(id.toLowerCase()))
  return found && { task: found.value as unknown as TaskDoc, revision: found.modifyRevision }
}

/** All tasks, the newest first. */
export async function listTasks(store: Store): Promise<TaskDoc[]> {
  const found = await list(store, TASKS)
  return [...found]
    .sort((a, b) => createdAt(b) - createdAt(a) || b.createRevision - a.createRevision)
    .map(({ value }) => value as unknown as TaskDoc)
}

function createdAt({ value }: { readonly value: unknown }): number {
  return (value as TaskDoc).created_on
}

/** The lists that `created_resources` has, most of them of things that are not made here. */
const KINDS: readonly string[] = [
  'ai_clusters',
  'api_keys',
  'caas_containers',
  'ddos_profiles',
  'faas_functions',
  'faas_namespaces',
  'file_shares',
  'floatingips',
  'healthmonitors',
  'images',
  'inference_instances',
  'instances',
  'k8s_clusters',
  'k8s_pools',
  'l7polices',
  'l7rules',
  'laas_topic',
  'listeners',
  'loadbalancers',
  'members',
  'networks',
  'pools',
  'ports',
  'postgresql_clusters',
  'projects',
  'registry_registries',
  'registry_users',
  'routers',
  'secrets',
  'security_groups',
  'servergroups',
  'snapshots',
  'subnets',
  'volumes',
]

/** A task as the API tells it. */
export function showTask(task: TaskDoc): Record<string, unknown> {
  return {
    id: task.id,
    task_type: task.task_type,
    state: task.state,
    error: task.error,
    created_on: taskTime(task.created_on),
    updated_on: taskTime(task.updated_on),
    finished_on: taskTime(task.finished_on),
    acknowledged_at: taskTime(task.acknowledged_at),
    acknowledged_by: task.acknowledged_at === null ? null : USER,
    client_id: USER,
    user_id: USER,
    user_client_id: USER,
    project_id: task.project_id,
    region_id: task.region_id,
    request_id: task.request_id,
    job_id: task.id,
    schedule_id: null,
    lifecycle_policy_id: null,
    detailed_state: null,
    data: null,
    created_resources: task.state === 'FINISHED' ? showCreated(task.created_resources) : null,
  }
}

/** There is one user: whoever has the token. */
const USER = 1

function showCreated(created: Created | null): Record<string, readonly string[]> | null {
  if (created === null) return null
  return Object.fromEntries(KINDS.map((kind) => [kind, created[kind as CreatedKind] ?? []]))
}
