import {
  type Certificate,
  createTruststore,
  isPkiProblem,
  judge,
  keyFits,
  readCertificates,
  type Truststore,
} from '../../core/pki/mod.ts'
import { FileFailure } from '../../core/mod.ts'
import type { Host } from './host.ts'
import { AUTHORITY, issueFiles, makeAuthorityFiles, pathIn, subjectOf } from './pki-files.ts'

const DAY_MS = 86_400_000
/** Certificates that expire sooner are made anew. */
const RENEW_DAYS = 30

/** A certificate of the try-out PKI. */
interface Wanted {
  readonly base: string
  readonly purpose: 'server' | 'client'
  readonly names: readonly string[]
}

/** The client that is subscribed, and the one that is not. */
export const SUBSCRIBER = 'acme'
export const STRANGER = 'stranger'
export const SERVER = 'localhost'

const WANTED: readonly Wanted[] = [
  { base: SERVER, purpose: 'server', names: [SERVER, '127.0.0.1', '::1', 'test.com'] },
  { base: SUBSCRIBER, purpose: 'client', names: [] },
  { base: STRANGER, purpose: 'client', names: [] },
]

/**
 * Makes what is missing of the try-out PKI in a folder, and makes anew what is about to expire.
 * Returns what was done, a sentence each. Throws WrongUse where the folder cannot be used.
 */
export async function keepTryOutPki(host: Host, folder: string): Promise<string[]> {
  const now = host.clock.now()
  const notes: string[] = []
  let authority = await readPair(host, folder, AUTHORITY)
  if (authority === undefined || authority.notAfter <= now) {
    const was = authority === undefined ? '' : ' anew, since the old one has expired'
    await makeAuthorityFiles(host, { folder, force: true }, { subject: 'CN=Try-out CA' })
    notes.push(`Made a CA${was}: ${pathIn(host, folder, `${AUTHORITY}.crt`)}`)
    authority = await readPair(host, folder, AUTHORITY)
  } else if (authority.notAfter < now + RENEW_DAYS * DAY_MS) {
    const days = Math.floor((authority.notAfter - now) / DAY_MS)
    notes.push(`The CA expires in ${days} days; remove ${folder} to have everything made anew`)
  }
  const truststore = await trusting(authority)
  for (const wanted of WANTED) {
    const state = await stateOf(host, folder, { wanted, truststore, now })
    if (state === 'good') continue
    const { base, purpose, names } = wanted
    const request = { subject: subjectOf(base), purpose, names }
    await issueFiles(host, { folder, force: true }, { authority: folder, base, request })
    const why = state === 'missing' ? 'Made' : `Renewed, for it ${state},`
    notes.push(`${why} ${purpose} certificate "${base}": ${pathIn(host, folder, `${base}.crt`)}`)
  }
  return notes
}

/** A certificate that is there with its key. */
async function readPair(
  host: Host,
  folder: string,
  base: string,
): Promise<Certificate | undefined> {
  try {
    const cert = await host.files.read(pathIn(host, folder, `${base}.crt`))
    const key = await host.files.read(pathIn(host, folder, `${base}.key`))
    const read = await readCertificates(cert)
    const certificate = isPkiProblem(read) ? undefined : read[0]
    if (certificate === undefined) return undefined
    return await keyFits(certificate, new TextDecoder().decode(key)) ? certificate : undefined
  } catch (error) {
    if (error instanceof FileFailure) return undefined
    throw error
  }
}

async function trusting(authority: Certificate | undefined): Promise<Truststore> {
  return await createTruststore({ anchors: authority === undefined ? [] : [authority] })
}

type State = 'good' | 'missing' | 'expires soon' | 'is not of this CA'

async function stateOf(
  host: Host,
  folder: string,
  { wanted: { base, purpose }, truststore, now }: {
    readonly wanted: Wanted
    readonly truststore: Truststore
    readonly now: number
  },
): Promise<State> {
  const certificate = await readPair(host, folder, base)
  if (certificate === undefined) return 'missing'
  if (certificate.notAfter < now + RENEW_DAYS * DAY_MS) {
    // A CA that is about to expire issues nothing that lasts longer.
    const end = truststore.anchors[0]?.notAfter ?? 0
    if (certificate.notAfter <= now || certificate.notAfter < end) return 'expires soon'
  }
  const presentation = { chain: [certificate.der], purpose, depth: 0 }
  return (await judge(presentation, truststore, now)).ok ? 'good' : 'is not of this CA'
}
