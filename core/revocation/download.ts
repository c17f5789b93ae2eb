import {
  createOcspRequest,
  type Crl,
  isPkiProblem,
  type OcspResponse,
  type OnlineRules,
  readCrls,
  readOcspResponse,
  type RevocationSource,
} from '../pki/mod.ts'
import { type FetchAnswer, type Fetcher, FetchFailure, type FetchTarget } from '../port/mod.ts'
import { mayAsk } from './addresses.ts'

/** What was got, and until when it holds. */
export interface Downloaded {
  readonly value: Crl | OcspResponse
  /** Epoch milliseconds; undefined: it does not say. */
  readonly until: number | undefined
  readonly bytes: number
}

/** By what means, and within which bounds. */
export interface DownloadOptions {
  readonly fetcher: Fetcher
  readonly rules: OnlineRules
  /** Milliseconds for an OCSP answer; CRLs may be long, and have longer. */
  readonly ocspTimeout: number
  readonly crlSize: number
}

const MAX_REDIRECTS = 3
const CRL_TIMEOUT_MS = 30_000
const OCSP_SIZE = 65_536
const NONCE_LENGTH = 32

/** Gets what stands at a source. Rejects with an error whose message says why there is nothing. */
export async function download(
  source: RevocationSource,
  options: DownloadOptions,
): Promise<Downloaded> {
  return source.kind === 'crl'
    ? await downloadCrl(source.url, options)
    : await downloadOcsp(source, options)
}

async function downloadCrl(
  url: string,
  { fetcher, rules, crlSize }: DownloadOptions,
): Promise<Downloaded> {
  const bounds = { timeoutMs: CRL_TIMEOUT_MS, maxBytes: crlSize, ...guard(rules) }
  let at = checked(url)
  for (let redirects = 0;; redirects++) {
    const answer = await fetcher.fetch({ url: at, body: undefined, ...bounds })
    if (answer.location === undefined || answer.status < 300 || answer.status > 399) {
      return await readCrl(expectOk(answer))
    }
    if (redirects === MAX_REDIRECTS) throw new FetchFailure(`more than ${MAX_REDIRECTS} redirects`)
    at = checked(answer.location, at)
  }
}

async function readCrl(body: Uint8Array): Promise<Downloaded> {
  const crls = await readCrls(body)
  if (isPkiProblem(crls)) throw new FetchFailure(crls.message)
  const [value] = crls as [Crl]
  const until = value.nextUpdate === undefined ? undefined : value.nextUpdate + 1000
  return { value, until, bytes: body.length }
}

async function downloadOcsp(
  { url, certificate, issuer }: RevocationSource & { readonly kind: 'ocsp' },
  { fetcher, rules, ocspTimeout }: DownloadOptions,
): Promise<Downloaded> {
  const nonce = rules.ocspNonce ? crypto.getRandomValues(new Uint8Array(NONCE_LENGTH)) : undefined
  const data = await createOcspRequest({ certificate, issuer, nonce })
  const answer = await fetcher.fetch({
    url: checked(url),
    body: { type: 'application/ocsp-request', data },
    timeoutMs: ocspTimeout,
    maxBytes: OCSP_SIZE,
    ...guard(rules),
  })
  const value = await readOcspResponse(expectOk(answer))
  if (isPkiProblem(value)) throw new FetchFailure(value.message)
  if (nonce !== undefined && value.nonce !== hex(nonce)) {
    throw new FetchFailure(value.nonce === undefined ? 'it repeats no nonce' : 'its nonce differs')
  }
  return { value, until: value.until, bytes: 0 }
}

function guard({ fetchFrom }: OnlineRules): Pick<FetchTarget, 'mayConnect'> {
  return { mayConnect: (ip) => mayAsk(ip, fetchFrom) }
}

function expectOk({ status, body }: FetchAnswer): Uint8Array {
  if (status !== 200) throw new FetchFailure(`it answered with status ${status}`)
  return body
}

/** A location that may be asked, absolute: of http alone and without user information. */
function checked(url: string, base?: string): string {
  let parsed: URL
  try {
    parsed = new URL(url, base)
  } catch {
    throw new FetchFailure('it is no URL')
  }
  const { protocol, username, password } = parsed
  if (protocol !== 'http:') throw new FetchFailure(`scheme ${protocol.slice(0, 20)} is not asked`)
  if (username !== '' || password !== '') throw new FetchFailure('its URL has user information')
  return parsed.href
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
