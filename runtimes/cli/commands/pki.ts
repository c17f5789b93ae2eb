import { parseArgs } from 'node:util'
import type { KeyType } from '../../../core/pki/issue.ts'
import { readKeyPair } from '../../../core/pki/mod.ts'
import { isIpv6, parseAuthority } from '../../../core/wire/mod.ts'
import type { Host } from '../host.ts'
import { PASSPHRASE_OPTIONS, readPassphrase } from '../passphrase.ts'
import { readInput } from '../pki-content.ts'
import {
  fileBase,
  given,
  issueFiles,
  makeAuthorityFiles,
  orWrongUse,
  subjectOf,
  writeFiles,
} from '../pki-files.ts'
import { WrongUse } from '../wrong-use.ts'

const FOLDER = 'pki'
const USAGE = `Usage: sallyport pki ca     [--out pki] [--name 'Try-out CA']
       sallyport pki server [--ca pki] --name NAME [--name NAME]... [--out FOLDER]
       sallyport pki client [--ca pki] --name NAME [--uri URI]... [--email E]... [--out FOLDER]
       sallyport pki bundle --cert FILE --key FILE [--chain FILE]... --out FILE.p12
                            --passphrase P | --passphrase-env VARIABLE | --passphrase-file FILE

  --days N       how long it is valid: 3650 for a CA, else 397
  --type ec|rsa  the kind of key: ec, which is P-256, or rsa with 2048 bits
  --force        replace files that are there

Names are DNS names or IP addresses; of a client, any text, or a subject such as CN=alice,O=Acme.
Keys and bundles are written for their owner alone. These certificates are for trying things out.
`

/** Options that whatever is made has. */
const MAKING = {
  days: { type: 'string' },
  type: { type: 'string', default: 'ec' },
  force: { type: 'boolean', default: false },
  out: { type: 'string' },
} as const

const SUBCOMMANDS: Readonly<
  Record<string, (host: Host, args: string[]) => Promise<readonly string[]>>
> = { ca, server, client, bundle }

/** `sallyport pki`: makes authorities, certificates and PKCS#12 for trying things out. */
export async function pki(host: Host, args: readonly string[]): Promise<number> {
  const [name = '', ...rest] = args
  const make = Object.hasOwn(SUBCOMMANDS, name) ? SUBCOMMANDS[name] : undefined
  if (make === undefined) {
    host.complain(USAGE)
    return 2
  }
  for (const path of await make(host, rest)) host.print(`Wrote ${path}\n`)
  return 0
}

async function ca(host: Host, args: string[]): Promise<readonly string[]> {
  const options = { ...MAKING, name: { type: 'string', default: 'Try-out CA' } } as const
  const { values } = parseArgs({ args, options })
  const { out: folder = FOLDER, force } = values
  const request = { subject: subjectOf(values.name), ...makingOf(values) }
  return await makeAuthorityFiles(host, { folder, force }, request)
}

async function server(host: Host, args: string[]): Promise<readonly string[]> {
  const { values } = parseArgs({
    args,
    options: {
      ...MAKING,
      ca: { type: 'string', default: FOLDER },
      name: { type: 'string', multiple: true },
    },
  })
  const names = (values.name ?? []).map(serverName)
  const [first] = names
  if (first === undefined) {
    throw new WrongUse('Could not make server certificate: give at least one --name')
  }
  const place = { folder: values.out ?? values.ca, force: values.force }
  const request = {
    subject: subjectOf(first),
    purpose: 'server',
    names,
    ...makingOf(values),
  } as const
  return await issueFiles(host, place, { authority: values.ca, base: fileBase(first), request })
}

function serverName(text: string): string {
  const name = text.toLowerCase().replace(/^\[(.*)\]$/, '$1')
  if (isIpv6(name) || parseAuthority(name.replace(/^\*\./, ''))?.port === '') return name
  throw new WrongUse(`Could not take --name "${text}": it is neither a DNS name nor an IP address`)
}

async function client(host: Host, args: string[]): Promise<readonly string[]> {
  const { values } = parseArgs({
    args,
    options: {
      ...MAKING,
      ca: { type: 'string', default: FOLDER },
      name: { type: 'string' },
      uri: { type: 'string', multiple: true },
      email: { type: 'string', multiple: true },
    },
  })
  if (values.name === undefined) {
    throw new WrongUse('Could not make client certificate: give its --name')
  }
  const place = { folder: values.out ?? values.ca, force: values.force }
  const names = [...values.uri ?? [], ...values.email ?? []]
  const subject = subjectOf(values.name)
  const request = { subject, purpose: 'client', names, ...makingOf(values) } as const
  const base = fileBase(subject === values.name ? subject.split(/[=,+]/)[1] ?? '' : values.name)
  return await issueFiles(host, place, { authority: values.ca, base, request })
}

async function bundle(host: Host, args: string[]): Promise<readonly string[]> {
  const { values } = parseArgs({
    args,
    options: {
      cert: { type: 'string' },
      key: { type: 'string' },
      chain: { type: 'string', multiple: true },
      out: { type: 'string' },
      force: { type: 'boolean', default: false },
      ...PASSPHRASE_OPTIONS,
    },
  })
  const { cert, key: keyFile, chain: chainFiles = [], out, force } = values
  if (cert === undefined || keyFile === undefined || out === undefined) {
    throw new WrongUse('Could not make PKCS#12: --cert, --key and --out are needed')
  }
  const passphrase = await readPassphrase(host, values)
  if (passphrase === undefined) {
    throw new WrongUse(
      'Could not make PKCS#12: give --passphrase, -env or -file to encrypt it with',
    )
  }
  const texts: string[] = []
  for (const file of [cert, ...chainFiles]) texts.push(await readText(host, file))
  const key = await readText(host, keyFile)
  const pair = given(await readKeyPair({ cert: texts.join('\n'), key }))
  const { makePkcs12 } = await import('../../../core/pki/issue.ts')
  const content = given(await makePkcs12({ chain: pair.chain, key: pair.key, passphrase }))
  await orWrongUse(() => host.files.makeFolder(host.files.beside(out, '.')))
  await writeFiles(host, [{ path: out, content, secret: true }], force)
  return [out]
}

async function readText(host: Host, file: string): Promise<string> {
  return new TextDecoder().decode(await readInput(host, file))
}

function makingOf(
  { type, days }: { readonly type: string; readonly days?: string | undefined },
): { readonly keyType: KeyType; readonly days?: number } {
  if (type !== 'ec' && type !== 'rsa') {
    throw new WrongUse(`Could not make key of type "${type}": ec and rsa are possible`)
  }
  if (days === undefined) return { keyType: type }
  if (!/^[0-9]{1,5}$/.test(days)) {
    throw new WrongUse(`Could not read --days "${days}": expected a whole number`)
  }
  return { keyType: type, days: Number(days) }
}
