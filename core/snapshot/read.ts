import type { Files } from '../port/mod.ts'
import type { Configuration, Path, Problem } from './types.ts'
import { buildConfiguration } from './build.ts'
import { checkApiKeys, checkApplications } from './checks/applications.ts'
import { checkListeners } from './checks/listeners.ts'
import { checkRoutes } from './checks/routes.ts'
import { checkUpstreams } from './checks/upstreams.ts'
import { Contents, type JoinCrls, type Means } from './contents.ts'
import { parseText } from './document.ts'
import { writtenPath } from './places.ts'
import { isMap, Problems, valueAt } from './problems.ts'
import { type Item, readSections, type Sections } from './sections.ts'
import { describe } from './text.ts'
import type { Resolved } from './schema/sources.ts'

/** A configuration as text, and what is needed to read the files and secrets that it names. */
export interface ConfigurationText {
  /** YAML 1.2, of which JSON is a part. */
  readonly text: string
  /** Where the text came from: for messages, and for paths that are relative to it. */
  readonly file: string
  readonly files: Files
  /** Looks up an environment variable. */
  readonly env: (name: string) => string | undefined
  readonly joinCrls?: JoinCrls | undefined
}

/** How to read the files and secrets of a configuration that is an object. */
export interface ObjectMeans {
  /** Paths are relative to it; without it, to the process. */
  readonly file?: string | undefined
  /** Without files, content must be inline or in variables. */
  readonly files?: Files | undefined
  readonly env?: ((name: string) => string | undefined) | undefined
  /** Without it, files of CRLs are read whole. */
  readonly joinCrls?: JoinCrls | undefined
}

/** What became of a configuration. */
export interface ReadConfiguration {
  /** Undefined where there is an error among the problems. */
  readonly configuration: Configuration | undefined
  /** Errors and warnings, in the order of the document. */
  readonly problems: Problem[]
  /** The configuration's own file and each file that it names, readable or not: a change of any is a reason to read again. */
  readonly watched: string[]
  /**
   * Where a place of the configuration is written, for problems that are found later. A path that leads beyond what is
   * written stands for its last existing part; undefined where there is no text.
   */
  readonly locate: (path: Path) => Problem['position']
}

const EXAMPLE = `expected at least a listener and a route, such as

listeners:
  - address: 127.0.0.1:9080
routes:
  - match: { paths: ["/*"] }
    upstream: { endpoints: [{ address: 127.0.0.1:8080 }] }
`

/**
 * Reads `gateway.yaml`: its form, what its parts owe each other, and the files and secrets that it names.
 *
 * Never rejects: whatever is wrong with the text, the files or the variables is among the problems, all of it at once.
 *
 * @example
 * ```ts
 * const { configuration, problems } = await readConfiguration({ text, file: 'gateway.yaml', files, env })
 * for (const problem of problems) console.error(formatProblem(problem))
 * ```
 */
export async function readConfiguration(source: ConfigurationText): Promise<ReadConfiguration> {
  const parsed = parseText(source.text, source.file)
  const problems = new Problems(parsed.value, parsed.locate)
  problems.adopt(parsed.problems)
  if (parsed.empty) problems.error([], `Cannot use an empty configuration: ${EXAMPLE}`)
  const unusable = parsed.empty || parsed.value === undefined
  return await interpret(problems, source, unusable)
}

/**
 * Reads a configuration that is an object already, as embedding programs have it. The same as
 * {@linkcode readConfiguration}, but problems have paths alone. Dates may be `Date`s.
 */
export async function readConfigurationObject(
  document: unknown,
  means: ObjectMeans = {},
): Promise<ReadConfiguration> {
  const problems = new Problems(document, () => undefined)
  const { file, files, env, joinCrls } = means
  return await interpret(problems, { file, files, env, joinCrls }, false)
}

async function interpret(
  problems: Problems,
  means: Means,
  unusable: boolean,
): Promise<ReadConfiguration> {
  const contents = new Contents(means, problems)
  const configuration = unusable ? undefined : await interpretDocument(problems, contents)
  const own = means.file === undefined ? [] : [means.file]
  return {
    configuration,
    problems: problems.list(),
    watched: [...new Set([...own, ...contents.watched])],
    locate: (path) => problems.position(writtenPath(problems.document, path)),
  }
}

async function interpretDocument(
  problems: Problems,
  contents: Contents,
): Promise<Configuration | undefined> {
  if (!isMap(problems.document)) {
    problems.error([], `Cannot use ${describe(problems.document)} as configuration: ${EXAMPLE}`)
    return undefined
  }
  const sections = readSections(problems)
  checkListenersExist(problems)
  checkListeners(problems, sections)
  checkUpstreams(problems, sections)
  checkRoutes(problems, sections)
  checkApplications(problems, sections)
  const parts = await readContents(sections, contents)
  checkApiKeys(problems, parts.applications)
  return problems.failed
    ? undefined
    : buildConfiguration(sections, parts, (path) => contents.beside(path))
}

/** A gateway that accepts nothing is a mistake, not a wish. */
function checkListenersExist(problems: Problems): void {
  const path: Path = ['listeners']
  const listeners = valueAt(problems.document, path)
  // What the admin APIs configure may bring listeners of its own.
  if (valueAt(problems.document, ['admin']) !== undefined && listeners === undefined) return
  const expected = 'expected at least one, such as "- address: 127.0.0.1:9080"'
  if (listeners === undefined) {
    problems.error(path, `Missing key "listeners" in the configuration: ${expected}`)
  } else if (Array.isArray(listeners) && listeners.length === 0) {
    problems.error(path, `Cannot use an empty list as listeners: ${expected}`)
  }
}

async function readContents(sections: Sections, contents: Contents) {
  const { listeners, upstreams, apis, routes, applications, filters, admin, store } = sections
  await contents.load([listeners, upstreams, apis, routes, applications, filters, admin, store])
  const resolve = <T>(items: readonly Item<T>[]): Item<Resolved<T>>[] =>
    items.map(({ path, value }) => ({ path, value: contents.resolve(value, path) }))
  return {
    listeners: resolve(listeners),
    upstreams: resolve(upstreams),
    apis: resolve(apis),
    routes: resolve(routes),
    applications: resolve(applications),
    filters: resolve(filters),
    admin: contents.resolve(admin, ['admin']),
    store: contents.resolve(store, ['store']),
  }
}
