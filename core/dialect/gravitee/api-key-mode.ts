import { bad, type Fault } from './faults.ts'
import type { Management } from './management.ts'
import type { ApplicationDocument, PlanDocument } from './model.ts'
import { LIVING } from './subscriptions/closing.ts'

/** Whether an application has a key for each subscription, or has not said; one for all is not to be had here. */
export const API_KEY_MODES = ['UNSPECIFIED', 'EXCLUSIVE', 'SHARED'] as const

/** One of these modes. */
export type ApiKeyMode = typeof API_KEY_MODES[number]

/** An application's mode. */
export function apiKeyModeOf(application: ApplicationDocument | undefined): ApiKeyMode {
  return application?.extra['api_key_mode'] === 'EXCLUSIVE' ? 'EXCLUSIVE' : 'UNSPECIFIED'
}

/** Checks what mode an application is to have, new or changed. Throws Fault. */
export function checkApiKeyMode(
  wanted: ApiKeyMode | undefined,
  before: ApplicationDocument | undefined,
): void {
  if (wanted === undefined) return
  const mode = apiKeyModeOf(before)
  if (before !== undefined && mode !== 'UNSPECIFIED' && mode !== wanted) {
    throw invalid(
      `Can't update application ${before.id} Api key mode cause current Api Key Mode ${mode} is not updatable`,
    )
  }
  if (wanted !== 'SHARED') return
  throw invalid(
    before === undefined
      ? "Can't create application with SHARED api key mode cause environment setting is disabled"
      : `Can't update application ${before.id} Api key mode to SHARED cause environment setting is disabled`,
  )
}

/** The application with the mode that it gets as it subscribes; undefined where it stays as it is. Throws Fault. */
export function withApiKeyMode(
  { catalogue }: Management,
  application: ApplicationDocument,
  { plan, wanted }: { readonly plan: PlanDocument; readonly wanted: ApiKeyMode | undefined },
): ApplicationDocument | undefined {
  if (plan.security.type !== 'API_KEY' || apiKeyModeOf(application) !== 'UNSPECIFIED') {
    return undefined
  }
  const others =
    catalogue.subscriptionsOf(application.id).filter(({ value }) =>
      LIVING.includes(value.status) &&
      catalogue.plans.get(value.planId)?.value.security.type === 'API_KEY'
    ).length
  if (wanted === 'SHARED' && others === 1) checkApiKeyMode(wanted, application)
  const exclusive = wanted === 'EXCLUSIVE' ||
    (wanted !== 'UNSPECIFIED' && others > (wanted === 'SHARED' ? 1 : 0))
  return exclusive
    ? { ...application, extra: { ...application.extra, api_key_mode: 'EXCLUSIVE' } }
    : undefined
}

function invalid(message: string): Fault {
  return bad('application.apiKeyMode.invalid', message)
}
