/**
 * **gcore** - load balancers, pools and secrets in the way of Gcore's cloud API: its documents to parts of the
 * configuration, and the API itself, where every change is a task. It must never know how listeners are bound or
 * members dialled: a task is finished when the gateway says that it is in force.
 * @module
 */
import type { GcoreConfig } from '../../snapshot/types.ts'
import type { Dialect, DialectContext } from '../types.ts'
import { createApi, PATHS } from './api.ts'
import { ROOT } from './documents.ts'
import { createTranslator } from './translate/translator.ts'

export { createApi, PATHS } from './api.ts'
export { ROOT } from './documents.ts'
export { secretsOf } from './sealing.ts'
export { createTranslator } from './translate/translator.ts'

/** Bounds on what secrets may hold: those that the configuration has where it says nothing. */
const LIMITS = { pkcs12Iterations: 1_000_000, pkcs12Size: 1_048_576, crlSize: 67_108_864 }

/** Makes the dialect. */
export function createDialect(options: GcoreConfig, context: DialectContext): Dialect {
  const { key, addresses } = options
  return {
    name: 'gcore',
    root: ROOT,
    paths: PATHS,
    translator: createTranslator(),
    api: createApi(context, { key, addresses, limits: LIMITS }),
  }
}
