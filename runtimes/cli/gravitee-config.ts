import { joinCrls, parseText, readConfigurationObject } from '../../core/mod.ts'
import type { Path, Problem } from '../../core/mod.ts'
import { convertConfig, isGraviteeConfig } from '../../core/dialect/gravitee/config/mod.ts'
import { isPkiProblem, writePem } from '../../core/pki/mod.ts'
import { readPkcs12Certificates } from '../../core/pki/bundle.ts'
import { withNames } from './gravitee-names.ts'
import type { Host } from './host.ts'
import type { ReadFile } from './snapshot-source.ts'

/** As much as a truststore may cost to read. */
const LIMITS = { pkcs12Iterations: 1_000_000, pkcs12Size: 10_485_760 }

/**
 * Reads Gravitee's `gravitee.yml`.
 * @returns undefined where the text is none
 */
export async function readGraviteeConfig(
  host: Host,
  file: string,
  source: string,
): Promise<ReadFile | undefined> {
  const parsed = parseText(source, file)
  if (!isGraviteeConfig(parsed.value)) return undefined
  const env = (name: string): string | undefined => host.env(name)
  const converted = convertConfig(parsed.value, env)
  const own = converted.problems.map(({ severity, path, message }): Problem => (
    {
      ...{ severity, path, message: `${path.join('.')}: ${message}` },
      position: parsed.locate(path, 'key') ?? at(file),
    }
  ))
  const watched = [file]
  const named = await withNames(converted.document, { host, file })
  const document = await withPem(named, { host, file, problems: own, watched })
  if (own.some(({ severity }) => severity === 'error')) {
    return { configuration: undefined, problems: own, watched, locate: () => at(file) }
  }
  const read = await readConfigurationObject(document as never, {
    file,
    files: host.files,
    env,
    joinCrls,
  })
  const theirs = read.problems.map((problem) => ({ ...problem, position: at(file) }))
  return {
    configuration: read.configuration,
    problems: [...own, ...theirs],
    watched: [...read.watched, ...watched.slice(1)],
    locate: (_: Path) => at(file),
  }
}

function at(file: string): Problem['position'] {
  return { file, line: 1, column: 1 }
}

interface Means {
  readonly host: Host
  readonly file: string
  readonly problems: Problem[]
  readonly watched: string[]
}

let made: Promise<{ readonly cert: string; readonly key: string }> | undefined

/** A certificate for as long as the process lives, from an authority that nobody knows. */
function selfSigned(host: Host): NonNullable<typeof made> {
  return made ??= (async () => {
    const { issueCertificate, makeAuthority } = await import('../../core/pki/issue.ts')
    const now = host.clock.now()
    const authority = await makeAuthority({ subject: 'CN=Sallyport self-signed', now })
    if (isPkiProblem(authority)) throw new Error(authority.message)
    const names = ['localhost', '127.0.0.1', '::1']
    const request = { subject: 'CN=localhost', now, authority, purpose: 'server' as const, names }
    const issued = await issueCertificate(request)
    if (isPkiProblem(issued)) throw new Error(issued.message)
    return { cert: issued.certificate, key: issued.key }
  })()
}

/** The document with PEM in place of truststores in PKCS#12, and of certificates that are to be made. */
async function withPem(value: unknown, means: Means, name = ''): Promise<unknown> {
  if (Array.isArray(value)) {
    const parts: unknown[] = []
    for (const part of value) {
      const isStore = name === 'ca' && typeof part === 'object' && part !== null
      if (isStore) parts.push(...await anchorsOf(part, means))
      else if (name !== 'crl' || !await isEmptyFolder(part, means)) {
        parts.push(await withPem(part, means))
      }
    }
    return parts
  }
  if (typeof value !== 'object' || value === null) return value
  if ((value as { selfSigned?: true }).selfSigned === true) return await selfSigned(means.host)
  const entries: [string, unknown][] = []
  for (const [key, part] of Object.entries(value)) {
    entries.push([key, await withPem(part, means, key)])
  }
  return Object.fromEntries(entries)
}

interface WrittenStore {
  readonly pkcs12?: string
  readonly passphrase?: string
  readonly pemFolder?: string
}

/** PEM of a PKCS#12, or the files of a folder. */
async function anchorsOf(store: WrittenStore, means: Means): Promise<string[]> {
  const { pemFolder } = store
  if (pemFolder === undefined) return [await pemOf(store, means)]
  const { host, file, problems, watched } = means
  const path = host.files.beside(file, pemFolder)
  watched.push(path)
  try {
    return (await filesIn(path, host)).map((name) => `${path}/${name}`)
  } catch (error) {
    const message = `Could not read truststore "${path}": ${
      error instanceof Error ? error.message : String(error)
    }`
    problems.push({ severity: 'error', path: [], message, position: at(file) })
    return []
  }
}

async function filesIn(path: string, host: Host): Promise<string[]> {
  return (await host.files.list(path)).filter((name) => !name.startsWith('.'))
}

/** Gravitee minds no folder of CRLs that is still empty: what comes into it counts from then on. */
async function isEmptyFolder(written: unknown, { host, file, watched }: Means): Promise<boolean> {
  const path = host.files.beside(file, String(written))
  const names = await filesIn(path, host).catch(() => ['a file'])
  if (names.length === 0) watched.push(path)
  return names.length === 0
}

async function pemOf(
  { pkcs12, passphrase }: WrittenStore,
  { host, file, problems, watched }: Means,
): Promise<string> {
  const path = host.files.beside(file, pkcs12 ?? '')
  watched.push(path)
  const failed = (message: string): string => {
    problems.push({
      severity: 'error',
      path: [],
      message: `Could not read truststore "${path}": ${message}`,
      position: at(file),
    })
    return ''
  }
  try {
    const found = await readPkcs12Certificates(await host.files.read(path), passphrase, LIMITS)
    if (isPkiProblem(found)) return failed(found.message)
    return found.map(({ der }) => writePem('CERTIFICATE', der)).join('')
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error))
  }
}
