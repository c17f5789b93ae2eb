import type { ApisixConfig } from '../../../snapshot/types.ts'

/** Something wrong with a configuration, or worth a warning, and where. */
export interface ConfigProblem {
  readonly severity: 'error' | 'warning'
  readonly path: readonly string[]
  readonly message: string
}

/** What `conf/config.yaml` asks for: a native document, and what no native document can say. */
export interface ConvertedConfig {
  /** As `gateway.yaml` would have it. */
  readonly document: Readonly<Record<string, unknown>>
  /** What its dialect is told besides. */
  readonly apisix: Partial<ApisixConfig>
  /** Whether there is an Admin API at all: those who have traffic alone have none. */
  readonly hasAdmin: boolean
  /** Whether the Admin API is also served on plain listeners. */
  readonly adminOnNodePort: boolean
  /** The file that documents come from; undefined: the store. Empty: through `/configs` alone. */
  readonly standalone: string | undefined
  readonly problems: readonly ConfigProblem[]
}

/** Notes what is wrong with a configuration. */
export class ConfigNotes {
  readonly problems: ConfigProblem[] = []

  warn(path: readonly string[], message: string): void {
    this.problems.push({ severity: 'warning', path, message })
  }

  fail(path: readonly string[], message: string): void {
    this.problems.push({ severity: 'error', path, message })
  }
}
