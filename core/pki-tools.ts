import type { PkiTools } from './decide/mod.ts'
import { readPkcs12 } from './pki/bundle.ts'
import {
  createTruststore,
  describeCertificate,
  readCertificates,
  readCrls,
  readKeyPair,
} from './pki/mod.ts'

/** What compiling a configuration asks of `core/pki`. */
export const pkiTools: PkiTools = {
  readCertificates,
  async readKeyPair(source, limits) {
    const pair = 'pkcs12' in source
      ? await readPkcs12(source.pkcs12, source.passphrase, limits)
      : await readKeyPair(source)
    if ('problem' in pair) return pair
    const { certificates, chain, key } = pair
    const [leaf] = certificates
    const keyType = leaf === undefined ? '' : describeCertificate(leaf, 0).keyType
    return { certificates, credentials: { chain, key, keyType } }
  },
  readCrls,
  createTruststore,
}
