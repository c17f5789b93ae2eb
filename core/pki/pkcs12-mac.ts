import { equalBytes, owned } from './bytes.ts'
import { type AlgorithmIdentifier, readAlgorithm } from './decode.ts'
import { type DerElement, Tag } from './der.ts'
import { type Opener, pbkdf2, readIterations } from './pbe.ts'
import { pkcs12Derive } from './pkcs12-kdf.ts'
import { PkiFault } from './problem.ts'

type Hash = 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512'

const HASHES: Readonly<Record<string, Hash>> = {
  '1.3.14.3.2.26': 'SHA-1',
  '2.16.840.1.101.3.4.2.1': 'SHA-256',
  '2.16.840.1.101.3.4.2.2': 'SHA-384',
  '2.16.840.1.101.3.4.2.3': 'SHA-512',
  '1.2.840.113549.2.7': 'SHA-1',
  '1.2.840.113549.2.9': 'SHA-256',
  '1.2.840.113549.2.10': 'SHA-384',
  '1.2.840.113549.2.11': 'SHA-512',
}
const SIZES: Readonly<Record<Hash, number>> = {
  'SHA-1': 20,
  'SHA-256': 32,
  'SHA-384': 48,
  'SHA-512': 64,
}
/** RFC 9579: a MAC whose key PBKDF2 derives. */
const PBMAC1 = '1.2.840.113549.1.5.14'

/** Checks MacData (RFC 7292 section 4) over the authenticated safe; throws where it does not fit. */
export async function checkMac(
  mac: DerElement,
  content: Uint8Array,
  opener: Opener,
): Promise<void> {
  const inside = mac.inside()
  const digestInfo = inside.read(Tag.sequence).inside()
  const algorithm = readAlgorithm(digestInfo.read(Tag.sequence))
  const expected = digestInfo.read(Tag.octetString).content
  const salt = inside.read(Tag.octetString).content
  const count = inside.optional(Tag.integer)
  if (algorithm.id === PBMAC1) {
    const { key, hash } = await pbmac1(algorithm, opener)
    if (await macFits({ key, hash, content, expected })) return
    throw wrong()
  }
  const hash = HASHES[algorithm.id]
  if (hash === undefined) {
    throw new PkiFault(
      'unsupported',
      `Could not check PKCS#12 MAC "${algorithm.id}": it is not supported`,
    )
  }
  const iterations = count === undefined ? 1 : readIterations(count, opener)
  const base = {
    passphrase: opener.passphrase,
    salt,
    iterations,
    hash,
    id: 3 as const,
    size: SIZES[hash],
  }
  const forms = opener.passphrase === '' ? [false, true] : [false]
  for (const absent of forms) {
    const key = await pkcs12Derive({ ...base, absent })
    if (await macFits({ key, hash, content, expected })) return
  }
  throw wrong()
}

function wrong(): PkiFault {
  return new PkiFault(
    'passphrase',
    'Could not open PKCS#12: the passphrase is wrong or the content is damaged',
  )
}

interface Mac {
  readonly key: Uint8Array
  readonly hash: Hash
  readonly content: Uint8Array
  readonly expected: Uint8Array
}

async function macFits({ key, hash, content, expected }: Mac): Promise<boolean> {
  const hmac = { name: 'HMAC', hash }
  const signer = await crypto.subtle.importKey('raw', owned(key), hmac, false, ['sign'])
  const found = new Uint8Array(await crypto.subtle.sign('HMAC', signer, owned(content)))
  return equalBytes(found, expected)
}

async function pbmac1(
  algorithm: AlgorithmIdentifier,
  opener: Opener,
): Promise<{ key: Uint8Array; hash: Hash }> {
  const inside = algorithm.parameters?.inside()
  const derivation = inside === undefined ? undefined : readAlgorithm(inside.read(Tag.sequence))
  const scheme = inside === undefined ? undefined : readAlgorithm(inside.read(Tag.sequence))
  const hash = HASHES[scheme?.id ?? '']
  if (derivation === undefined || hash === undefined) {
    throw new PkiFault('unsupported', 'Could not check PKCS#12 MAC: its scheme is not supported')
  }
  return { key: await pbkdf2(derivation, SIZES[hash], opener), hash }
}
