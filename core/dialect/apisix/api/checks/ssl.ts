import { isPkiProblem, readCrls } from '../../../../pki/mod.ts'
import type { Certificate } from '../../../../pki/mod.ts'
import type { Json } from '../../../../store/mod.ts'
import { SSL } from '../../schema/ssl.ts'
import { validate } from '../../schema/validate.ts'
import { type Table, tableOf, textOf, textsOf, withChanges } from '../../table.ts'
import { checkCertificate, checkPair } from './pair.ts'
import { type CheckContext, type Checked, isWrong, passed, type Wrong } from './types.ts'

/** Checks an ssl document: schema, certificates, keys, the CA of clients. */
export async function checkSsl(conf: Table, context: CheckContext): Promise<Checked> {
  const wrong = validate(SSL, conf)
  if (wrong !== undefined) return { wrong: `invalid configuration: ${wrong}` }
  const cert = textOf(conf, 'cert') ?? ''
  const first = await checkPair(cert, textOf(conf, 'key') ?? '', context.ciphertext)
  if (isWrong(first)) return first
  const kept = withChanges(conf, { key: first.key })
  if (conf['type'] === 'client') return passed(kept)
  const others = await checkOthers(kept, context)
  if (isWrong(others)) return others
  const client = await checkClient(tableOf(conf, 'client'))
  if (client !== undefined) return client
  return passed(others, { warnings: strangeNames(conf, first.leaf) })
}

/** The further pairs, of other key types. */
async function checkOthers(conf: Table, { ciphertext }: CheckContext): Promise<Table | Wrong> {
  const certs = textsOf(conf, 'certs')
  const keys = textsOf(conf, 'keys')
  if (certs.length !== keys.length) return { wrong: 'mismatched number of certs and keys' }
  const clear: Json[] = []
  for (const [at, cert] of certs.entries()) {
    const pair = await checkPair(cert, keys[at] as string, ciphertext)
    if (isWrong(pair)) return { wrong: `failed to handle cert-key pair[${at + 1}]: ${pair.wrong}` }
    clear.push(pair.key)
  }
  return keys.length === 0 ? conf : withChanges(conf, { keys: clear })
}

async function checkClient(client: Table | undefined): Promise<Wrong | undefined> {
  if (client === undefined) return undefined
  const ca = await checkCertificate(textOf(client, 'ca') ?? '')
  if (ca !== undefined && 'wrong' in ca) {
    return { wrong: `failed to validate client_cert: ${ca.wrong}` }
  }
  const crl = textOf(client, 'crl')
  if (crl === undefined) return undefined
  const read = await readCrls(crl)
  return isPkiProblem(read)
    ? { wrong: `failed to validate client.crl: ${read.message}` }
    : undefined
}

/** Warns of names that the certificate was not made for: clients that look will turn away. */
function strangeNames(conf: Table, leaf: Certificate | undefined): string[] {
  if (leaf === undefined) return []
  const names = [...leaf.names.dns, ...leaf.names.ip].map((name) => name.toLowerCase())
  const common = /(?:^|[,+])CN=([^,+]+)/i.exec(leaf.subject)?.[1]?.toLowerCase()
  const known = names.length > 0 ? names : common === undefined ? [] : [common]
  const sni = textOf(conf, 'sni')
  const wanted = sni === undefined ? textsOf(conf, 'snis') : [sni]
  const strange = wanted.filter((name) => !known.some((each) => covers(each, name.toLowerCase())))
  return strange.map((name) =>
    `SNI ${name} is outside the names of the certificate: ${known.slice(0, 5).join(', ') || 'none'}`
  )
}

/** Whether a name of a certificate is good for an SNI name; one star stands for one label. */
function covers(name: string, sni: string): boolean {
  if (name === sni) return true
  if (!name.startsWith('*.') || sni.startsWith('*')) return false
  const dot = sni.indexOf('.')
  return dot > 0 && sni.slice(dot) === name.slice(1)
}
