import * as z from 'zod'
import { isMap } from '../problems.ts'
import { map, Mismatch, pick, scalar } from './structure.ts'
import { filePath, name } from './scalars.ts'
import type { Material } from '../types.ts'

/** Where content comes from. */
export type Place = 'inline' | 'file' | 'env' | 'base64'

/** What stood there, with a name for messages. */
export type Content = Material & { readonly place: Place }

/** Content that the document names and that is still to be read; `T` is what becomes of it. */
export class Source<T> {
  readonly place: Place
  /** The content itself, the file's path or the variable's name. */
  readonly text: string
  /** Makes the value of the content read; a {@linkcode Mismatch} says what was wrong with it. */
  readonly make: (content: Content) => T | Mismatch
  /** Where the path may be that of a folder: makes one value of those of its files. */
  readonly join: ((values: readonly T[]) => T) | undefined

  constructor(place: Place, text: string, { make, join }: Pick<Options<T>, 'make' | 'join'>) {
    this.place = place
    this.text = text
    this.make = make
    this.join = join
  }
}

/** A document's part with the content in place of its sources. */
export type Resolved<T> = T extends Source<infer R> ? R
  : T extends string | number | boolean | undefined ? T
  : T extends readonly (infer U)[] ? readonly Resolved<U>[]
  : { readonly [K in keyof T]: Resolved<T[K]> }

interface Options<T> {
  readonly make: (content: Content) => T | Mismatch
  readonly join?: ((values: readonly T[]) => T) | undefined
  /** The place that a bare string stands for; undefined: a string cannot be used. */
  readonly bare: (text: string) => Place | undefined
  readonly expected: string
  /** Whether the content may be no text. */
  readonly binary?: boolean
}

interface Named {
  readonly file: string | undefined
  readonly env: string | undefined
  readonly base64?: string | undefined
}

const fileOrEnv: z.ZodType<Named> = map('a source', {
  file: filePath().optional(),
  env: name().optional(),
})

const base64 = scalar(
  (raw) =>
    typeof raw === 'string' && /^[\w+/\s]+={0,2}\s*$/.test(raw)
      ? raw
      : new Mismatch('expected base64'),
  true,
)

/** Content that may be no text can stand in the document, too. */
const fileEnvOrBase64: z.ZodType<Named> = map('a source', {
  file: filePath().optional(),
  env: name().optional(),
  base64: base64.optional(),
})

function source<T>({ make, join, bare, expected, binary }: Options<T>): z.ZodType<Source<T>> {
  const wrong = new Mismatch(`expected ${expected}`)
  const text = scalar((raw) => {
    const place = typeof raw === 'string' ? bare(raw) : undefined
    return place === undefined ? wrong : new Source(place, raw as string, { make, join })
  }, true)
  const form = binary === true ? fileEnvOrBase64 : fileOrEnv
  const named = form.transform((found, context) => {
    const [first, ...others] = (['file', 'env', 'base64'] as const).filter((key) =>
      found[key] !== undefined
    )
    if (first !== undefined && others.length === 0) {
      return new Source(first, found[first] as string, { make, join })
    }
    const message = `expected either ${binary === true ? 'file, env or base64' : 'file or env'}`
    context.issues.push({ code: 'custom', input: {}, message })
    return z.NEVER
  })
  return pick((raw) => isMap(raw) ? named : text)
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: false })

function decode({ data }: Content): string | Mismatch {
  try {
    return utf8.decode(data)
  } catch {
    return new Mismatch('it is not UTF-8 text')
  }
}

function readSecret(content: Content): string | Mismatch {
  const text = decode(content)
  if (typeof text !== 'string') return text
  return content.place === 'file' ? text.replace(/\r?\n$/, '') : text
}

/** A secret: a string, `{ file }` or `{ env }`. The last newline of a file is no part of it. */
export function secret(): z.ZodType<Source<string>> {
  return source({
    make: readSecret,
    bare: () => 'inline',
    expected: 'a string (in quotes), { file: ... } or { env: ... }',
  })
}

// RFC 9110 section 5.5 without the space: what a header's value can carry untouched.
const KEY = /^[\x21-\x7e]+$/

/** An API key: a secret that a header can carry. */
export function apiKey(): z.ZodType<Source<string>> {
  return source({
    make: (content) => {
      const text = readSecret(content)
      if (typeof text !== 'string' || KEY.test(text)) return text
      return new Mismatch(
        text === '' ? 'it is empty' : 'it has characters other than visible ASCII',
      )
    },
    bare: () => 'inline',
    expected: 'a string (in quotes), { file: ... } or { env: ... }',
  })
}

const PEM = '-----BEGIN'

function notEmpty({ from, data }: Content): Material | Mismatch {
  return data.length === 0 ? new Mismatch('it is empty') : { from, data }
}

/** A certificate, key or CRL: a file's path, PEM, `{ file }` or `{ env }`. */
export function material(): z.ZodType<Source<Material>> {
  return source({
    make: notEmpty,
    bare: (text) => text.includes(PEM) ? 'inline' : text === '' ? undefined : 'file',
    binary: true,
    expected: 'the path of a file, PEM, { file: ... } or { env: ... }',
  })
}

/** CRLs: as {@linkcode material}, and a folder is all its files. */
export function materials(): z.ZodType<Source<readonly Material[]>> {
  return source<readonly Material[]>({
    make: (content) => {
      const made = notEmpty(content)
      return made instanceof Mismatch ? made : [made]
    },
    join: (values) => values.flat(),
    bare: (text) => text.includes(PEM) ? 'inline' : text === '' ? undefined : 'file',
    binary: true,
    expected: 'the path of a file or folder, PEM, { file: ... } or { env: ... }',
  })
}

function fromBase64(content: Content): Material | Mismatch {
  if (content.place === 'file' || content.place === 'base64') return notEmpty(content)
  try {
    const bytes = atob(decode(content) as string)
    return notEmpty({ ...content, data: Uint8Array.from(bytes, (char) => char.charCodeAt(0)) })
  } catch {
    return new Mismatch('it is not base64')
  }
}

/** A PKCS#12 file: its path, `{ file }`, or `{ env }` with its base64. */
export function pkcs12(): z.ZodType<Source<Material>> {
  return source({
    make: fromBase64,
    bare: (text) => text.includes(PEM) || text === '' ? undefined : 'file',
    binary: true,
    expected: 'the path of a file, { file: ... } or { env: ... } with base64',
  })
}
