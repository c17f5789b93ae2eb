import { isPkiProblem, readCertificates } from '../../core/pki/mod.ts'
import type { Host } from './host.ts'

interface Pair {
  readonly cert: string
  readonly key: string
}

interface Entry {
  readonly certificate: unknown
}

interface Group {
  readonly names: readonly string[]
  readonly pairs: Pair[]
}

/**
 * Gravitee's keystores may have certificates for several names, of which each client gets that of the name it asks for,
 * and others the first. Here each name has an entry of its own.
 */
export async function withNames(
  document: Readonly<Record<string, unknown>>,
  { host, file }: { readonly host: Host; readonly file: string },
): Promise<Readonly<Record<string, unknown>>> {
  const listeners: unknown[] = []
  for (const listener of document['listeners'] as readonly { readonly tls?: readonly Entry[] }[]) {
    const tls: unknown[] = []
    for (const entry of listener.tls ?? []) {
      const read = (path: string): Promise<Uint8Array> =>
        host.files.read(host.files.beside(file, path))
      tls.push(...await entriesOf(entry, read))
    }
    listeners.push(listener.tls === undefined ? listener : { ...listener, tls })
  }
  return { ...document, listeners }
}

async function entriesOf(
  entry: Entry,
  read: (path: string) => Promise<Uint8Array>,
): Promise<readonly unknown[]> {
  if (!Array.isArray(entry.certificate)) return [entry]
  const groups = new Map<string, Group>()
  const taken = new Set<string>()
  for (const pair of entry.certificate as readonly Pair[]) {
    const all = await namesOf(pair, read)
    const id = all.toSorted().join(' ')
    const known = groups.get(id)
    if (known !== undefined) {
      known.pairs.push(pair)
      continue
    }
    const names = all.filter((name) => !taken.has(name))
    for (const name of names) taken.add(name)
    groups.set(id, { names, pairs: [pair] })
  }
  const [first, ...others] = [...groups.values()]
  const certificateOf = ({ pairs }: Group): unknown => pairs.length === 1 ? pairs[0] : pairs
  return [
    { ...entry, certificate: certificateOf(first as Group) },
    ...others.filter(({ names }) => names.length > 0).map((group) => {
      return { ...entry, names: group.names, certificate: certificateOf(group) }
    }),
  ]
}

/** The DNS names of a certificate; none where it cannot be read, which is told elsewhere. */
async function namesOf(
  { cert }: Pair,
  read: (path: string) => Promise<Uint8Array>,
): Promise<readonly string[]> {
  try {
    const found = await readCertificates(await read(cert))
    return isPkiProblem(found) ? [] : (found[0]?.names.dns ?? []).map((name) => name.toLowerCase())
  } catch {
    return []
  }
}
