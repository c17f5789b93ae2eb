import type { AuthorityRequest, CertificateRequest, Issued } from '../../core/pki/issue.ts'
import { isPkiProblem, type PkiProblem } from '../../core/pki/mod.ts'
import { FileFailure } from '../../core/mod.ts'
import type { Host } from './host.ts'
import { WrongUse } from './wrong-use.ts'

/** The name of an authority's files in its folder. */
export const AUTHORITY = 'ca'
/** Private keys and bundles are for their owner alone. */
const SECRET = 0o600
const PUBLIC = 0o644

/** A file that is to be written. */
export interface NewFile {
  readonly path: string
  readonly content: string | Uint8Array
  readonly secret: boolean
}

/** Where something is written, and whether it may replace what is there. */
export interface Place {
  readonly folder: string
  readonly force: boolean
}

/**
 * Writes files, all or, where one is there already and may not be replaced, none.
 * Throws WrongUse with the remedy.
 */
export async function writeFiles(
  host: Host,
  files: readonly NewFile[],
  force: boolean,
): Promise<void> {
  for (const { path } of force ? [] : files) {
    if (!await host.files.exists(path)) continue
    throw new WrongUse(`Could not write "${path}": it is there already; --force replaces it`)
  }
  for (const { path, content, secret } of files) {
    const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
    await orWrongUse(() => host.files.write(path, bytes, secret ? SECRET : PUBLIC))
  }
}

/** Makes an authority: `ca.crt` and `ca.key` in a folder. Returns the paths. */
export async function makeAuthorityFiles(
  host: Host,
  { folder, force }: Place,
  request: Omit<AuthorityRequest, 'now'>,
): Promise<string[]> {
  const { makeAuthority } = await import('../../core/pki/issue.ts')
  const made = given(await makeAuthority({ ...request, now: host.clock.now() }))
  await orWrongUse(() => host.files.makeFolder(folder))
  return await writePair(host, { folder, force }, { base: AUTHORITY, made })
}

/** Issues a certificate by the authority in a folder: `<base>.crt` and `<base>.key`. Returns the paths. */
export async function issueFiles(
  host: Host,
  place: Place,
  { authority, base, request }: {
    /** The authority's folder. */
    readonly authority: string
    readonly base: string
    readonly request: Omit<CertificateRequest, 'now' | 'authority'>
  },
): Promise<string[]> {
  const { issueCertificate } = await import('../../core/pki/issue.ts')
  if (base === AUTHORITY) {
    throw new WrongUse(`Could not write "${base}.crt": the authority has that name`)
  }
  const issuer = await readAuthority(host, authority)
  const now = host.clock.now()
  const made = given(await issueCertificate({ ...request, authority: issuer, now }))
  await orWrongUse(() => host.files.makeFolder(place.folder))
  return await writePair(host, place, { base, made })
}

async function readAuthority(host: Host, folder: string): Promise<Issued> {
  const read = async (name: string): Promise<string> => {
    const path = pathIn(host, folder, name)
    if (!await host.files.exists(path)) {
      throw new WrongUse(
        `Could not find authority "${path}": make one with sallyport pki ca --out ${folder}`,
      )
    }
    return new TextDecoder().decode(await orWrongUse(() => host.files.read(path)))
  }
  return { certificate: await read(`${AUTHORITY}.crt`), key: await read(`${AUTHORITY}.key`) }
}

/** The key goes first: a certificate that is there has its key. */
async function writePair(
  host: Host,
  { folder, force }: Place,
  { base, made }: { readonly base: string; readonly made: Issued },
): Promise<string[]> {
  const key = pathIn(host, folder, `${base}.key`)
  const cert = pathIn(host, folder, `${base}.crt`)
  const files = [
    { path: key, content: made.key, secret: true },
    { path: cert, content: made.certificate, secret: false },
  ]
  await writeFiles(host, files, force)
  return [cert, key]
}

/** A path in a folder. */
export function pathIn(host: Host, folder: string, name: string): string {
  return host.files.beside(`${folder}/x`, name)
}

/** A name as the beginning of a file's name. */
export function fileBase(name: string): string {
  return name.replace(/[^A-Za-z0-9._-]+/g, '_').replace(/^\.+/, '') || 'certificate'
}

/** RFC 4514 text: as it is given, or as a common name. Throws WrongUse for names that need quoting. */
export function subjectOf(name: string): string {
  if (/^[A-Za-z][A-Za-z0-9.-]*=/.test(name)) return name
  const plain = name.trim()
  if (plain === '' || /[\p{Cc}"+<>;=\\#]/u.test(plain)) {
    throw new WrongUse(`Could not take --name "${name}": it is empty or has one of "+<>;=\\#`)
  }
  return `CN=${plain.replaceAll(',', '\\,')}`
}

/** What was made, or WrongUse with what kept it from being made. */
export function given<T>(made: T | PkiProblem): T {
  if (isPkiProblem(made)) throw new WrongUse(made.message)
  return made
}

/** Turns the file system's refusals into what the user can do. */
export async function orWrongUse<T>(task: () => Promise<T>): Promise<T> {
  try {
    return await task()
  } catch (error) {
    if (!(error instanceof FileFailure)) throw error
    const { code, message } = error
    const remedy = code === 'EACCES' || code === 'EPERM' || code === 'EROFS'
      ? 'it may not be written by this user: choose another folder, or change its owner'
      : code === 'ENOTDIR' || code === 'EEXIST'
      ? 'there is a file where a folder should be: choose another folder'
      : code === 'ENOSPC'
      ? 'the disk is full'
      : 'choose another place'
    throw new WrongUse(`Could not use file: ${message}; ${remedy}`)
  }
}
