import type { FilterBaseConfig, FilterConfig } from '../../../../snapshot/types.ts'
import type { Table } from '../../table.ts'
import type { TranslateOptions } from '../options.ts'

/** What a plugin's translation is given besides its configuration. */
export interface PluginMeans {
  /** What all filters have. */
  readonly base: FilterBaseConfig
  readonly options: TranslateOptions
  /** Tells what is not done as it was asked for. */
  readonly warn: (message: string) => void
  /** What all uses of the plugin have in common. */
  readonly metadata: Table | undefined
}

/** What a plugin's configuration asks for, in filters of the gateway's. */
export type TranslatePlugin = (conf: Table, means: PluginMeans) => readonly FilterConfig[]
