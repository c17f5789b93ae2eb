import type * as z from 'zod'
import type { AccessLogConfig, Limits, Path, TicketsConfig } from './types.ts'
import { isMap, type Problems, valueAt } from './problems.ts'
import { describe, nameOf, pathText, quote } from './text.ts'
import { applicationSchema, type WrittenApplication } from './schema/applications.ts'
import { filterSchema, type WrittenFilter } from './schema/filters.ts'
import { limitsSchema } from './schema/limits.ts'
import { listenerSchema, type WrittenListener } from './schema/listeners.ts'
import { rootSchema } from './schema/mod.ts'
import { apiSchema, routeSchema, type WrittenApi, type WrittenRoute } from './schema/routes.ts'
import {
  accessLogSchema,
  adminSchema,
  drainTimeoutSchema,
  storeSchema,
  ticketsSchema,
  workersSchema,
  type WrittenAdmin,
  type WrittenStore,
} from './schema/settings.ts'
import { readName } from './schema/scalars.ts'
import { salvage } from './salvage.ts'
import { Mismatch, OPTIONS } from './schema/structure.ts'
import { upstreamSchema, type WrittenUpstream } from './schema/upstreams.ts'

/** A part of the document whose form is right, with its place. */
export interface Item<T> {
  readonly path: Path
  readonly value: T
  /** Whether wrong parts were left out: what is here can be checked, what is missing says nothing. */
  readonly partial?: boolean
}

/** The parts of the document whose form is right. What was wrong is among the problems. */
export interface Sections {
  readonly listeners: readonly Item<WrittenListener>[]
  /** The last step of a path is the upstream's name. */
  readonly upstreams: readonly Item<WrittenUpstream>[]
  readonly apis: readonly Item<WrittenApi>[]
  readonly routes: readonly Item<WrittenRoute>[]
  readonly applications: readonly Item<WrittenApplication>[]
  readonly filters: readonly Item<WrittenFilter>[]
  readonly admin: WrittenAdmin | undefined
  readonly limits: Limits
  readonly tickets: TicketsConfig
  readonly accessLog: AccessLogConfig
  readonly store: WrittenStore
  readonly workers: number
  readonly drainTimeout: number
}

/** Checks the form of a document, each part for itself, so that one error hides no other. */
export function readSections(problems: Problems): Sections {
  parse(problems, rootSchema, [])
  return {
    listeners: items(problems, listenerSchema, 'listeners'),
    upstreams: entries(problems, upstreamSchema, 'upstreams'),
    apis: items(problems, apiSchema, 'apis'),
    routes: items(problems, routeSchema, 'routes'),
    applications: items(problems, applicationSchema, 'applications'),
    filters: items(problems, filterSchema, 'filters'),
    admin: setting(problems, adminSchema.optional(), 'admin'),
    limits: setting(problems, limitsSchema.prefault({}), 'limits'),
    tickets: setting(problems, ticketsSchema.prefault({}), 'tickets'),
    accessLog: setting(problems, accessLogSchema.prefault({}), 'accessLog'),
    store: setting(problems, storeSchema.prefault({}), 'store'),
    workers: setting(problems, workersSchema, 'workers'),
    drainTimeout: setting(problems, drainTimeoutSchema, 'drainTimeout'),
  }
}

function parse<T>(problems: Problems, schema: z.ZodType<T>, path: Path): Item<T> | undefined {
  const raw = valueAt(problems.document, path)
  const result = schema.safeParse(raw, OPTIONS)
  if (result.success) return { path, value: result.data }
  for (const issue of result.error.issues) report(problems, path, issue)
  const value = salvage(schema, raw, result.error.issues)
  return value === undefined ? undefined : { path, value, partial: true }
}

/** A setting that has a default; the default stands in for a wrong one while errors are collected. */
function setting<T>(problems: Problems, schema: z.ZodType<T>, key: string): T {
  const read = parse(problems, schema, [key])
  return read === undefined ? schema.parse(undefined, OPTIONS) : read.value
}

function items<T>(problems: Problems, schema: z.ZodType<T>, key: string): Item<T>[] {
  const raw = valueAt(problems.document, [key])
  if (Array.isArray(raw)) {
    return raw.flatMap((_, index) => parse(problems, schema, [key, index]) ?? [])
  }
  if (raw !== undefined) wrong(problems, [key], `expected a list of ${key}`)
  return []
}

function entries<T>(problems: Problems, schema: z.ZodType<T>, key: string): Item<T>[] {
  const raw = valueAt(problems.document, [key])
  if (isMap(raw)) {
    return Object.keys(raw).flatMap((name) => {
      const path = [key, name]
      const read = readName(name)
      if (read instanceof Mismatch) {
        problems.error(path, `Cannot use ${quote(name)} as a name: ${read.message}`, 'key')
      }
      return parse(problems, schema, path) ?? []
    })
  }
  if (raw !== undefined) wrong(problems, [key], `expected a map of ${key} by name`)
  return []
}

/** Turns what the schema found into problems with places. */
function report(problems: Problems, base: Path, issue: z.core.$ZodIssue): void {
  const path = [...base, ...issue.path as Path]
  if (issue.code === 'unrecognized_keys') {
    const messages = issue.message.split('\n')
    issue.keys.forEach((key, index) => problems.error([...path, key], messages[index]!, 'key'))
    return
  }
  const hidden = issue.code === 'custom' && issue.params?.['hidden'] === true
  wrong(problems, path, issue.message, hidden)
}

function wrong(problems: Problems, path: Path, expected: string, hidden = false): void {
  const value = valueAt(problems.document, path)
  const message = value === undefined && path.length > 0
    ? `Missing key ${quote(String(path.at(-1)))} in ${pathText(path.slice(0, -1))}: ${expected}`
    : `Cannot use ${describe(value, hidden)} as ${nameOf(path)}: ${expected}`
  problems.error(path, message)
}
