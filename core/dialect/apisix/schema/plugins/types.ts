import type { Json } from '../../../../store/types.ts'
import type { Schema } from '../types.ts'

/** What a plugin's configuration must be like. */
export interface PluginSchema {
  /** In routes, services, plugin configs and global rules. */
  readonly schema: Schema
  /** In consumers and credentials; undefined: as elsewhere. */
  readonly consumer?: Schema
  /** In `plugin_metadata`. */
  readonly metadata?: Schema
  /** Which one comes first; the greater does. */
  readonly priority: number
  /** `auth` plugins tell who calls. */
  readonly kind?: 'auth'
  /** What is told in place of what the schema says is wrong. */
  readonly reword?: (wrong: string, conf: PluginConf) => string
  /** What no schema can say. @returns what is wrong */
  readonly check?: (conf: PluginConf) => string | undefined
}

/** A plugin's configuration, once it meets the schema. */
export type PluginConf = { readonly [name: string]: Json | undefined }
