import {
  type Certificate,
  type Crl,
  isPkiProblem,
  parseCertificate,
  type PemBlock,
  type PkiProblem,
  readCertificates,
  readCrl,
  readPem,
  readPrivateKey,
  writePem,
} from '../../core/pki/mod.ts'
import { FileFailure } from '../../core/mod.ts'
import type { Host } from './host.ts'
import { WrongUse } from './wrong-use.ts'

/** Something of the PKI, as found in a file. */
export type PkiItem =
  | { readonly kind: 'certificate'; readonly certificate: Certificate }
  | { readonly kind: 'crl'; readonly crl: Crl }
  | { readonly kind: 'private-key'; readonly pem: string }
  | { readonly kind: 'problem'; readonly message: string }
  | { readonly kind: 'other'; readonly label: string }

/** A file, and what is in it. */
export interface PkiContent {
  readonly file: string
  readonly format: 'PEM' | 'DER' | 'PKCS#12' | 'unknown'
  readonly items: readonly PkiItem[]
}

/** As a gateway has them unless it is configured otherwise. */
const PKCS12_LIMITS = { pkcs12Iterations: 1_000_000, pkcs12Size: 1_048_576 }
const CERTIFICATES = new Set(['CERTIFICATE', 'X509 CERTIFICATE', 'TRUSTED CERTIFICATE'])

/** A file's bytes; `-` is standard input. Throws WrongUse where it cannot be read. */
export async function readInput(host: Host, file: string): Promise<Uint8Array> {
  try {
    return file === '-' ? await host.readStdin() : await host.files.read(file)
  } catch (error) {
    if (error instanceof FileFailure) throw new WrongUse(`Could not read file: ${error.message}`)
    throw error
  }
}

/** The chain that a client with this file would show, DER, leaf first. Throws WrongUse where there is none. */
export async function readChain(host: Host, file: string): Promise<Uint8Array[]> {
  const data = await readInput(host, file)
  // What is damaged is shown as it is: the gateway is to judge it.
  if (data[0] === 0x30) return [data]
  const blocks = readPem(new TextDecoder().decode(data))
  if (isPkiProblem(blocks)) throw new WrongUse(`${file}: ${blocks.message}`)
  const chain = blocks.filter(({ label }) => CERTIFICATES.has(label)).map(({ der }) => der)
  if (chain.length === 0) throw new WrongUse(`Could not read "${file}": it holds no certificate`)
  return chain
}

/** Tells by its content what a file holds, and reads it. */
export async function readPkiContent(
  data: Uint8Array,
  file: string,
  passphrase: string | undefined,
): Promise<PkiContent> {
  if (data[0] === 0x30) return { file, ...await readDer(data, passphrase) }
  const blocks = readPem(new TextDecoder().decode(data))
  if (isPkiProblem(blocks)) return { file, format: 'PEM', items: [problemItem(blocks)] }
  if (blocks.length === 0) {
    const message = 'Could not read content: it is neither PEM nor DER'
    return { file, format: 'unknown', items: [{ kind: 'problem', message }] }
  }
  const items: PkiItem[] = []
  for (const block of blocks) items.push(...await readBlock(block, passphrase))
  return { file, format: 'PEM', items }
}

async function readBlock(block: PemBlock, passphrase: string | undefined): Promise<PkiItem[]> {
  const { label, der } = block
  if (CERTIFICATES.has(label)) return certificateItems(await readCertificates(pemOf(block)))
  if (label === 'X509 CRL') return [crlItem(await readCrl(der))]
  if (label.endsWith('PRIVATE KEY')) return [await keyItem(pemOf(block), passphrase)]
  return [{ kind: 'other', label }]
}

/** The block as it stood, with its headers. */
function pemOf({ label, der, headers }: PemBlock): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\n`)
  const written = writePem(label, der)
  if (lines.length === 0) return written
  const start = written.indexOf('\n') + 1
  return `${written.slice(0, start)}${lines.join('')}\n${written.slice(start)}`
}

async function readDer(
  der: Uint8Array,
  passphrase: string | undefined,
): Promise<Omit<PkiContent, 'file'>> {
  const certificate = await parseCertificate(der)
  if (!isPkiProblem(certificate)) {
    return { format: 'DER', items: [{ kind: 'certificate', certificate }] }
  }
  const crl = await readCrl(der)
  if (!isPkiProblem(crl)) return { format: 'DER', items: [crlItem(crl)] }
  if (isPkcs12(der)) return { format: 'PKCS#12', items: await readBundle(der, passphrase) }
  const key = await readPrivateKey(der, passphrase)
  if (!isPkiProblem(key) || key.problem === 'passphrase') {
    return { format: 'DER', items: [await keyItem(der, passphrase)] }
  }
  return { format: 'DER', items: [problemItem(certificate)] }
}

/** A sequence that begins with version 3 (RFC 7292 section 4), in DER or BER. */
function isPkcs12(der: Uint8Array): boolean {
  const length = der[1] ?? 0
  const start = length > 0x80 ? 2 + (length & 0x7f) : 2
  return der[start] === 2 && der[start + 1] === 1 && der[start + 2] === 3
}

async function readBundle(
  data: Uint8Array,
  passphrase: string | undefined,
): Promise<PkiItem[]> {
  const { readPkcs12 } = await import('../../core/pki/bundle.ts')
  const pair = await readPkcs12(data, passphrase, PKCS12_LIMITS)
  if (isPkiProblem(pair)) return [problemItem(pair)]
  const certificates = pair.certificates.map((certificate): PkiItem => ({
    kind: 'certificate',
    certificate,
  }))
  return [...certificates, { kind: 'private-key', pem: pair.key }]
}

function certificateItems(read: Certificate[] | PkiProblem): PkiItem[] {
  if (isPkiProblem(read)) return [problemItem(read)]
  return read.map((certificate) => ({ kind: 'certificate', certificate }))
}

function crlItem(crl: Crl | PkiProblem): PkiItem {
  return isPkiProblem(crl) ? problemItem(crl) : { kind: 'crl', crl }
}

async function keyItem(
  data: Uint8Array | string,
  passphrase: string | undefined,
): Promise<PkiItem> {
  const pem = await readPrivateKey(data, passphrase)
  return isPkiProblem(pem) ? problemItem(pem) : { kind: 'private-key', pem }
}

function problemItem({ problem, message }: PkiProblem): PkiItem {
  const hint = problem === 'passphrase'
    ? ' (see --passphrase, --passphrase-env, --passphrase-file)'
    : ''
  return { kind: 'problem', message: message + hint }
}
