/** The prefix of all documents of this dialect. */
export const ROOT = '/gravitee'

/** The kinds of documents. */
export type Folder =
  | 'api'
  | 'plan'
  | 'application'
  | 'certificate'
  | 'claim'
  | 'path'
  | 'client'
  | 'subscription'
  | 'audit'

/** The folders below {@linkcode ROOT}, by what they hold. */
export const FOLDERS: Readonly<Record<Folder, string>> = {
  api: `${ROOT}/apis/`,
  plan: `${ROOT}/plans/`,
  application: `${ROOT}/applications/`,
  certificate: `${ROOT}/certificates/`,
  claim: `${ROOT}/claims/`,
  path: `${ROOT}/paths/`,
  client: `${ROOT}/clients/`,
  subscription: `${ROOT}/subscriptions/`,
  audit: `${ROOT}/audits/`,
}

/** Where a document stands. A certificate's id comes after its application's: `APPLICATION/CERTIFICATE`. */
export function keyOf(folder: Folder, id: string): string {
  return FOLDERS[folder] + id
}

/** Where the certificate of an application stands. */
export function certificateKey(
  certificate: { readonly applicationId: string; readonly id: string },
): string {
  return keyOf('certificate', `${certificate.applicationId}/${certificate.id}`)
}

/** Where the claim on a context path stands. Case counts in paths, not in hosts. */
export function pathKey(
  { path, host = '' }: { readonly path: string; readonly host?: string },
): string {
  return keyOf('path', encodeURIComponent(`${host.toLowerCase()} ${path}`))
}

/** Where the claim on a client id stands. */
export function clientKey(clientId: string): string {
  return keyOf('client', encodeURIComponent(clientId))
}

const BY_NAME: ReadonlyMap<string, Folder> = new Map(
  (Object.keys(FOLDERS) as Folder[]).map((folder) => [
    FOLDERS[folder].slice(ROOT.length + 1, -1),
    folder,
  ]),
)

/** Which kind of document a key names, and its id. */
export interface Place {
  readonly folder: Folder
  readonly id: string
}

/** Takes a key apart; undefined: it is none of ours. */
export function parseKey(key: string): Place | undefined {
  const start = ROOT.length + 1
  const end = key.indexOf('/', start)
  const folder = end < 0 || !key.startsWith(ROOT) ? undefined : BY_NAME.get(key.slice(start, end))
  return folder === undefined ? undefined : { folder, id: key.slice(end + 1) }
}

const LAST = 9_999_999_999_999

/** Keys of audits: the newest comes first in the order of keys. */
export function auditKey(at: number, id: string): string {
  return keyOf('audit', `${String(LAST - at).padStart(13, '0')}-${id}`)
}
