import { parseArgs } from 'node:util'
import { stringify } from 'yaml'
import { FileFailure, readConfigurationObject, writeConfiguration } from '../../../core/mod.ts'
import type { Configuration } from '../../../core/mod.ts'
import { translateStandalone } from '../../../core/dialect/apisix/mod.ts'
import { mergeParts } from '../../../core/dialect/mod.ts'
import type { Host } from '../host.ts'
import { readFile } from '../snapshot-source.ts'
import { WrongUse } from '../wrong-use.ts'

/** `sallyport import`: prints what a file of APISIX's asks for as a `gateway.yaml`. */
export async function importFile(host: Host, args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: { config: { type: 'string', short: 'c' } },
  })
  const [file, ...more] = positionals
  if (file === undefined || more.length > 0) {
    throw new WrongUse('Name one file to import, such as apisix.yaml: see sallyport help\n')
  }
  const text = await textOf(host, file)
  if (text === undefined) return 2
  const base = await baseOf(host, values.config)
  if (base === undefined) return 1
  const env = (name: string): string | undefined => host.env(name)
  const verifyUpstreams = base.admin?.dialects.apisix?.verifyUpstreams ?? true
  const found = translateStandalone(text, { file, env, verifyUpstreams })
  if ('wrong' in found) {
    host.complain(`Import "${file}": ${found.wrong}\n`)
    return 1
  }
  for (const { key, severity, message } of found.parts.problems) {
    host.complain(`${file}: ${severity}: ${key}: ${message}\n`)
  }
  const { parts } = found
  const configuration = mergeParts(base, [{ name: 'apisix', parts }])
  const document = writeConfiguration({ ...configuration, admin: undefined })
  host.print(stringify(document, { aliasDuplicateObjects: false }))
  return 0
}

async function textOf(host: Host, file: string): Promise<string | undefined> {
  try {
    return new TextDecoder().decode(await host.files.read(file))
  } catch (error) {
    host.complain(`${error instanceof FileFailure ? error.message : String(error)}\n`)
    return undefined
  }
}

/** The listeners: those of a `config.yaml`, else the ports that APISIX has where nothing is said. */
async function baseOf(host: Host, config: string | undefined): Promise<Configuration | undefined> {
  const listeners = [{ address: '0.0.0.0:9080' }, { address: '0.0.0.0:9443', tls: [] }]
  const { configuration, problems } = config === undefined
    ? await readConfigurationObject({ listeners })
    : await readFile(host, config)
  for (const { severity, message } of problems) host.complain(`${severity}: ${message}\n`)
  return configuration
}
