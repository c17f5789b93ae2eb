import { existsSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'

/**
 * Why a test that needs this program cannot run here, for tap's `skip`; false where it can. A machine need have
 * nothing but Node, openssl and curl for the tests to pass; in CI nothing may be missing, so nothing is left out.
 */
export function missing(program: string): string | false {
  const folders = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin']
  const found = folders.some((folder) => existsSync(join(folder, program)))
  return found || process.env['CI'] === 'true' ? false : `${program} is not on this machine`
}
