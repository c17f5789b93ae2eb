/**
 * Reading PKCS#12, apart from `mod.ts` so that hosts without such files do not load it.
 * @module
 */
export { type Pkcs12Limits, readPkcs12, readPkcs12Certificates } from './pkcs12.ts'
