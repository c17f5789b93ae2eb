/**
 * **dialect** - foreign ways to configure the gateway: their documents to parts of the configuration, and their APIs
 * as `Request` in, `Response` out. A dialect must never know how its parts are compiled, which socket a request came
 * by, or that there are other dialects.
 * @module
 */
export { type DialectParts, mergeParts } from './merge.ts'
export type * from './types.ts'
