import { parseArgs } from 'node:util'
import type { Host } from '../host.ts'
import { PASSPHRASE_OPTIONS, readPassphrase } from '../passphrase.ts'
import { type PkiContent, readInput, readPkiContent } from '../pki-content.ts'
import { findAbout } from '../pki-findings.ts'
import { inspectionJson, inspectionText } from '../pki-report.ts'
import { WrongUse } from '../wrong-use.ts'

/** `sallyport inspect`: shows certificates, chains, PKCS#12 bundles, private keys and CRLs. */
export async function inspect(host: Host, args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      key: { type: 'string' },
      ...PASSPHRASE_OPTIONS,
      json: { type: 'boolean', default: false },
    },
  })
  const files = [...positionals, ...values.key === undefined ? [] : [values.key]]
  if (positionals.length === 0) throw new WrongUse('Could not inspect: name at least one file')
  if (files.filter((file) => file === '-').length > 1) {
    throw new WrongUse('Could not inspect: standard input can be read once')
  }
  const passphrase = await readPassphrase(host, values)
  const contents: PkiContent[] = []
  for (const file of files) contents.push(await contentOf(host, file, passphrase))
  const now = host.clock.now()
  const findings = await findAbout(contents, now)
  const render = values.json ? inspectionJson : inspectionText
  host.print(render({ contents, findings, now }))
  return findings.problems.length === 0 ? 0 : 1
}

async function contentOf(
  host: Host,
  file: string,
  passphrase: string | undefined,
): Promise<PkiContent> {
  const name = file === '-' ? 'standard input' : file
  try {
    return await readPkiContent(await readInput(host, file), name, passphrase)
  } catch (error) {
    if (!(error instanceof WrongUse)) throw error
    // One file that cannot be read does not keep the others from being shown.
    const { message } = error
    return { file: name, format: 'unknown', items: [{ kind: 'problem', message }] }
  }
}
