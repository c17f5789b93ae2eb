/**
 * **fetch** - Sallyport inside hosts that speak `fetch`: serverless functions, service workers, other
 * servers. It must never know Node or Deno.
 * @module
 */
export {
  ConfigurationError,
  createFetchHandler,
  type FetchClient,
  type FetchHandler,
  type FetchHost,
} from '../../core/embed/mod.ts'
export { accessLogLine, type ExchangeRecord } from '../../core/observe/mod.ts'
export type { Problem } from '../../core/snapshot/mod.ts'
