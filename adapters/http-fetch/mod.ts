/**
 * **http-fetch** - bytes over plain HTTP/1.1, with `node:http`, which Node and Deno share. It must never know what is
 * fetched, or decide where from: it asks, for each address that a name stands for.
 * @module
 */
export { HttpFetcher } from './fetcher.ts'
