import { bad, Fault } from '../faults.ts'

/** Where everything is: there is one organization and one environment. */
export const PLACE: { readonly organizationId: string; readonly environmentId: string } = {
  organizationId: 'DEFAULT',
  environmentId: 'DEFAULT',
}

/** What is wrong with a specification, and what of it has no effect. */
export interface Told {
  readonly severe: readonly string[]
  readonly warning: readonly string[]
}

/** Collects what is found in a specification before anything is done. */
export class Findings {
  readonly #severe: string[] = []
  readonly #warning: string[] = []

  severe(message: string): void {
    this.#severe.push(message)
  }

  warning(message: string): void {
    this.#warning.push(message)
  }

  get failed(): boolean {
    return this.#severe.length > 0
  }

  /** Tries something; a fault is severe. `tell` words it. Throws what is no fault. */
  async trying(
    task: () => unknown,
    tell: (message: string) => string = (message) => message,
  ): Promise<void> {
    try {
      await task()
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      const details = error.details.map(({ message, location }) =>
        location === undefined ? message : `${location} ${message}`
      )
      const own = error.details.length > 0 && error.code !== 'invalidValue'
      this.severe(tell(own ? [error.message, ...details].join(': ') : error.message))
    }
  }

  /** As answers have it: in order. */
  told(): Told {
    return { severe: this.#severe.toSorted(), warning: this.#warning.toSorted() }
  }

  /** Refuses what has something severe. Throws Fault. */
  refuseSevere(): void {
    if (!this.failed) return
    const all = this.#severe.join(',')
    throw bad('invalid', `Unable to import because of errors [${all}]`)
  }
}

/** Members, groups and categories are not kept here: each that is named is told of. */
export function warnOfUnknown(findings: Findings, spec: Readonly<Record<string, unknown>>): void {
  for (const each of list(spec['categories'])) {
    findings.warning(`category [${String(each)}] is not defined in environment [DEFAULT]`)
  }
  for (const each of list(spec['groups'])) {
    findings.warning(`Group [${String(each)}] could not be found in environment [DEFAULT]`)
  }
  for (const each of list(spec['members'])) {
    const { source = '', sourceId = '', role } = (each ?? {}) as Readonly<Record<string, unknown>>
    findings.warning(
      `member [${String(sourceId)}] of source [${String(source)}] ` +
        'could not be found in organization [DEFAULT]',
    )
    if (role === 'PRIMARY_OWNER') {
      findings.severe('setting a member with the primary owner role is not allowed')
    }
  }
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
