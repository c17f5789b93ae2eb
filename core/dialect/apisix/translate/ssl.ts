import { CLIENTS_DEFAULTS } from '../../../snapshot/defaults.ts'
import type {
  ClientsConfig,
  KeyPairConfig,
  Material,
  TlsEntryConfig,
} from '../../../snapshot/types.ts'
import { numberOf, type Table, tableOf, textOf, textsOf } from '../table.ts'
import type { TranslateOptions } from './options.ts'
import { type Notes, readReference, readSecret } from './outcome.ts'

/** Text as content that a configuration names. */
export function material(from: string, text: string): Material {
  return { from, data: new TextEncoder().encode(text) }
}

/** A certificate with its key, from documents. */
export function keyPair(
  { cert, key, place }: { readonly cert: string; readonly key: string; readonly place: string },
  options: TranslateOptions,
): KeyPairConfig | string {
  const certificate = readReference(cert, options)
  if ('wrong' in certificate) return certificate.wrong
  const secret = readSecret(key, options)
  if ('wrong' in secret) return secret.wrong
  return {
    cert: material(`${place}.cert`, certificate.value),
    key: material(`${place}.key`, secret.value),
    passphrase: undefined,
  }
}

/** What an ssl document asks for; undefined: nothing, such as one that is switched off. */
export function translateSsl(
  key: string,
  conf: Table,
  { options, notes }: { readonly options: TranslateOptions; readonly notes: Notes },
): TlsEntryConfig | undefined {
  if (conf['status'] === 0 || conf['type'] === 'client') return undefined
  const certificates = pairsOf(key, conf, options)
  if (typeof certificates === 'string') {
    notes.fail(certificates)
    return undefined
  }
  const protocols = textsOf(conf, 'ssl_protocols')
  const client = tableOf(conf, 'client')
  const names = namesOf(conf)
  const only12 = maxVersionOf(protocols, options)
  return {
    names,
    certificates,
    clients: client === undefined ? CLIENTS_DEFAULTS : clientsOf(key, client),
    minVersion: minVersionOf(protocols, options, notes),
    ...(only12 ? { maxVersion: 'TLSv1.2' as const } : {}),
    ...(options.fallbackSni !== '' && speaksFor(names, options.fallbackSni)
      ? { withoutName: true as const }
      : {}),
    http2: options.http2,
    skipClientCertificate: textsOf(client, 'skip_mtls_uri_regex'),
  }
}

function pairsOf(
  key: string,
  conf: Table,
  options: TranslateOptions,
): readonly KeyPairConfig[] | string {
  const keys = textsOf(conf, 'keys')
  const all = [
    { cert: textOf(conf, 'cert') ?? '', key: textOf(conf, 'key') ?? '', place: key },
    ...textsOf(conf, 'certs').map((cert, at) => (
      { cert, key: keys[at] ?? '', place: `${key}.certs[${at}]` }
    )),
  ]
  const pairs: KeyPairConfig[] = []
  for (const each of all) {
    const pair = keyPair(each, options)
    if (typeof pair === 'string') return pair
    pairs.push(pair)
  }
  return pairs
}

/** SNI names in lower case; `*` stands for all, which the native form says by an empty list. */
function namesOf(conf: Table): readonly string[] {
  const one = textOf(conf, 'sni')
  const names = (one === undefined ? textsOf(conf, 'snis') : [one])
    .map((name) => name.toLowerCase().replace(/\.$/, ''))
  return names.includes('*') ? [] : [...new Set(names)]
}

/** Whether one of an entry's names is, or by its star stands for, a name. */
function speaksFor(names: readonly string[], wanted: string): boolean {
  const name = wanted.toLowerCase()
  const dot = name.indexOf('.')
  return names.includes(name) || (dot > 0 && names.includes(`*${name.slice(dot)}`))
}

function clientsOf(key: string, client: Table): ClientsConfig {
  const crl = textOf(client, 'crl')
  return {
    ...CLIENTS_DEFAULTS,
    mode: 'require',
    applications: false,
    ca: [material(`${key}.client.ca`, textOf(client, 'ca') ?? '')],
    depth: numberOf(client, 'depth') ?? 1,
    crl: crl === undefined ? [] : [material(`${key}.client.crl`, crl)],
    // Users give the list of the CA that signs their clients; lists of the CAs above it are seldom at hand.
    crlDepth: 'leaf',
  }
}

function minVersionOf(
  own: readonly string[],
  { protocols }: TranslateOptions,
  notes: Notes,
): 'TLSv1.2' | 'TLSv1.3' {
  if (own.includes('TLSv1.1')) notes.warn('TLSv1.1 is not spoken by this gateway')
  const wanted = own.length > 0 ? own : protocols
  return wanted.includes('TLSv1.3') && !wanted.some((each) => /^TLSv1(?:\.[12])?$/.test(each))
    ? 'TLSv1.3'
    : 'TLSv1.2'
}

function maxVersionOf(own: readonly string[], { protocols }: TranslateOptions): boolean {
  const wanted = own.length > 0 ? own : protocols
  return wanted.length > 0 && !wanted.includes('TLSv1.3')
}
