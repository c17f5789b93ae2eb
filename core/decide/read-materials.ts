import type { Certificate, Crl } from '../pki/mod.ts'
import type { KeyPairConfig, Material, Path } from '../snapshot/types.ts'
import { fail, isProblem, stateOf } from './compile-context.ts'
import type { CompileContext } from './compile-context.ts'
import type { KeyPair } from './pki-tools.ts'

/** Reads certificates, one material after the other; what cannot be read is noted, and leaves undefined. */
export async function readMaterials(
  context: CompileContext,
  materials: readonly Material[],
  path: Path,
): Promise<readonly Certificate[] | undefined> {
  const all: Certificate[] = []
  let complete = true
  for (const [index, material] of materials.entries()) {
    const found = await context.pki.readCertificates(material.data)
    if (!isProblem(found) && found.length > 0) all.push(...found)
    else {
      complete = false
      const state = isProblem(found) ? stateOf(found) : 'it holds none'
      fail(
        context,
        [...path, index],
        `Could not read certificates from "${material.from}": ${state}`,
      )
    }
  }
  return complete ? all : undefined
}

/** Reads a certificate with its key; what goes wrong is noted, and leaves undefined. */
export async function readKeyPairAt(
  context: CompileContext,
  config: KeyPairConfig,
  path: Path,
): Promise<KeyPair | undefined> {
  const { passphrase } = config
  const found =
    await ('pkcs12' in config
      ? context.pki.readKeyPair({ pkcs12: config.pkcs12.data, passphrase }, context.limits)
      : readOnce(context, { cert: config.cert.data, key: config.key.data, passphrase }))
  if (isProblem(found)) return fail(context, path, `${describe(config)}: ${stateOf(found)}`)
  if (found.certificates.length > 0) return found
  return fail(context, path, `${describe(config)}: it holds no certificate`)
}

const latin1 = new TextDecoder('latin1')

/** One certificate is often used for many names: it is read once while a configuration is compiled. */
function readOnce(
  { pairs, pki, limits }: CompileContext,
  source: Extract<Parameters<CompileContext['pki']['readKeyPair']>[0], { cert: Uint8Array }>,
): ReturnType<CompileContext['pki']['readKeyPair']> {
  const { cert, key, passphrase = '' } = source
  const content = JSON.stringify([latin1.decode(cert), latin1.decode(key), passphrase])
  const known = pairs.get(content)
  if (known !== undefined) return known
  const read = pki.readKeyPair(source, limits)
  pairs.set(content, read)
  return read
}

function describe(config: KeyPairConfig): string {
  return 'pkcs12' in config
    ? `Could not use PKCS#12 "${config.pkcs12.from}"`
    : `Could not use certificate "${config.cert.from}" with key "${config.key.from}"`
}

/** Reads CRLs, each material may hold several; what cannot be read is noted, and leaves undefined. */
export async function readCrls(
  context: CompileContext,
  materials: readonly Material[],
  path: Path,
): Promise<readonly Crl[] | undefined> {
  const all: Crl[] = []
  let complete = true
  for (const [index, { from, data }] of materials.entries()) {
    const found = data.length > context.limits.crlSize
      ? `it has ${data.length} bytes, more than limits.crlSize allows`
      : await context.pki.readCrls(data)
    if (typeof found === 'string' || isProblem(found)) {
      const state = typeof found === 'string' ? found : stateOf(found)
      fail(context, [...path, index], `Could not read CRL "${from}": ${state}`)
      complete = false
    } else all.push(...found)
  }
  return complete ? all : undefined
}
