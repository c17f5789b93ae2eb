import type { AccessRules } from './auth.ts'
import type { Shape } from './envelope.ts'

/** How the Admin API is served. */
export interface ApiOptions {
  readonly access: AccessRules
  readonly shape: Shape
  /** Stands before keys in answers. */
  readonly prefix: string
  readonly cors: boolean
  /** Keys that APISIX encrypted with. */
  readonly keyring: readonly string[]
  /** What the header `Server` says. */
  readonly server: string
  /** Whether documents come in one piece through `/configs`, and not one by one. */
  readonly standalone: boolean
}

/** The version of APISIX whose API this is. Clients such as ADC ask. */
export const APISIX_VERSION = '3.14.1'
