import type { KnownSubscription } from '../known.ts'
import type { Management } from '../management.ts'
import type { SubscriptionDocument, SubscriptionStatus } from '../model.ts'
import { ANY } from '../subscriptions/closing.ts'
import { hasKey } from '../subscriptions/key-changes.ts'
import { type PageRequest, slice } from './paging.ts'

/** Which subscriptions are wanted, as the queries of both versions of the API have it. */
export interface ListQuery {
  readonly apis?: readonly string[] | undefined
  readonly applications?: readonly string[] | undefined
  readonly plans?: readonly string[] | undefined
  /** Undefined: those that are ACCEPTED; none: all. */
  readonly statuses: readonly string[] | undefined
  readonly apiKey?: string | undefined
  readonly securities?: readonly string[] | undefined
}

/** A page of subscriptions, the newest first. */
export function pickSubscriptions(
  { catalogue }: Management,
  query: ListQuery,
  page: PageRequest,
): { readonly data: SubscriptionDocument[]; readonly total: number } {
  const statuses = statusesOf(query.statuses)
  const { apis, plans, apiKey, securities } = query
  const applications = query.applications?.length === 0 ? undefined : query.applications
  const [api] = apis ?? []
  const ids = catalogue.find({
    statuses,
    ...(api === undefined || apis?.length !== 1 ? {} : { api }),
    ...(applications === undefined ? {} : { applications }),
    ...(plans === undefined || plans.length === 0 ? {} : { plans }),
  })
  const isWanted = (known: KnownSubscription): boolean =>
    (apis === undefined || apis.length === 0 || apis.includes(known.apiId)) &&
    (apiKey === undefined || hasKey(known, apiKey)) &&
    (securities === undefined || securities.length === 0 ||
      securities.includes(catalogue.plans.get(known.planId)?.value.security.type ?? ''))
  const filtered = apiKey === undefined && securities === undefined && (apis?.length ?? 0) < 2
    ? ids
    : ids.filter((id) => isWanted(catalogue.subscriptions.get(id) as KnownSubscription))
  const data = slice(filtered, page)
    .flatMap((id) => catalogue.subscriptions.get(id)?.value ?? [])
  return { data, total: filtered.length }
}

function statusesOf(asked: readonly string[] | undefined): readonly SubscriptionStatus[] {
  if (asked === undefined) return ['ACCEPTED']
  // RESUMED is what someone asks for who wants a subscription back: nothing has it.
  return asked.length === 0 ? ANY : asked as readonly SubscriptionStatus[]
}

const COLUMNS = 'Plan;Application;Creation date;Process date;Start date;End date date;Status'

/** Subscriptions as a table, in Gravitee's columns. */
export function csvOf(
  { catalogue }: Management,
  subscriptions: readonly SubscriptionDocument[],
): string {
  const rows = subscriptions.map((each) => {
    const { planId, applicationId, createdAt, processedAt, startingAt, endingAt, status } = each
    const dates = [createdAt, processedAt, startingAt, endingAt].map((time) =>
      time === undefined ? '' : new Date(time).toISOString()
    )
    const plan = cell(catalogue.plans.get(planId)?.value.name ?? '')
    const application = cell(catalogue.applications.get(applicationId)?.value.name ?? '')
    return [plan, application, ...dates, status].join(';')
  })
  return [COLUMNS, ...rows].map((row) => `${row}\n`).join('')
}

/** A name that could end its cell, or that a spreadsheet would work out, is quoted (RFC 4180 section 2). */
function cell(text: string): string {
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[;"\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}
