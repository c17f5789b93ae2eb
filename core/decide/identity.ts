import type { Identity, IdentityRule, PlanRefusal } from '../plan/mod.ts'
import type { IdentityConfig, Path } from '../snapshot/types.ts'
import { fail } from './compile-context.ts'
import type { CompileContext } from './compile-context.ts'
import { type GlobOptions, matchesGlob, parseGlob } from './glob.ts'
import { inRange, parseAddress, parseRange } from './ip-range.ts'
import { commonNameOf, compileSubject, matchesSubject, parseSubject } from './subject.ts'
import type { Subject } from './subject.ts'

/** A certificate's names, read once. */
interface Names extends Identity {
  readonly parsed: Subject
}

type Key = keyof IdentityConfig

/** One thing that a condition names. */
interface Term {
  readonly key: Key
  readonly pattern: string
  /** What a certificate has of that kind. */
  readonly values: (names: Names) => readonly string[]
  /** The value that fits; undefined: none. */
  readonly find: (names: Names) => string | undefined
}

/** What was found about one certificate. */
interface Finding {
  readonly refusal: PlanRefusal | undefined
  readonly text: string
}

/** How many conditions, and how many names, are told in words. */
const TOLD = 8

/**
 * Compiles conditions on the names of certificates, one of which must be met. What was found about a certificate is
 * kept as long as the certificate is.
 *
 * @param whose whose conditions they are, at the start of a sentence
 * @returns undefined where there are none, or where one cannot be read, which is noted
 */
export function compileIdentities(
  context: CompileContext,
  configs: readonly IdentityConfig[],
  { path, whose }: { readonly path: Path; readonly whose: string },
): IdentityRule | undefined {
  if (configs.length === 0) return undefined
  const conditions = configs.map((config, index) => {
    const terms = termsOf(config)
    if (terms !== undefined) return terms
    const state = 'it is no distinguished name such as "CN=client,O=Example" or "*,O=Example"'
    fail(context, [...path, index, 'subject'], `Could not read "${config.subject}": ${state}`)
    return []
  })
  return ruleOf(conditions, whose)
}

/** Apart, so that what it keeps does not keep the compilation. */
function ruleOf(conditions: readonly (readonly Term[])[], whose: string): IdentityRule {
  const found = new WeakMap<Identity, Finding>()
  const find = (identity: Identity): Finding => {
    let finding = found.get(identity)
    if (finding === undefined) found.set(identity, finding = judge(conditions, identity, whose))
    return finding
  }
  return {
    refusalOf: (identity) => find(identity).refusal,
    explain: (identity) => find(identity).text,
  }
}

function judge(
  conditions: readonly (readonly Term[])[],
  identity: Identity,
  whose: string,
): Finding {
  const names = { ...identity, parsed: parseSubject(identity.subject) ?? [] }
  for (const terms of conditions) {
    const values = terms.map((term) => term.find(names))
    if (terms.length === 0 || values.includes(undefined)) continue
    const by = terms.map(({ key, pattern }, at) => `${key} "${pattern}" by "${values[at]}"`)
    return { refusal: undefined, text: `${whose} allows it: ${by.join(', ')}` }
  }
  const missed = conditions.slice(0, TOLD).map((terms) => missedText(terms, names))
  const more = conditions.length > TOLD ? `; and ${conditions.length - TOLD} more` : ''
  const text = `${whose} does not allow it: ${missed.join('; ')}${more}`
  return { refusal: { code: 'CERTIFICATE_NOT_ALLOWED', detail: text }, text }
}

/** Why a condition is not met: the first term that no name fits. */
function missedText(terms: readonly Term[], names: Names): string {
  const term = terms.find((each) => each.find(names) === undefined)
  if (term === undefined) return 'a condition that cannot be read'
  const values = term.values(names)
  const told = values.slice(0, TOLD).map((value) => `"${value}"`)
  const has = values.length === 0 ? 'none' : told.join(', ')
  const more = values.length > TOLD ? ` and ${values.length - TOLD} more` : ''
  return `${term.key} "${term.pattern}" is wanted, the certificate has ${has}${more}`
}

/** The terms of a condition, all of which must hold; undefined where its subject cannot be read. */
function termsOf(config: IdentityConfig): Term[] | undefined {
  const { subject, commonName, dns, uri, email, ip } = config
  const terms: Term[] = []
  if (subject !== undefined) {
    const term = subjectTerm(subject)
    if (term === undefined) return undefined
    terms.push(term)
  }
  if (commonName !== undefined) {
    const values = ({ parsed }: Names): string[] => [commonNameOf(parsed) ?? []].flat()
    terms.push(textTerm('commonName', commonName, { values }))
  }
  if (dns !== undefined) terms.push(dnsTerm(dns))
  if (uri !== undefined) terms.push(uriTerm(uri))
  if (email !== undefined) {
    const values = ({ names }: Names): readonly string[] => names.email
    terms.push(textTerm('email', email, { values, normal: lowerDomain, stops: '@' }))
  }
  if (ip !== undefined) terms.push(ipTerm(ip))
  return terms
}

function subjectTerm(pattern: string): Term | undefined {
  const compiled = compileSubject(pattern)
  if (compiled === undefined) return undefined
  return {
    key: 'subject',
    pattern,
    values: ({ subject }) => [subject],
    find: ({ subject, parsed }) => matchesSubject(compiled, parsed) ? subject : undefined,
  }
}

interface TextOptions extends GlobOptions {
  readonly values: Term['values']
  /** Brings pattern and value into the same form. */
  readonly normal?: (text: string) => string
  /** Whether a value may be matched by wildcards at all. */
  readonly plain?: (text: string) => boolean
}

function textTerm(key: Key, pattern: string, options: TextOptions): Term {
  const { values, normal = same, plain = () => true } = options
  const glob = parseGlob(normal(pattern), options)
  const fits = (value: string): boolean =>
    (!glob.wild || plain(value)) && matchesGlob(glob, normal(value))
  return { key, pattern, values, find: (names) => values(names).find(fits) }
}

function same(text: string): string {
  return text
}

/** DNS names know no case (RFC 4343); `*` and `?` stay within a label, but `*.` at the start takes one or more. */
function dnsTerm(pattern: string): Term {
  const lower = pattern.toLowerCase()
  const open = lower.startsWith('*.')
  const rest = open ? lower.slice(2) : lower
  const glob = parseGlob(rest, { stops: '.' })
  const labels = rest.split('.').length
  const fits = (value: string): boolean => {
    const own = value.toLowerCase().replace(/\.$/, '').split('.')
    const extra = own.length - labels
    if (own.includes('') || (open ? extra < 1 : extra !== 0)) return false
    return matchesGlob(glob, own.slice(extra).join('.'))
  }
  const values = ({ names }: Names): readonly string[] => names.dns
  return { key: 'dns', pattern, values, find: (names) => values(names).find(fits) }
}

/**
 * Scheme and authority know no case (RFC 3986 section 6.2.2.1). Wildcards stay within a part; `*` at the end takes
 * all that follows. A URI with dot segments means another one, so only its exact text is taken.
 */
function uriTerm(pattern: string): Term {
  const normal = (text: string): string => text.replace(AUTHORITY, (start) => start.toLowerCase())
  const lower = normal(pattern)
  const open = /^[^/]*:(?:\/\/[^/]*\/|[^/])/.test(lower)
  const [, scheme = '', rest = ''] = /^([^/]*:\/\/)\*(\..*)$/s.exec(lower) ?? []
  const values = ({ names }: Names): readonly string[] => names.uri
  const plain = (text: string): boolean => !DOT_SEGMENT.test(text)
  if (scheme === '') return textTerm('uri', pattern, { values, normal, plain, open, stops: PARTS })
  // `scheme://*.domain/...`: whole labels before the domain, one or more.
  const glob = parseGlob(rest, { stops: PARTS, open })
  const dots = (/^[^/]*/.exec(rest)?.[0] ?? '').split('.').length - 1
  const fits = (value: string): boolean => {
    const [, own = '', host = '', path = ''] =
      /^([^/]*:\/\/)([^/?#@:]*)(.*)$/s.exec(normal(value)) ??
        []
    const labels = host.split('.')
    if (own !== scheme || labels.length <= dots || labels.includes('') || !plain(value)) {
      return false
    }
    return matchesGlob(glob, `.${labels.slice(-dots).join('.')}${path}`)
  }
  return { key: 'uri', pattern, values, find: (names) => values(names).find(fits) }
}

const AUTHORITY = /^[^/:]*:(?:\/\/[^/?#]*)?/
const PARTS = '/?#@:'
const DOT_SEGMENT = /(?:^|[/\\])(?:\.|%2e){1,2}(?:[/\\?#]|$)/i

/** The part of a mail address behind the `@` knows no case (RFC 5321 section 2.3.11). */
function lowerDomain(text: string): string {
  return text.replace(/[^@]*$/, (domain) => domain.toLowerCase())
}

function ipTerm(pattern: string): Term {
  const range = parseRange(pattern)
  const fits = (value: string): boolean => {
    const address = parseAddress(value)
    return range !== undefined && address !== undefined && inRange(range, address)
  }
  const values = ({ names }: Names): readonly string[] => names.ip
  return { key: 'ip', pattern, values, find: (names) => values(names).find(fits) }
}
