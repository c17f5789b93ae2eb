import { readPkcs12 } from '../../pki/bundle.ts'
import {
  type Certificate,
  isPkiProblem,
  type PkiProblem,
  readCertificates,
  readCrls,
  readKeyPair,
} from '../../pki/mod.ts'
import type { KeyPairConfig, Material } from '../../snapshot/types.ts'
import type { SecretDoc, Use } from './documents.ts'

/** Bounds on what secrets may hold. */
export interface ContentLimits {
  readonly pkcs12Iterations: number
  readonly pkcs12Size: number
  readonly crlSize: number
}

/** What was found in a secret. */
export interface Content {
  /** Empty: nothing that is known here. */
  readonly uses: readonly Use[]
  readonly names: readonly string[]
  /** Why there is no use for it, or not that which it seems to be made for. */
  readonly fault: string | undefined
}

/** The bytes of a secret, named for messages. */
export function materialOf({ id, payload }: Pick<SecretDoc, 'id' | 'payload'>): Material {
  return { from: `secret ${id}`, data: Uint8Array.from(atob(payload), (c) => c.charCodeAt(0)) }
}

/** A secret's certificate and key, as the configuration wants them: PKCS#12 with an empty password, or PEM. */
export function keyPairOf(material: Material): KeyPairConfig {
  return textOf(material.data).includes('-----BEGIN ')
    ? { cert: material, key: material, passphrase: undefined }
    : { pkcs12: material, passphrase: '' }
}

/** Why a secret is no good for a use; undefined: it is. */
export function unfit(secret: SecretDoc, use: Use): string | undefined {
  if (secret.uses.includes(use)) return undefined
  const wanted = use === 'key pair'
    ? 'it is no PKCS12 without a password, and no PEM certificate with its private key'
    : use === 'authorities'
    ? 'it holds no PEM certificates'
    : 'it holds no PEM certificate revocation list'
  return `Secret ${secret.id} ("${secret.name}") cannot be used: ${wanted}`
}

/** Looks into the content of a secret. */
export async function examine(payload: string, limits: ContentLimits): Promise<Content> {
  const { data } = materialOf({ id: '', payload })
  const text = textOf(data)
  if (text.includes('-----BEGIN ')) return await examinePem(data, { text, limits })
  const pair = await readPkcs12(data, '', limits)
  if (!isPkiProblem(pair)) return usable(['key pair'], pair.certificates[0])
  const certificates = await readCertificates(data)
  if (some(certificates)) return usable(['authorities'], certificates[0])
  if (some(await crls(data, limits))) return usable(['revocation list'])
  return { uses: [], names: [], fault: pair.message }
}

async function examinePem(
  data: Uint8Array,
  { text, limits }: { readonly text: string; readonly limits: ContentLimits },
): Promise<Content> {
  const certificates = await readCertificates(data)
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    if (!some(certificates)) return { uses: [], names: [], fault: faultOf(certificates) }
    const pair = await readKeyPair({ cert: data, key: data })
    if (isPkiProblem(pair)) return { uses: [], names: [], fault: pair.message }
    return usable(['key pair', 'authorities'], pair.certificates[0])
  }
  if (some(certificates)) return usable(['authorities'], certificates[0])
  const found = await crls(data, limits)
  if (some(found)) return usable(['revocation list'])
  return { uses: [], names: [], fault: faultOf(text.includes(' CRL-----') ? found : certificates) }
}

function usable(uses: readonly Use[], leaf?: Certificate): Content {
  return { uses, names: leaf === undefined ? [] : namesOf(leaf), fault: undefined }
}

/** The names that clients may ask for: those of the extension, or the common name of a certificate without. */
function namesOf({ names, subject }: Certificate): string[] {
  const dns = names.dns.length + names.ip.length > 0 ? names.dns : commonNames(subject)
  return [...new Set(dns.map((name) => name.toLowerCase()))].filter((name) =>
    /^(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$/.test(
      name,
    ) && name.length <= 253
  )
}

function commonNames(subject: string): string[] {
  const [, name] = /(?:^|,)CN=([a-zA-Z0-9.*_-]+)(?:,|$)/.exec(subject) ?? []
  return name === undefined ? [] : [name]
}

async function crls(
  data: Uint8Array,
  { crlSize }: ContentLimits,
): Promise<readonly unknown[] | PkiProblem> {
  if (data.length <= crlSize) return await readCrls(data)
  const message =
    `Could not read a revocation list of ${data.length} bytes: the limit is ${crlSize}`
  return { problem: 'limit', message }
}

function some<T>(found: readonly T[] | PkiProblem): found is readonly T[] {
  return !isPkiProblem(found) && found.length > 0
}

function faultOf(found: readonly unknown[] | PkiProblem): string {
  return isPkiProblem(found) ? found.message : 'It holds no certificate'
}

function textOf(data: Uint8Array): string {
  return new TextDecoder('latin1').decode(data)
}
