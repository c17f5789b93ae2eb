import { changeApplications, compile, pkiTools } from '../../core/mod.ts'
import type { CompileOptions, Configuration, ListenProblem, Path } from '../../core/mod.ts'
import type { ApplicationConfig, Problem, Snapshot } from '../../core/mod.ts'
import { type Dialect, type DocumentProblem, mergeParts } from '../../core/dialect/mod.ts'
import { TokenCheckers } from '../../core/token/mod.ts'
import type { Host } from './host.ts'
import type { Turns } from './turns.ts'

/** How often what is wrong is left out and the rest tried again. */
const ROUNDS = 8

/** What came of an attempt to put something in force. */
export interface Assembled {
  /** Undefined: nothing changed, because of the `problems`, or because listeners did not open. */
  readonly snapshot: Snapshot | undefined
  /** Of the document; with paths into it. */
  readonly problems: readonly Problem[]
  readonly listening: readonly ListenProblem[]
  /** Of the store's documents: what is left out, and why. */
  readonly documents: readonly DocumentProblem[]
  /** Of the store's documents: what is worth a warning, of those that were compiled now. */
  readonly warnings: readonly DocumentProblem[]
  /** Whether something was left out that may be possible once something else has changed. */
  readonly leftOut: boolean
}

/** What an assembly works with. */
export interface AssemblyOptions {
  readonly host: Host
  /** 32 bytes that session-ticket keys are derived from. */
  readonly secret: Uint8Array
  readonly dialects: readonly Dialect[]
  readonly turns: Turns
  /** Puts a snapshot in force; what listeners could not be opened comes back, and then nothing changed. */
  readonly apply: (snapshot: Snapshot) => Promise<readonly ListenProblem[]>
}

/** Makes snapshots of what the document and the store's documents ask for together. */
export class Assembly {
  readonly #options: AssemblyOptions

  readonly #tokens: TokenCheckers

  constructor(options: AssemblyOptions) {
    this.#options = options
    this.#tokens = new TokenCheckers(options.host)
  }

  /**
   * Makes everything anew that is not as it was. Documents that cannot be are left out, the rest goes on.
   *
   * @param news whether the document is the one that `previous` was made of: its warnings have been told
   */
  async all(
    base: Configuration,
    previous: Snapshot | undefined,
    news: boolean,
  ): Promise<Assembled> {
    const options = { ...this.#compileOptions(previous), news }
    const { dialects, apply } = this.#options
    const brought = dialects.map(({ name, translator }) => ({ name, parts: translator.parts() }))
    const told = brought.flatMap(({ parts }) => parts.problems)
    const without = new Map<object, DocumentProblem>()
    for (let round = 0;; round++) {
      const configuration = mergeParts(base, brought, new Set(without.keys()))
      const { snapshot, problems } = await compile(configuration, options)
      const documents = [...told, ...without.values()]
      const leftOut = without.size > 0
      if (snapshot === undefined) {
        const mended = round < ROUNDS && this.#leaveOut(configuration, problems, without)
        if (mended) continue
        return { snapshot, problems, listening: [], documents, warnings: [], leftOut }
      }
      const listening = await apply(snapshot)
      if (listening.length === 0) {
        const { own, warnings } = this.#sorted(configuration, problems)
        const known = previous !== undefined && !news
        const told = { problems: own, documents, warnings: known ? [] : warnings }
        return { snapshot, listening, leftOut, ...told }
      }
      if (round < ROUNDS && this.#leaveListenersOut(configuration, listening, without)) continue
      return { snapshot: undefined, problems, listening, documents, warnings: [], leftOut }
    }
  }

  /** Changes applications alone, where nothing else changed: undefined where that is not possible. */
  async applications(
    names: ReadonlySet<string>,
    previous: Snapshot,
  ): Promise<Snapshot | undefined> {
    const { dialects, apply } = this.#options
    const put: ApplicationConfig[] = []
    const remove: string[] = []
    const brought = dialects.map(({ translator }) => translator.parts().applications)
    for (const name of names) {
      const config = brought.find((all) => all.has(name))?.get(name)
      if (config !== undefined) put.push(config)
      else remove.push(name)
    }
    const options = this.#compileOptions(previous)
    const { snapshot } = await changeApplications(previous, { put, remove }, options)
    if (snapshot === undefined || (await apply(snapshot)).length > 0) return undefined
    return snapshot
  }

  #compileOptions(previous: Snapshot | undefined): CompileOptions {
    const { host, secret, turns } = this.#options
    return {
      previous,
      pki: pkiTools,
      now: host.clock.now(),
      secret,
      systemRoots: () => host.systemRoots(),
      breathe: turns.begin(),
      tokenChecker: (plan) => this.#tokens.of(plan),
    }
  }

  /** Notes the documents that errors come from. False where an error is the document's own, or nothing is new. */
  #leaveOut(
    configuration: Configuration,
    problems: readonly Problem[],
    without: Map<object, DocumentProblem>,
  ): boolean {
    const before = without.size
    for (const { severity, path, message } of problems) {
      if (severity !== 'error') continue
      const found = this.#partAt(configuration, path)
      if (found === undefined) return false
      without.set(found.part, { key: found.key, severity, message })
    }
    return without.size > before
  }

  #leaveListenersOut(
    { listeners }: Configuration,
    listening: readonly ListenProblem[],
    without: Map<object, DocumentProblem>,
  ): boolean {
    for (const { listener, address, code } of listening) {
      const part = listeners.find(({ name }) => name === listener)
      const key = part && this.#documentOf(part)
      if (part === undefined || key === undefined) return false
      const message = `Could not listen on ${address.host}:${address.port}: ${code}`
      without.set(part, { key, severity: 'error', message })
    }
    return true
  }

  /** Warnings, told apart by whether the document or one of the store is meant. */
  #sorted(
    configuration: Configuration,
    problems: readonly Problem[],
  ): { readonly own: readonly Problem[]; readonly warnings: readonly DocumentProblem[] } {
    const own: Problem[] = []
    const warnings: DocumentProblem[] = []
    for (const problem of problems) {
      const found = this.#partAt(configuration, problem.path)
      if (found === undefined) own.push(problem)
      else {
        const { severity, message } = problem
        warnings.push({ key: found.key, severity, message })
      }
    }
    return { own, warnings }
  }

  /** The part that a path leads to, and the document that it came from; undefined: the document's own. */
  #partAt(
    configuration: Configuration,
    [section = '', which = '', inner, index]: Path,
  ): { readonly part: object; readonly key: string } | undefined {
    const all: unknown = configuration[section as keyof Configuration]
    const found: unknown = all instanceof Map
      ? all.get(which)
      : Array.isArray(all)
      ? all[Number(which)]
      : undefined
    if (typeof found !== 'object' || found === null) return undefined
    const part: { readonly tls?: readonly object[] } = found
    const entry = section === 'listeners' && inner === 'tls' ? part.tls?.[Number(index)] : undefined
    for (const candidate of entry === undefined ? [part] : [entry, part]) {
      const key = this.#documentOf(candidate)
      if (key !== undefined) return { part: candidate, key }
    }
    return undefined
  }

  #documentOf(part: object): string | undefined {
    for (const { translator } of this.#options.dialects) {
      const key = translator.documentOf(part)
      if (key !== undefined) return key
    }
    return undefined
  }
}
