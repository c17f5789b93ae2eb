import type { Files } from '../../../port/mod.ts'
import { Fault } from '../faults.ts'
import type { ApiDocument, JsonMap } from '../model.ts'
import { mapAt, placesOf, textAt } from './settings.ts'

/** Where files may lie that APIs name, and how they are read. */
export interface FileAccess {
  readonly folder: string | undefined
  readonly files: Pick<Files, 'read' | 'realPath'> | undefined
}

/** No file may be named. */
export const NO_FILES: FileAccess = { folder: undefined, files: undefined }

/** A store of keys or of trust, with the names under which it may name files. */
const STORES: readonly (readonly [string, readonly string[]])[] = [
  ['trustStore', ['path']],
  ['keyStore', ['path', 'certPath', 'keyPath']],
]

/** What an API names in place of content. */
interface Named {
  readonly what: string
  readonly path: string
}

function namedBy(api: Pick<ApiDocument, 'endpointGroups'>): Named[] {
  return placesOf(api).flatMap(({ settings }) =>
    STORES.flatMap(([what, names]) => {
      const store = mapAt(mapAt(settings, 'ssl'), what)
      // Java's own are refused for what they are.
      if (/^(|NONE|JKS)$/i.test(textAt(store, 'type') ?? '')) return []
      return names.flatMap((name) => {
        const path = textAt(store, name)
        return path === undefined ? [] : [{ what, path }]
      })
    })
  )
}

/**
 * Reads the files that an API names: what is in them is kept with the API, so that all gateways over one store have it.
 * @returns PEM as it is and all else in base64, by path; undefined where there are none. Throws Fault.
 */
export async function readNamedFiles(
  api: Pick<ApiDocument, 'endpointGroups'>,
  access: FileAccess,
): Promise<Readonly<Record<string, string>> | undefined> {
  const named = namedBy(api)
  if (named.length === 0) return undefined
  const files: Record<string, string> = {}
  for (const { what, path } of named) files[path] ??= await readOne(what, path, access)
  return files
}

async function readOne(what: string, path: string, { folder, files }: FileAccess): Promise<string> {
  if (folder === undefined || files === undefined) {
    throw invalid(
      `A ${what} is not read from the gateway's files: send it as content, or name their folder in admin.dialects.gravitee.files`,
    )
  }
  const whole = path.startsWith('/') ? path : `${folder}/${path}`
  const outside = invalid(
    `Could not read "${path}" for a ${what}: it is not below admin.dialects.gravitee.files`,
  )
  if (!isBelow(whole, folder)) throw outside
  try {
    // A link may lead anywhere: what counts is where it ends, and that is what is read.
    const real = await files.realPath(whole)
    if (!isBelow(real, await files.realPath(folder))) throw outside
    return textOf(await files.read(real))
  } catch (error) {
    if (error === outside) throw error
    throw invalid(
      `Could not read "${path}" for a ${what}: there is no such file, or it is not ours to read`,
    )
  }
}

/** Whether a path leads below a folder, by its names alone. */
function isBelow(path: string, folder: string): boolean {
  const steps = path.split('/')
  return !path.includes('\0') && !steps.includes('..') &&
    path.startsWith(`${folder.replace(/\/+$/, '')}/`)
}

function textOf(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes)
  if (text.includes('-----BEGIN ')) return text
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return btoa(binary)
}

function invalid(message: string): Fault {
  return new Fault(400, message, { code: 'api.invalid', details: [{ message }] })
}

/** What a store holds: what was sent, or what stands in the file that it names. */
export function contentAt(
  { files }: Pick<ApiDocument, 'files'>,
  store: JsonMap,
  [content, path]: readonly [string, string],
): string | undefined {
  const named = textAt(store, path)
  return textAt(store, content) ?? (named === undefined ? undefined : files?.[named])
}
