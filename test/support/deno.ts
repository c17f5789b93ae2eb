/**
 * Preloaded before a test runs under Deno. Tap asks each call site for the name of its receiver's
 * constructor; Deno's call sites have none, and tap then stops with "invalid call site information".
 */
class CallSite {}

const withCallSites = Error as unknown as {
  prepareStackTrace?: (error: Error, sites: unknown[]) => unknown
}
const before = withCallSites.prepareStackTrace
withCallSites.prepareStackTrace = (_error, sites) => sites
const sites = new Error().stack as unknown as object[]
if (before === undefined) delete withCallSites.prepareStackTrace
else withCallSites.prepareStackTrace = before
const prototype = Array.isArray(sites) && sites[0] !== undefined
  ? Object.getPrototypeOf(sites[0]) as object
  : undefined
if (prototype !== undefined && !Object.hasOwn(prototype, 'constructor')) {
  Object.defineProperty(prototype, 'constructor', { value: CallSite, configurable: true })
}
