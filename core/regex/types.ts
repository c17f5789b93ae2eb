/** A pattern that cannot be used, with what is wrong with it. */
export interface RegexProblem {
  readonly problem: string
}

/** Where a pattern was found: start and end of the whole, then of each group; -1 where a group took no part. */
export type Groups = readonly number[]

/** A compiled pattern. What it costs grows with the text's length and never faster. */
export interface Regex {
  readonly source: string
  /** How many groups it has, the whole not counted. */
  readonly groups: number
  /** The groups' names with their numbers. */
  readonly names: ReadonlyMap<string, number>
  /** Whether the pattern occurs in a text. */
  test(text: string): boolean
  /** The leftmost occurrence at or after `from`; of several that begin there the one that Perl takes. */
  find(text: string, from?: number): Groups | undefined
  /** The same for one text after another place of it: cheaper than asking anew each time. */
  search(text: string): (from: number) => Groups | undefined
}

/** How a pattern is read. */
export interface RegexOptions {
  /** ASCII letters stand for both cases. */
  readonly ignoreCase?: boolean
  /** `^` and `$` stand for the ends of lines as well. */
  readonly multiline?: boolean
  /** `.` stands for a line's end as well. */
  readonly dotAll?: boolean
}

/** Ranges of code units, first and last in turn, in order and apart from each other. */
export type Ranges = readonly number[]

/** Places that take up no text. */
export type Assertion = 'start' | 'end' | 'line-start' | 'line-end' | 'word' | 'no-word'

/** What a pattern consists of. */
export type Node =
  | { readonly kind: 'class'; readonly ranges: Ranges }
  | { readonly kind: 'assert'; readonly what: Assertion }
  | { readonly kind: 'sequence'; readonly items: readonly Node[] }
  | { readonly kind: 'choice'; readonly items: readonly Node[] }
  | { readonly kind: 'group'; readonly index: number; readonly item: Node }
  | {
    readonly kind: 'repeat'
    readonly item: Node
    readonly least: number
    /** Infinity: any number. */
    readonly most: number
    readonly greedy: boolean
  }
