import type { ClientCertificate, ClientPolicy, Peer } from '../decide/mod.ts'
import { isVerdictCurrent } from '../decide/mod.ts'
import { certificateFromHeader } from '../pki/mod.ts'
import type { Verdict, Verdicts } from '../pki/mod.ts'
import type { HeaderList } from '../wire/mod.ts'

/** Header values that are kept with what they were found to be. */
const KEPT_HEADERS = 1000

/** Where in a request a trusted proxy put the certificate, and what it is held against. */
export interface HeaderQuestion {
  /** Lower case. */
  readonly name: string
  readonly policy: ClientPolicy | undefined
  readonly bare: Peer
  readonly now: number
}

/** Turns what was presented into a certificate with its verdict. */
export class Identifier {
  readonly #verdicts: Verdicts
  readonly #headers = new Map<string, ClientCertificate>()

  constructor(verdicts: Verdicts) {
    this.#verdicts = verdicts
  }

  /** From a handshake. Undefined where nothing was presented or nothing was asked for. */
  async fromChain(
    chain: readonly Uint8Array[],
    policy: ClientPolicy | undefined,
    now: number,
  ): Promise<ClientCertificate | undefined> {
    const truststore = policy?.truststore
    if (truststore === undefined || policy === undefined || chain.length === 0) return undefined
    const presentation = { chain, purpose: 'client', depth: policy.depth } as const
    const verdict = await this.#verdicts.judge(presentation, truststore, now)
    return {
      fingerprint: verdict.certificate?.sha256 ?? '',
      verdict,
      truststore: truststore.id,
    }
  }

  /** From the header of a trusted proxy; at once where the same value was met before. */
  fromHeader(headers: HeaderList, question: HeaderQuestion): Peer | Promise<Peer> {
    const { name, policy, bare, now } = question
    const values = valuesOf(headers, name)
    const value = values.find((each) => each !== '')
    if (value === undefined || policy?.truststore === undefined) {
      return { ...bare, certificate: undefined }
    }
    const truststore = policy.truststore.id
    if (values.length > 1) {
      return { ...bare, certificate: unusable(truststore, `Header ${name} came more than once`) }
    }
    const known = this.#headers.get(value)
    if (known !== undefined && isVerdictCurrent(known, policy, now)) {
      return { ...bare, certificate: known }
    }
    const der = certificateFromHeader(value, name)
    if (der === undefined) {
      return { ...bare, certificate: unusable(truststore, `Header ${name} holds no certificate`) }
    }
    return this.fromChain([der], policy, now).then((certificate) => {
      if (certificate !== undefined) this.#keep(value, certificate)
      return { ...bare, certificate }
    })
  }

  #keep(value: string, certificate: ClientCertificate): void {
    if (this.#headers.size >= KEPT_HEADERS) this.#headers.clear()
    this.#headers.set(value, certificate)
  }
}

/**
 * An empty value is what proxies send for clients that showed no certificate: beside another it says that the other is
 * none of the proxy's.
 */
function valuesOf(headers: HeaderList, name: string): string[] {
  const values: string[] = []
  for (let i = 0; i < headers.length; i += 2) {
    const each = headers[i] as string
    const value = headers[i + 1] as string
    if (each.length === name.length && each.toLowerCase() === name) {
      values.push(value)
    }
  }
  return values
}

function unusable(truststore: string, detail: string): ClientCertificate {
  const verdict: Verdict = {
    ok: false,
    code: 'malformed',
    detail,
    certificate: undefined,
    path: [],
    validFrom: -Infinity,
    validUntil: Infinity,
  }
  return { fingerprint: '', verdict, truststore }
}
