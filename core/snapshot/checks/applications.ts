import type { Path, SubscriptionConfig } from '../types.ts'
import { type Problems, valueAt } from '../problems.ts'
import type { Item, Sections } from '../sections.ts'
import { pathText, quote, suggest } from '../text.ts'
import type { Resolved } from '../schema/sources.ts'
import type { WrittenApplication } from '../schema/applications.ts'
import type { WrittenApi } from '../schema/routes.ts'
import { checkSpan } from './spans.ts'
import { UniqueNames, writtenItems, writtenNames } from './names.ts'

/** Checks applications: names, spans, and that subscriptions lead to plans. */
export function checkApplications(problems: Problems, { applications, apis }: Sections): void {
  const names = new UniqueNames(problems, 'application name')
  const check = new Subscriptions(problems, apis)
  for (const { path, value } of writtenItems(problems, 'applications')) {
    if (typeof value['name'] === 'string') names.take(value['name'], [...path, 'name'])
  }
  for (const { path, value } of applications) {
    for (const key of ['certificates', 'apiKeys', 'subscriptions'] as const) {
      value[key].forEach((span, index) => checkSpan(problems, span, [...path, key, index]))
    }
    value.subscriptions.forEach((subscription, index) =>
      check.run(subscription, [...path, 'subscriptions', index])
    )
  }
}

class Subscriptions {
  readonly #problems: Problems
  readonly #names: ReadonlySet<string>
  readonly #apis: ReadonlyMap<string, WrittenApi>

  constructor(problems: Problems, apis: readonly Item<WrittenApi>[]) {
    this.#problems = problems
    this.#names = writtenNames(problems, 'apis')
    this.#apis = new Map(apis.map(({ value }) => [value.name, value]))
  }

  run({ api: name, plan: planName }: SubscriptionConfig, path: Path): void {
    if (!this.#names.has(name)) {
      const hint = suggest(name, [...this.#names])
      this.#problems.error([...path, 'api'], `Unknown API ${quote(name)}: ${hint}`)
      return
    }
    const api = this.#apis.get(name)
    // An API that is wrong itself is told of elsewhere; its plans are not known.
    if (api === undefined) return
    const plan = api.plans.find((candidate) => candidate.name === planName)
    const at = [...path, 'plan']
    if (plan === undefined) {
      const hint = suggest(planName, api.plans.map((candidate) => candidate.name))
      const message = `Unknown plan ${quote(planName)} of API ${quote(name)}: ${hint}`
      this.#problems.error(at, message)
    } else if (plan.type === 'keyless') {
      const message = `Cannot subscribe to plan ${quote(planName)}: keyless plans are open to all`
      this.#problems.error(at, message)
    }
  }
}

/** An API key names one application. The key itself stays out of the message. */
export function checkApiKeys(
  problems: Problems,
  applications: readonly Item<Resolved<WrittenApplication>>[],
): void {
  const owners = new Map<string, Path>()
  for (const { path, value } of applications) {
    for (const [index, { key }] of value.apiKeys.entries()) {
      const owner = owners.get(key)
      if (owner === undefined) owners.set(key, path)
      else if (owner !== path && key !== undefined) {
        const name = valueAt(problems.document, [...owner, 'name'])
        const whose = `${pathText(owner)} (${quote(String(name))}) has it already`
        problems.error([...path, 'apiKeys', index, 'key'], `Duplicate API key: ${whose}`)
      }
    }
  }
}
