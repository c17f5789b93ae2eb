/**
 * **snapshot** - what operators want: a document in, a checked configuration out, or all that is
 * wrong with it, each with file, line and column. It must never know what becomes of a configuration:
 * no certificate is parsed here, no route compiled, no address bound.
 * @module
 */
export type * from './types.ts'
export * from './defaults.ts'
export { FILTER_DEFAULTS, QUOTA_NAMES } from './filter-defaults.ts'
export { type ParsedText, parseText, quotedText } from './document.ts'
export { formatProblem } from './problems.ts'
export {
  type ConfigurationText,
  type ObjectMeans,
  type ReadConfiguration,
  readConfiguration,
  readConfigurationObject,
} from './read.ts'
export { addressText } from './address-text.ts'
export { hash } from './hash.ts'
export { freshIn, type Hunk, listDifference, spliced } from './list-difference.ts'
export { MapChange, PersistentMap } from './persistent-map.ts'
export { DEFAULT_DIALECTS } from './schema/dialects.ts'
export { describeSchema, type SectionDescription } from './schema/mod.ts'
export { writeConfiguration } from './write.ts'
