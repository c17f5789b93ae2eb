import type { Host } from './host.ts'
import { readInput } from './pki-content.ts'
import { WrongUse } from './wrong-use.ts'

/** The flags by which commands take a passphrase, for `parseArgs`. */
export const PASSPHRASE_OPTIONS = {
  'passphrase': { type: 'string' },
  'passphrase-env': { type: 'string' },
  'passphrase-file': { type: 'string' },
} as const

/** Their values. */
export interface PassphraseFlags {
  readonly 'passphrase'?: string | undefined
  readonly 'passphrase-env'?: string | undefined
  readonly 'passphrase-file'?: string | undefined
}

/** The passphrase that the flags give, wherever it lies; undefined where there is none. */
export async function readPassphrase(
  host: Host,
  flags: PassphraseFlags,
): Promise<string | undefined> {
  const { passphrase, 'passphrase-env': name, 'passphrase-file': file } = flags
  if ([passphrase, name, file].filter((each) => each !== undefined).length > 1) {
    throw new WrongUse('Could not choose passphrase: more than one --passphrase flag is given')
  }
  if (file !== undefined) {
    return new TextDecoder().decode(await readInput(host, file)).replace(/\r?\n$/, '')
  }
  if (name === undefined) return passphrase
  const value = host.env(name)
  if (value !== undefined) return value
  throw new WrongUse(`Could not read passphrase from variable "${name}": it is not set`)
}
