/**
 * **host** - clock, files, log lines and randomness of the process, with what Node and Deno share.
 * It must never know what the lines say or what the files mean.
 * @module
 */
import type { Entropy } from '../../core/port/mod.ts'

export { hostClock } from './clock.ts'
export { HostFiles } from './files.ts'
export { LineFile } from './line-file.ts'
export { JsonLog } from './log.ts'

/** WebCrypto's random bytes. */
export const hostEntropy: Entropy = {
  bytes: (length) => globalThis.crypto.getRandomValues(new Uint8Array(length)),
}
