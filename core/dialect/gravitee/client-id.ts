import type { ApplicationDocument } from './model.ts'

/** The client id of an application, which tokens name. */
export function clientIdOf({ settings }: ApplicationDocument): string | undefined {
  const oauth = settings.oauth?.['client_id']
  return settings.app?.client_id ?? (typeof oauth === 'string' ? oauth : undefined)
}
