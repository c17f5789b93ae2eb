/**
 * **regex** - regular expressions that come from a configuration, in linear time: whoever sends a text cannot make
 * one cost more than its length. It must never know what the patterns are for.
 * @module
 */
export { compileRegex } from './regex.ts'
export { compileReplacement, groupText, replaceFound } from './replace.ts'
export type { Groups, Regex, RegexOptions, RegexProblem } from './types.ts'
