import { documentsOf, STANDALONE_KINDS } from '../config/standalone.ts'
import { replaceDocuments } from '../config/replace.ts'
import type { Json } from '../../../store/mod.ts'
import { isStoreFailure } from '../../../store/mod.ts'
import { isTable, type Table, withChanges } from '../table.ts'
import { type Answer, refuse } from './answer.ts'
import { readConfiguration } from './body.ts'
import { trouble } from './read.ts'
import type { ResourceContext } from './types.ts'
import { faultsOf } from './validate.ts'

/** The configuration in one piece, as it was put last. */
export class StandaloneConfigs {
  #digest = ''
  #modified = 0
  #config: Table = {}

  /** Answers `GET` and `HEAD /configs`. What asks for YAML gets JSON under its name, which is YAML, too. */
  get(request: Request): Answer {
    const accept = request.headers.get('accept') ?? ''
    const type = accept.startsWith('application/yaml') ? 'application/yaml' : 'application/json'
    const versions = STANDALONE_KINDS.map((kind) => [`${kind}_conf_version`, this.#version(kind)])
    return {
      status: 200,
      body: { ...this.#config, ...Object.fromEntries(versions) },
      headers: { ...this.#headers(), 'Content-Type': type },
    }
  }

  /** Answers `PUT /configs`: all documents at once, with the digest by which the client knows them. */
  async put(request: Request, context: ResourceContext): Promise<Answer> {
    const digest = request.headers.get('x-digest') ?? ''
    if (digest === '') return refuse(400, 'missing digest header')
    if (digest === this.#digest) return { status: 204, headers: this.#headers() }
    const body = await readConfiguration(request)
    if ('refused' in body) return body.refused
    if (!isTable(body.value)) return refuse(400, 'invalid request body: invalid configuration')
    const config = this.#withUnchanged(body.value)
    const wrong = this.#oldVersion(config) ?? (await faultsOf(config, context.checks))[0]?.error
    if (wrong !== undefined) return refuse(400, wrong)
    const revision = await replaceDocuments(context.store, documentsOf(config))
    if (typeof revision !== 'number') return isStoreFailure(revision) ? trouble(revision) : revision
    this.#digest = digest
    this.#modified = Math.floor(context.clock.now() / 1000)
    this.#config = withVersions(config, (kind) => this.#version(kind))
    await context.inForce(revision)
    return { status: 202, headers: this.#headers() }
  }

  #headers(): Record<string, string> {
    if (this.#digest === '') return {}
    return { 'X-Digest': this.#digest, 'X-Last-Modified': String(this.#modified) }
  }

  #version(kind: string): number {
    const version = this.#config[`${kind}_conf_version`]
    return typeof version === 'number' ? version : 0
  }

  /** Kinds whose version stays keep their documents, whatever is said of them. */
  #withUnchanged(config: Table): Table {
    const kept = STANDALONE_KINDS.filter((kind) => {
      const version = config[`${kind}_conf_version`]
      return version !== undefined && version === this.#version(kind)
    })
    return withChanges(config, Object.fromEntries(kept.map((kind) => [kind, this.#config[kind]])))
  }

  /** A version may grow or stay, as each kind has its own. */
  #oldVersion(config: Table): string | undefined {
    for (const kind of STANDALONE_KINDS) {
      const name = `${kind}_conf_version`
      const version = config[name]
      if (version === undefined) continue
      if (typeof version !== 'number') return `${name} must be a number`
      const before = this.#version(kind)
      if (version < before) return `${name} must be greater than or equal to (${before})`
    }
    return undefined
  }
}

/** Versions that a client does not tell grow by themselves. */
function withVersions(config: Table, before: (kind: string) => number): Table {
  const grown = STANDALONE_KINDS
    .filter((kind) => config[`${kind}_conf_version`] === undefined)
    .map((kind): [string, Json] => [`${kind}_conf_version`, before(kind) + 1])
  return { ...config, ...Object.fromEntries(grown) }
}
