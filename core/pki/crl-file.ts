import type { FileParts } from '../port/mod.ts'
import { type Bytes, owned } from './bytes.ts'
import { DerReader, Tag } from './der.ts'
import { PemDecoder } from './pem-stream.ts'
import { PkiFault } from './problem.ts'
import { Sha256 } from './sha256.ts'

const LABEL = 'X509 CRL'
/** Bytes that are decoded or digested in one go: some milliseconds' work. */
const SLICE = 131_072

/** What became of files that are still in use, by size and digest of the file: one that did not change lies here once. */
const inUse = new Map<string, WeakRef<Uint8Array>>()
const digests = new WeakMap<Uint8Array, string>()

/**
 * Reads a file of CRLs in parts: DER, or PEM whose blocks come back as DER, one after the other. Of an equal file that
 * is still in use its bytes come back, the very same. Undefined where there is no CRL in form: whoever reads the whole
 * file says why.
 */
export async function joinCrls(file: FileParts): Promise<Uint8Array | undefined> {
  try {
    return await known(file) ?? await joined(file)
  } catch (error) {
    if (error instanceof PkiFault) return undefined
    throw error
  }
}

/** What an equal file gave before. Nothing is kept of the file meanwhile: memory that is let go is not free at once. */
async function known(file: FileParts): Promise<Uint8Array | undefined> {
  for (const [key, bytes] of inUse) if (bytes.deref() === undefined) inUse.delete(key)
  if (![...inUse.keys()].some((key) => key.startsWith(`${file.size} `))) return undefined
  const hash = new Sha256()
  for await (const part of file.parts()) hash.add(part)
  return inUse.get(`${file.size} ${hash.hex()}`)?.deref()
}

async function joined({ size, parts }: FileParts): Promise<Uint8Array | undefined> {
  const hash = new Sha256()
  let whole: Bytes | undefined
  let pem: PemDecoder | undefined
  let length = 0
  for await (const part of parts()) {
    if (length === 0 && part[0] === Tag.sequence) whole = new Uint8Array(size)
    else if (length === 0) pem = new PemDecoder(LABEL, size)
    length += part.length
    // It grew since it was measured.
    if (length > size) return undefined
    whole?.set(part, length - part.length)
    pem?.add(part)
    hash.add(part)
  }
  const read = pem?.finish()
  const bytes = read === undefined || read.ends.length === 0 ? whole : read.bytes
  // It shrank.
  if (bytes === undefined || length < size) return undefined
  const digest = hash.hex()
  inUse.set(`${size} ${digest}`, new WeakRef(bytes))
  if (bytes === whole) digests.set(bytes, digest)
  return bytes
}

/** The contents of CRLs, DER each: DER of several after one another, or PEM blocks. Throws {@linkcode PkiFault}. */
export async function crlsIn(data: Uint8Array | string): Promise<Bytes[]> {
  const bytes = bytesOf(data)
  if (bytes[0] !== Tag.sequence) return await decodePem(bytes)
  const reader = new DerReader(bytes)
  const first = reader.read(Tag.sequence)
  // What is one CRL keeps its identity.
  if (reader.done) return [bytes]
  return [first, ...reader.rest(Tag.sequence)].map((element) => element.der as Bytes)
}

/** The content of a CRL: DER of one, or the first of PEM's blocks. Throws {@linkcode PkiFault}. */
export async function firstCrlIn(data: Uint8Array | string): Promise<Bytes | undefined> {
  const bytes = bytesOf(data)
  return bytes[0] === Tag.sequence ? bytes : (await decodePem(bytes))[0]
}

function bytesOf(data: Uint8Array | string): Bytes {
  return owned(typeof data === 'string' ? new TextEncoder().encode(data) : data)
}

async function decodePem(text: Bytes): Promise<Bytes[]> {
  const decoder = new PemDecoder(LABEL, text.length)
  for (let at = 0; at < text.length; at += SLICE) {
    decoder.add(text.subarray(at, at + SLICE))
    await pause()
  }
  const { bytes, ends } = decoder.finish()
  return ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end))
}

/** SHA-256 in slices, lower-case hex: WebCrypto would copy it all at once. */
export async function digestOf(bytes: Uint8Array): Promise<string> {
  const before = digests.get(bytes)
  if (before !== undefined) return before
  const hash = new Sha256()
  for (let at = 0; at < bytes.length; at += SLICE) {
    hash.add(bytes.subarray(at, at + SLICE))
    if (bytes.length > SLICE) await pause()
  }
  const digest = hash.hex()
  digests.set(bytes, digest)
  return digest
}

/** Lets the host do what waits: a digest is computed elsewhere, and there are no timers here. */
export async function pause(): Promise<void> {
  await crypto.subtle.digest('SHA-256', new Uint8Array(1))
}
