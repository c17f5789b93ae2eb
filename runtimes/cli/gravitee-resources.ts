import { parseAllDocuments } from 'yaml'
import { FileFailure } from '../../core/mod.ts'
import type { Problem } from '../../core/mod.ts'
import {
  isResource,
  translateResources,
  translatorOptions,
} from '../../core/dialect/gravitee/config/resources.ts'
import { mergeParts } from '../../core/dialect/mod.ts'
import type { Host } from './host.ts'
import type { ReadFile } from './snapshot-source.ts'

/** Adds what the resources of Gravitee's operator ask for that a configuration names, if it names any. */
export async function withResources(host: Host, file: string, read: ReadFile): Promise<ReadFile> {
  const { configuration } = read
  const options = configuration?.admin?.dialects.gravitee
  const names = options?.resources ?? []
  if (configuration === undefined || options === undefined || names.length === 0) return read
  const { paths, watched } = await filesOf(host, names.map((name) => host.files.beside(file, name)))
  const problems: Problem[] = []
  const resources = []
  for (const path of paths) resources.push(...await readResources(host, path, problems))
  const found = await translateResources(resources, {
    ...translatorOptions(options),
    access: { folder: options.files, files: host.files },
  })
  const named = [...found.problems, ...found.parts.problems].map(({ key, severity, message }) => (
    problemAt(file, `${key}: ${message}`, severity)
  ))
  const all = [...read.problems, ...problems, ...named]
  const failed = all.some(({ severity }) => severity === 'error')
  return {
    ...read,
    configuration: failed
      ? undefined
      : mergeParts(configuration, [{ name: 'gravitee', parts: found.parts }]),
    problems: all,
    watched: [...read.watched, ...watched],
  }
}

/** The files that are named, and those in the folders that are. */
async function filesOf(
  host: Host,
  named: readonly string[],
): Promise<{ readonly paths: readonly string[]; readonly watched: readonly string[] }> {
  const paths: string[] = []
  const folders: string[] = []
  for (const path of named) {
    const names = await host.files.list(path).catch(() => undefined)
    if (names === undefined) paths.push(path)
    else {
      folders.push(path)
      const files = names.filter((name) => /^[^.].*\.(ya?ml|json)$/.test(name))
      paths.push(...files.map((name) => `${path.replace(/\/+$/, '')}/${name}`))
    }
  }
  return { paths, watched: [...folders, ...paths] }
}

async function readResources(
  host: Host,
  path: string,
  problems: Problem[],
): Promise<Parameters<typeof translateResources>[0]> {
  let text: string
  try {
    text = new TextDecoder().decode(await host.files.read(path))
  } catch (error) {
    problems.push(problemAt(path, error instanceof FileFailure ? error.message : String(error)))
    return []
  }
  const resources = []
  for (const document of parseAllDocuments(text)) {
    const [wrong] = document.errors
    const value: unknown = wrong === undefined ? document.toJS({ maxAliasCount: 100 }) : undefined
    if (wrong !== undefined) problems.push(problemAt(path, wrong.message))
    else if (isResource(value)) resources.push(value)
    else if (value !== null) {
      problems.push(problemAt(path, 'A document is no resource of gravitee.io', 'warning'))
    }
  }
  return resources
}

function problemAt(
  file: string,
  message: string,
  severity: Problem['severity'] = 'error',
): Problem {
  return { severity, path: [], message, position: { file, line: 1, column: 1 } }
}
