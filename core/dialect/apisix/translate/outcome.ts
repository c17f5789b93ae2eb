import type { DocumentProblem } from '../../types.ts'
import { readCiphertext } from '../keyring.ts'
import type { TranslateOptions } from './options.ts'

/** Notes what is wrong with one document. */
export class Notes {
  readonly problems: DocumentProblem[] = []
  readonly #key: string

  constructor(key: string) {
    this.#key = key
  }

  warn(message: string): void {
    this.problems.push({ key: this.#key, severity: 'warning', message })
  }

  fail(message: string): void {
    this.problems.push({ key: this.#key, severity: 'error', message })
  }
}

const ENVIRONMENT = /^\$env:\/\/([^/]+)(?:\/(.+))?$/

/**
 * Reads a text that may stand for a secret: a variable of the environment (`$env://NAME`, or `$env://NAME/field` of
 * JSON in it), or what APISIX's keyring encrypted.
 */
export function readSecret(
  text: string,
  { env, keyring }: TranslateOptions,
): { readonly value: string } | { readonly wrong: string } {
  if (text.startsWith('$secret://')) {
    return { wrong: `Read "${text}": secret managers are not reached by this gateway` }
  }
  const found = ENVIRONMENT.exec(text)
  if (found !== null) return readVariable(text, env(found[1] as string), found[2])
  if (text.trimStart().startsWith('---')) return { value: text }
  const clear = readCiphertext(text, keyring)
  return clear === undefined
    ? { wrong: 'Read a private key: it is no PEM, and no key of the keyring decrypts it' }
    : { value: clear }
}

/** Reads a text that may stand for another, in which nothing is encrypted. */
export function readReference(
  text: string,
  options: TranslateOptions,
): { readonly value: string } | { readonly wrong: string } {
  return /^\$(?:secret|env):\/\//.test(text) ? readSecret(text, options) : { value: text }
}

function readVariable(
  text: string,
  value: string | undefined,
  field: string | undefined,
): { readonly value: string } | { readonly wrong: string } {
  if (value === undefined) return { wrong: `Read "${text}": there is no such variable` }
  if (field === undefined) return { value }
  try {
    const inner = (JSON.parse(value) as Record<string, unknown> | null)?.[field]
    if (typeof inner === 'string') return { value: inner }
  } catch {
    // Told below.
  }
  return { wrong: `Read "${text}": the variable holds no JSON with that field` }
}
