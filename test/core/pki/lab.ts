/** Certificates, keys and CRLs made with the openssl command, in a folder of their own. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type Certificate,
  createTruststore,
  type Crl,
  isPkiProblem,
  judge,
  readCertificates,
  readCrl,
  type Truststore,
  type TruststoreContent,
  type Verdict,
} from '../../../core/pki/mod.ts'

/** How a certificate is made. */
export interface Recipe {
  /** OpenSSL's form, such as `/CN=x`; default: the name. */
  readonly subject?: string
  /** Name of the issuer made before; default: itself. */
  readonly issuer?: string
  /** Lines of an extension section; none makes an X.509 v1 certificate. */
  readonly extensions?: readonly string[]
  readonly days?: number
  /** Arguments of `openssl req -newkey`; default: EC P-256. */
  readonly key?: readonly string[]
  /** Name of a certificate whose key is used again. */
  readonly sameKeyAs?: string
  /** Name of a certificate whose request, with subject and key, is used again: saves a process. */
  readonly requestOf?: string | undefined
  readonly digest?: string
  /** Decimal, or hex with `0x`; default: the next one. */
  readonly serial?: string
  /** Further arguments of `openssl x509`. */
  readonly sign?: readonly string[]
}

const EC = ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256']
const IDENTIFIERS = ['subjectKeyIdentifier=hash', 'authorityKeyIdentifier=keyid']
export const CA: readonly string[] = [
  'basicConstraints=critical,CA:TRUE',
  'keyUsage=critical,keyCertSign,cRLSign',
  ...IDENTIFIERS,
]
export const LEAF: readonly string[] = [
  'basicConstraints=critical,CA:FALSE',
  'keyUsage=critical,digitalSignature',
  ...IDENTIFIERS,
]

export class Lab {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'pki-'))
  #serial = 4096

  constructor(t: { teardown(task: () => void): void }) {
    t.teardown(() => rmSync(this.folder, { recursive: true, force: true }))
  }

  openssl(...args: string[]): Uint8Array {
    const stdio: ['ignore', 'pipe', 'pipe'] = ['ignore', 'pipe', 'pipe']
    return new Uint8Array(execFileSync('openssl', args, { cwd: this.folder, stdio }))
  }

  write(name: string, content: string | Uint8Array): void {
    writeFileSync(join(this.folder, name), content)
  }

  read(name: string): Uint8Array {
    return new Uint8Array(readFileSync(join(this.folder, name)))
  }

  /** Makes `name.crt` and `name.key`. */
  async make(name: string, recipe: Recipe = {}): Promise<Certificate> {
    const { subject = `/CN=${name}`, issuer, extensions = [], days = 100, digest = 'sha256' } =
      recipe
    const { requestOf } = recipe
    if (requestOf === undefined) this.#request(name, subject, recipe)
    else {for (const end of ['csr', 'key']) {
        this.write(`${name}.${end}`, this.read(`${requestOf}.${end}`))
      }}
    this.write(`${name}.ext`, extensions.join('\n') + '\n')
    const signer = issuer === undefined
      ? ['-signkey', `${name}.key`]
      : ['-CA', `${issuer}.crt`, '-CAkey', `${issuer}.key`]
    const serial = recipe.serial ?? String(this.#serial++)
    const extfile = extensions.length === 0 ? [] : ['-extfile', `${name}.ext`]
    const args = ['-days', String(days), `-${digest}`, '-set_serial', serial, ...recipe.sign ?? []]
    this.openssl(
      'x509',
      '-req',
      '-in',
      `${name}.csr`,
      ...signer,
      ...args,
      ...extfile,
      '-out',
      `${name}.crt`,
    )
    return (await certificates(this.read(`${name}.crt`)))[0] as Certificate
  }

  #request(name: string, subject: string, { key = EC, sameKeyAs }: Recipe): void {
    const args = sameKeyAs === undefined
      ? ['-newkey', ...key, '-nodes', '-keyout', `${name}.key`]
      : ['-key', `${sameKeyAs}.key`]
    this.openssl('req', '-new', ...args, '-subj', subject, '-out', `${name}.csr`, '-utf8')
    if (sameKeyAs !== undefined) this.write(`${name}.key`, this.read(`${sameKeyAs}.key`))
  }

  /** Makes a CRL of `issuer` with `openssl ca`; revoked serial numbers in hex with the reason. */
  crl(
    issuer: string,
    revoked: Readonly<Record<string, string>>,
    extensions: readonly string[] = ['authorityKeyIdentifier=keyid'],
  ): Uint8Array {
    const lines = Object.entries(revoked).map(([serial, reason]) =>
      `R\t491231235959Z\t250101000000Z,${reason}\t${serial.toUpperCase()}\tunknown\t/CN=x`
    )
    this.write('index.txt', lines.join('\n') + (lines.length > 0 ? '\n' : ''))
    this.write('index.txt.attr', 'unique_subject = no\n')
    this.write('crlnumber', '1000\n')
    this.write(
      'ca.cnf',
      [
        '[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ncrlnumber=crlnumber\ndefault_md=sha256',
        `default_crl_days=30\ncrl_extensions=e\n[e]\n${extensions.join('\n')}\n`,
      ].join('\n'),
    )
    const files = ['-cert', `${issuer}.crt`, '-keyfile', `${issuer}.key`, '-out', 'out.crl']
    this.openssl('ca', '-gencrl', '-config', 'ca.cnf', ...files)
    return this.read('out.crl')
  }
}

/** Certificates that must be readable. */
export async function certificates(data: Uint8Array | string): Promise<Certificate[]> {
  return good(await readCertificates(data))
}

/** A CRL that must be readable. */
export async function crl(data: Uint8Array | string): Promise<Crl> {
  return good(await readCrl(data))
}

/** What is no problem. */
export function good<T>(value: T): Exclude<T, { readonly problem: string }> {
  if (isPkiProblem(value)) throw new Error(value.message)
  return value as Exclude<T, { readonly problem: string }>
}

/** What is asked of a chain; anchors may stand for a truststore. */
export interface Ask extends Partial<TruststoreContent> {
  readonly purpose?: 'client' | 'server'
  readonly name?: string
  readonly depth?: number
  readonly now?: number
  readonly store?: Truststore
}

/** Judges a chain, leaf first. */
export async function ask(chain: readonly Certificate[], options: Ask): Promise<Verdict> {
  const { purpose = 'client', name, depth = 3, now = Date.now() + 2000, store, ...content } =
    options
  const truststore = store ?? await createTruststore({ anchors: [], ...content })
  return await judge({ chain: chain.map((c) => c.der), purpose, name, depth }, truststore, now)
}
