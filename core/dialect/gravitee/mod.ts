/**
 * **dialect/gravitee** - Gravitee's APIs, plans, applications and subscriptions: its documents to parts of the
 * configuration, and its Management API. It must never know how traffic is served, nor that there are other dialects.
 * @module
 */
import type { GraviteeConfig } from '../../snapshot/types.ts'
import type { Dialect, DialectContext } from '../types.ts'
import { Authentication } from './authentication.ts'
import { createManagementApi, PATHS } from './http/app.ts'
import { ROOT } from './keys.ts'
import { Management } from './management.ts'
import { translatorOptions } from './translate/options.ts'
import { GraviteeTranslator } from './translate/translator.ts'

export { PATHS } from './http/app.ts'
export { ROOT } from './keys.ts'
export { secretsOf } from './secrets.ts'

/** Makes the dialect. Its API and its translator share what they know of the store, so it is in memory once. */
export function createDialect(options: GraviteeConfig, context: DialectContext): Dialect {
  const management = new Management(context, options)
  const translator = new GraviteeTranslator(management.catalogue, translatorOptions(options))
  const authentication = new Authentication(context, options)
  // The first start makes the password, so that it is told before anybody needs it.
  if (context.takesOrders !== false) void authentication.prepare()
  return {
    name: 'gravitee',
    root: ROOT,
    paths: PATHS,
    translator,
    api: createManagementApi({ management, authentication }),
  }
}
