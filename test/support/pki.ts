import { execFile } from 'node:child_process'
import { createHash, X509Certificate } from 'node:crypto'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Test } from 'tap'

const run = promisify(execFile)
const EC_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes']
const KEYS = {
  'RSA': ['-newkey', 'rsa:2048', '-nodes'],
  'EC P-384': ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-384', '-nodes'],
}

/** A certificate with its key, as files and as text. */
export interface KeyPairFiles {
  readonly certFile: string
  readonly keyFile: string
  /** PEM: the certificate, then its intermediates. */
  readonly chain: string
  readonly key: string
  /** SHA-256 over the DER of the certificate, hex. */
  readonly fingerprint: string
  readonly der: Uint8Array
}

/** What a certificate is to be. */
export interface IssueOptions {
  readonly ca?: KeyPairFiles
  /** Alternative names such as `DNS:test.com`. */
  readonly names?: readonly string[]
  readonly use?: 'serverAuth' | 'clientAuth' | 'OCSPSigning'
  /** Further extensions in OpenSSL's words, such as `noCheck=ignored`. */
  readonly extensions?: readonly string[]
  readonly isCa?: boolean
  /** Intermediates that go with it. */
  readonly through?: readonly KeyPairFiles[]
  /** In place of `/CN=<name>`. */
  readonly subject?: string
  readonly days?: number
  /** Default: EC P-256. */
  readonly key?: 'RSA' | 'EC P-384'
  /** In place of a new key: this one's. */
  readonly keyOf?: KeyPairFiles
  /** Such as `0x1234`. */
  readonly serial?: string
}

/** A certificate's serial number in hex, with whole bytes as openssl wants it. */
export function serialOf(der: Uint8Array): string {
  const { serialNumber } = new X509Certificate(der)
  return serialNumber.length % 2 === 0 ? serialNumber : `0${serialNumber}`
}

/** Makes certificates with openssl in a folder of its own, which goes with the test. */
export class Pki {
  readonly folder: string

  constructor(t: Test) {
    this.folder = mkdtempSync(join(tmpdir(), 'sallyport-pki-'))
    t.teardown(() => rmSync(this.folder, { recursive: true, force: true }))
  }

  path(name: string): string {
    return join(this.folder, name)
  }

  async openssl(...args: string[]): Promise<string> {
    const { stdout } = await run('openssl', args, { cwd: this.folder })
    return stdout
  }

  /** A certificate with all extensions that its use asks for. */
  async issue(name: string, options: IssueOptions = {}): Promise<KeyPairFiles> {
    const { ca, names = [], use, isCa = false, subject = `/CN=${name}`, days = 3650 } = options
    const extensions = [
      `basicConstraints=critical,CA:${isCa ? 'TRUE' : 'FALSE'}`,
      `keyUsage=critical,${isCa ? 'keyCertSign,cRLSign' : 'digitalSignature'}`,
      ...(use === undefined ? [] : [`extendedKeyUsage=${use}`]),
      ...(names.length === 0 ? [] : [`subjectAltName=${names.join(',')}`]),
      ...options.extensions ?? [],
    ]
    const { keyOf, serial } = options
    const newKey = [
      ...(options.key === undefined ? EC_KEY : KEYS[options.key]),
      ...['-keyout', `${name}.key`],
    ]
    if (keyOf !== undefined) copyFileSync(keyOf.keyFile, this.path(`${name}.key`))
    await this.openssl(
      ...['req', '-x509', ...(keyOf === undefined ? newKey : ['-key', keyOf.keyFile])],
      ...['-out', `${name}.crt`, '-subj', subject, '-utf8'],
      ...(serial === undefined ? [] : ['-set_serial', serial]),
      ...['-days', String(days), '-config', this.#config()],
      ...(ca === undefined ? [] : ['-CA', ca.certFile, '-CAkey', ca.keyFile]),
      ...extensions.flatMap((each) => ['-addext', each]),
    )
    return this.#files(name, options.through ?? [])
  }

  /** A certificate authority. */
  async authority(name: string, ca?: KeyPairFiles): Promise<KeyPairFiles> {
    return await this.issue(name, { isCa: true, ...(ca === undefined ? {} : { ca }) })
  }

  /** A certificate with dates of one's own, `YYYYMMDDHHMMSSZ`. */
  async dated(
    name: string,
    options: IssueOptions & {
      readonly ca: KeyPairFiles
      readonly from: string
      readonly until: string
    },
  ): Promise<KeyPairFiles> {
    const { ca, from, until, names = [`DNS:${name}`], use = 'clientAuth' } = options
    const config = `${name}.cnf`
    writeFileSync(this.path(`${name}.index`), '')
    writeFileSync(
      this.path(config),
      '[ca]\ndefault_ca = own\n[own]\n' +
        `database = ${name}.index\nrand_serial = yes\nnew_certs_dir = .\ndefault_md = sha256\n` +
        'policy = any\nx509_extensions = leaf\n[any]\ncommonName = supplied\n' +
        `[leaf]\nbasicConstraints = critical,CA:FALSE\nextendedKeyUsage = ${use}\n` +
        `subjectAltName = ${names.join(',')}\n`,
    )
    await this.#request(name)
    await this.openssl(
      ...['ca', '-batch', '-notext', '-config', config, '-startdate', from, '-enddate', until],
      ...['-cert', ca.certFile, '-keyfile', ca.keyFile],
      ...['-in', `${name}.csr`, '-out', `${name}.crt`],
    )
    return this.#files(name, options.through ?? [])
  }

  /** An X.509 v1 certificate: no extensions at all. */
  async version1(name: string, ca: KeyPairFiles): Promise<KeyPairFiles> {
    await this.#request(name)
    await this.openssl(
      ...['x509', '-req', '-sha256', '-days', '3650', '-in', `${name}.csr`],
      ...['-CA', ca.certFile, '-CAkey', ca.keyFile, '-set_serial', '7', '-out', `${name}.crt`],
    )
    return this.#files(name, [])
  }

  /** A self-signed X.509 v1 authority. */
  async version1Authority(name: string): Promise<KeyPairFiles> {
    await this.#request(name)
    await this.openssl(
      ...['x509', '-req', '-sha256', '-days', '3650', '-in', `${name}.csr`],
      ...['-signkey', `${name}.key`, '-out', `${name}.crt`],
    )
    return this.#files(name, [])
  }

  /** A PKCS#12 bundle; `legacy` encrypts it as old tools did. Returns its path. */
  async pkcs12(name: string, pair: KeyPairFiles, options: {
    readonly passphrase: string
    readonly legacy?: boolean
  }): Promise<string> {
    const { passphrase, legacy = false } = options
    await this.openssl(
      ...['pkcs12', '-export', '-in', pair.certFile, '-inkey', pair.keyFile, '-out', name],
      ...['-passout', `pass:${passphrase}`, ...(legacy ? ['-legacy'] : [])],
    )
    return this.path(name)
  }

  /** A CRL of an authority, good for so many days. Returns its path. */
  async crl(name: string, ca: KeyPairFiles, options: {
    readonly revoked?: readonly KeyPairFiles[]
    readonly days?: number
  } = {}): Promise<string> {
    const { revoked = [], days = 30 } = options
    const lines = revoked.map(({ der }) => {
      const serial = serialOf(der)
      return `R\t491231235959Z\t250101000000Z\t${serial}\tunknown\t/CN=revoked\n`
    })
    writeFileSync(this.path(`${name}.index`), lines.join(''))
    writeFileSync(this.path(`${name}.index.attr`), 'unique_subject = no\n')
    writeFileSync(this.path(`${name}.number`), '1000\n')
    const config = `${name}.cnf`
    writeFileSync(
      this.path(config),
      '[ca]\ndefault_ca = own\n[own]\ndefault_md = sha256\ncrl_extensions = crl\n' +
        `database = ${name}.index\ncrlnumber = ${name}.number\n` +
        '[crl]\nauthorityKeyIdentifier = keyid\n',
    )
    await this.openssl(
      ...['ca', '-gencrl', '-config', config, '-crldays', String(days), '-out', name],
      ...['-cert', ca.certFile, '-keyfile', ca.keyFile],
    )
    return this.path(name)
  }

  async #request(name: string): Promise<void> {
    const files = ['-keyout', `${name}.key`, '-out', `${name}.csr`]
    const subject = ['-subj', `/CN=${name}`, '-config', this.#config()]
    await this.openssl('req', '-new', ...EC_KEY, ...files, ...subject)
  }

  /** Without the distribution's own configuration, which may add extensions. */
  #config(): string {
    const file = this.path('openssl.cnf')
    writeFileSync(file, '[req]\ndistinguished_name = name\nstring_mask = utf8only\n[name]\n')
    return file
  }

  #files(name: string, through: readonly KeyPairFiles[]): KeyPairFiles {
    const own = readFileSync(this.path(`${name}.crt`), 'utf8')
    const chain = [own, ...through.map((each) => each.chain)].join('')
    const certFile = this.path(`${name}.crt`)
    writeFileSync(certFile, chain)
    const der = new Uint8Array(new X509Certificate(own).raw)
    return {
      certFile,
      keyFile: this.path(`${name}.key`),
      chain,
      key: readFileSync(this.path(`${name}.key`), 'utf8'),
      fingerprint: createHash('sha256').update(der).digest('hex'),
      der,
    }
  }
}
